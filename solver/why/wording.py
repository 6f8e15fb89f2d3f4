"""Gaps and changes in a recruiter's words. Ids become names through the caller's function."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from solver.why.changes import NeededChange
from solver.why.gaps import AvailabilityGap, Lack
from solver.why.groups import Kind

Name = Callable[[str], str]
When = Callable[[int, int], str]
"""Words for an interval of minutes, such as "Tue 10:00–10:45"."""


def listed(names: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    words = list(names)
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else "nobody"
    )


def several(people: tuple[str, ...], name: Name) -> str:
    """The people themselves, or their number when they are many."""
    return listed(map(name, people)) if len(people) <= MANY else f"the {len(people)} people who could"


def gap_sentence(gap: AvailabilityGap, name: Name) -> str:
    """One gap as a sentence."""
    session = name(gap.session) if gap.session is not None else ""
    people = several(gap.people, name)
    match gap.lack:
        case Lack.OFFER:
            return (
                f"No time that {name(gap.loop)} offers is long enough for {session} ({gap.wanted} minutes)."
            )
        case Lack.WINDOW:
            return f"{session} has fixed hours, and {name(gap.loop)} offers no time within them."
        case Lack.PIN:
            return f"{session} is pinned to a time that {name(gap.loop)} does not offer or that its hours exclude."
        case Lack.POOL:
            return f"{session} needs {gap.wanted} of {people}, and not as many may take part."
        case Lack.PEOPLE if len(gap.people) == 1:
            return f"{people} is never free for {session} when {name(gap.loop)} is."
        case Lack.PEOPLE:
            return f"{session} needs {gap.wanted} of {people}, who are never free when {name(gap.loop)} is."
        case Lack.SEATS:
            return f"The {gap.wanted} people for {session} are never free together when {name(gap.loop)} is."
        case Lack.DIFFERENT:
            sessions = listed(map(name, gap.sessions))
            return f"{sessions} need {gap.wanted} different people, and only {people} could take part."
        case Lack.ROOM:
            return f"No room at {name(gap.site or '')} suits {session} ({gap.wanted} people)."
        case Lack.ROOM_TIME:
            return f"No room for {gap.wanted} at {name(gap.site or '')} is free for {session} when {name(gap.loop)} is."
        case Lack.ROOM_AND_PEOPLE:
            return f"For {session}, a room and enough people are never free at the same time."
        case Lack.ATTENDANT:
            return f"{people} has no time for the debrief."
        case Lack.DEBRIEF:
            return f"{listed(map(name, gap.people))} have no time in common for the debrief."
        case Lack.DEADLINE:
            return (
                f"{listed(map(name, gap.people))} have no time for the debrief "
                f"within {_minutes(gap.wanted)} of business hours after the last interview."
            )
        case Lack.LENGTH:
            return f"It takes {_minutes(gap.wanted)} at a stretch or on a day, which is more than is allowed."
        case Lack.OFFERS:
            return f"The sessions take {_minutes(gap.wanted)}, and {name(gap.loop)} does not offer as much."
        case Lack.DAYS:
            return f"Sessions that belong on different days need {gap.wanted} days."
        case Lack.TOGETHER:
            return "Every part has times of its own, but not all at once." + _contradiction(gap, name)


def _contradiction(gap: AvailabilityGap, name: Name) -> str:
    """What any one change to would be enough, by kind; long lists of people as a number."""
    parts = []
    for kind in Kind:
        whose = sorted((group for group in gap.helps if group.kind is kind), key=lambda group: group.label)
        if len(whose) > MANY:
            noun = {Kind.PERSON: "people", Kind.LOOP: "candidates"}.get(kind, "sessions")
            parts.append(_GROUPS[kind].format(name=f"any of {len(whose)} {noun}"))
        elif whose:
            parts.append(
                _GROUPS[kind].format(name=listed((listed(map(name, one.names)) for one in whose), "or"))
            )
    return f" In the way, each by itself: {listed(parts)}." if parts else ""


MANY = 4
"""Beyond this many, people and sessions are counted instead of named."""


_GROUPS = {
    Kind.ROOMS: "the rooms at {name}",
    Kind.CAPS: "the caps of the interviewers",
    Kind.BUFFER: "the buffer between interviews",
    Kind.ORDER: "what {name} has to come after",
    Kind.GAP: "the time between {name}",
    Kind.BREAKS: "the least break",
    Kind.LONGEST_RUN: "the longest run without a break",
    Kind.DAY_MINUTES: "the minutes of interviews a day",
    Kind.SPAN: "the length of a day",
    Kind.SAME_DAY: "what has to be on one day",
    Kind.DIFFERENT_DAY: "what has to be on different days",
    Kind.DEBRIEF: "the debrief's deadline",
    Kind.PERSON: "the calendar of {name}",
    Kind.POOL: "who may do {name}",
    Kind.SAME_PEOPLE: "the same people in {name} as before",
    Kind.BARRED: "keeping out people of the earlier round",
    Kind.TRAVEL: "travel between sites",
    Kind.WINDOW: "the hours of {name}",
    Kind.LOCK: "what is pinned about {name}",
    Kind.DAYS: "the number of days",
    Kind.AVAILABILITY: "what {name} offers",
    Kind.LOOP: "the loop of {name}",
}


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} minutes"
    return f"{hours} h" if not rest else f"{hours} h {rest} min"


def change_sentence(change: NeededChange, name: Name, when: When | None) -> str:
    """One change as the end of "It would fit if …"."""
    limits = dict(change.limits)
    at = listed(when(start, end) for start, end in stretches(change.times)) if when and change.times else ""
    more = limits.get("people", 0)
    return _CHANGES[change.kind].format(
        loop=name(change.loop),
        first=name(change.sessions[0]) if change.sessions else "the debrief",
        rest=listed(name(session) for session in change.sessions[1:]),
        sessions=listed(map(name, change.sessions)),
        people=listed(map(name, change.people)),
        neighbours=listed(map(name, limits)) if change.kind is Kind.LOOP else "",
        site=name(change.site) if change.site is not None else "",
        at=f" {at}" if at else "",
        instead=f", but at {at}" if at else "",
        otherwise=at or "at another time",
        number=next(iter(limits.values()), 0),
        length=_minutes(next(iter(limits.values()), 0)),
        more="one more person" if more == 1 else f"{more} more people",
        caps=_caps(limits) if change.kind is Kind.CAPS else "",
    )


def stretches(times: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Intervals in order, those that touch or overlap as one: an hour of somebody's time is asked for once."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


_CHANGES = {
    Kind.ROOMS: "there were one more room for {number} at {site}, for {sessions}{at}",
    Kind.CAPS: "{people} could take {caps}",
    Kind.BUFFER: "{length} between two interviews of one person were enough",
    Kind.ORDER: "{first} need not come after {rest}",
    Kind.GAP: "the time between {rest} and {first} were not fixed",
    Kind.BREAKS: "breaks of {length} were enough",
    Kind.LONGEST_RUN: "{length} of interviews without a break were all right",
    Kind.DAY_MINUTES: "a day could have {length} of interviews",
    Kind.SPAN: "a day could last {length}",
    Kind.SAME_DAY: "{sessions} need not be on one day",
    Kind.DIFFERENT_DAY: "{sessions} could share a day",
    Kind.DEBRIEF: "the debrief could wait {length} of business hours after the last interview",
    Kind.PERSON: "{people} could make time{at}",
    Kind.POOL: "{more} could do {first}{at}",
    Kind.SAME_PEOPLE: "{first} could have other people than {rest}",
    Kind.BARRED: "{people} of the earlier round could take part again",
    Kind.TRAVEL: "nobody had to travel between sites",
    Kind.WINDOW: "{first} could also be {otherwise}",
    Kind.LOCK: "{first} were not pinned{instead}",
    Kind.DAYS: "{loop} came on {number} days",
    Kind.AVAILABILITY: "{loop} could also come {otherwise}",
    Kind.LOOP: "{neighbours} gave way",
}


def _caps(limits: dict[str, int]) -> str:
    """``3 interviews a day and 7 h of interviews a week``."""
    words = []
    for cap, value in limits.items():
        amount = f"{_minutes(value)} of interviews" if cap.endswith("minutes") else f"{value} interviews"
        words.append(f"{amount} a {'day' if 'day' in cap else 'week'}")
    return listed(words)
