"""What can be done about a matter.

Told by `tests/scheduler/services/attention/test_ways.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.domain.attention.matters import Do, Kind, Matter, Way
from scheduler.domain.subjects import Subject
from scheduler.storage.repositories.attention.found import About


def ways(matter: Matter, loop: About | None) -> tuple[Way, ...]:
    """The likeliest first."""
    thing = matter.id.partition(":")[2]
    match matter.kind:
        case Kind.HOOK:
            return (Way(Do.ENABLE, thing, "Send to it again, what waited included"),)
        case Kind.DELIVERY:
            return (Way(Do.DELIVER_AGAIN, thing, "Work on the message once more"),)
        case Kind.HANGING | Kind.FAILED:
            return (Way(Do.READY, "", "See what every worker says of its jobs"),)
        case Kind.ADVANCE:
            connection = matter.subject.partition(":")[2]
            missing = Way(Do.MATCHES, connection, "See who or what has no match, and set it")
            return (missing, Way(Do.RETRY, thing, "Look at the advance once more"))
        case Kind.CONNECTION:
            return (Way(Do.READ_AGAIN, thing, "Ask the hiring system once more"),)
        case Kind.SHOWN:
            connection = matter.subject.partition(":")[2]
            return (
                Way(Do.READ_AGAIN, connection, "Ask the hiring system once more, and have it show the loop"),
            )
        case Kind.LATE:
            return (Way(Do.WORK_AGAIN, thing, "Work on the message now"),)
        case Kind.REVOKED | Kind.UNREADABLE:
            whose = Do.PERSON if matter.people else Do.ROOM
            told = Way(whose, Subject.parse(thing).id, "See whose calendar it is, and ask them to share it")
            look = Way(Do.LOOK, matter.loop, "Look at the loop that it endangers")
            return (look, told) if matter.loop else (told,)
        case Kind.MAIL:
            return (Way(Do.SEND_AGAIN, matter.loop, "Send again what could not be sent"), _look(matter))
        case Kind.INVITATION:
            return (Way(Do.REMIND, matter.loop, "Remind those who have not answered"), _look(matter))
        case Kind.CANDIDATE:
            asked = Way(Do.REMIND, matter.loop, "Remind the candidate")
            return (asked, Way(Do.CHANGE, matter.loop, "Enter the candidate's times"), _cancel(matter))
        case Kind.REPAIR:
            offered = [Way(Do.CHOOSE, id, "Say yes to the repair that is offered") for id in _offered(loop)]
            return (*offered, Way(Do.REPAIR, matter.loop, "Look for another repair"), _cancel(matter))
        case Kind.INFEASIBLE:
            again = Way(Do.REPLAN, matter.loop, "Read the calendars again and plan anew")
            change = Way(Do.CHANGE, matter.loop, "Give other times, or leave steps out")
            return (*_fixes(matter, loop), again, change, _cancel(matter))
        case Kind.LOOP if matter.interview:
            move = Way(Do.ACCEPT_MOVE, matter.loop, "Accept where the events were moved")
            return (
                *_fixes(matter, loop),
                Way(Do.REPAIR, matter.loop, "Look for a repair"),
                move,
                _cancel(matter),
            )
        case Kind.LOOP:
            again = Way(Do.REPLAN, matter.loop, "Read the calendars again and plan anew")
            return (again, Way(Do.CHANGE, matter.loop, "Complete or change the loop"), _cancel(matter))
        case Kind.DECISION:
            application = matter.subject.partition(":")[2]
            return (Way(Do.DECIDE, application, "Decide: go on, or end it here"), _look(matter))
        case Kind.LEFT:
            return (_cancel(matter), _look(matter))
        case Kind.STUCK:
            return (_look(matter),)


def _fixes(matter: Matter, loop: About | None) -> Iterator[Way]:
    for id, text in loop.fixes if loop is not None else ():
        yield Way(Do.FIX, matter.loop, text, id)


def _offered(loop: About | None) -> tuple[str, ...]:
    return loop.offered if loop is not None else ()


def _look(matter: Matter) -> Way:
    return Way(Do.LOOK, matter.loop, "Look at the loop")


def _cancel(matter: Matter) -> Way:
    return Way(Do.CANCEL, matter.loop, "Cancel the loop")
