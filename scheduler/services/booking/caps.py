"""Caps counted again as time is taken: others may have been booked since the plan was made.

Counted is what the plan counts: interviews that start in a local day or ISO week of the person, of every
loop, held and confirmed; lunches, presentations, debriefs and companions are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from scheduler.domain.bookings import Interview, InterviewState, Reservation
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, zone
from scheduler.services.planning.buffers import counted
from scheduler.services.planning.fixes.exempt import with_caps
from scheduler.services.planning.picture import held_interviews
from scheduler.storage.database import Tx

WEEK = timedelta(days=7)
"""Beyond this around an interview nothing counts with it."""
_Period = tuple[str, str]


def over(
    tx: Tx,
    loop_id: str,
    new: Collection[Interview],
    old: Iterable[Interview],
    known: Mapping[str, Person] | None = None,
    near: Iterable[Reservation] | None = None,
) -> list[str]:
    """The ids of people to whom ``new`` gives more than ``old`` did, and more than their cap allows; ``known`` are
    those of ``new``, and ``near`` what other loops take of them in `WEEK` around, where this transaction has read it.

    To be asked once their time is taken, in the same transaction: then nobody else is just taking it.
    """
    ids = {p for i in new for p in _people(i)}
    people = {
        p.id: p for p in (known.values() if known else tx.people.list(ids, active=False)) if p.id in ids
    }
    if not people:
        return []
    if near is None:
        around = Span(min(i.span.start for i in new) - WEEK, max(i.span.end for i in new) + WEEK)
        near = tx.reservations.of_subjects([Subject.person(p) for p in ids], around, except_loop=loop_id)
    others = held_interviews(tx, near)
    found = _full(people, new, old, others)
    if not found:
        return []
    # only now is it asked what this loop was let off: most never are
    return _full(with_caps(people, tx.exemptions.of_loop(loop_id)), new, old, others)


def _full(
    people: Mapping[str, Person],
    new: Collection[Interview],
    old: Iterable[Interview],
    others: Mapping[str, Iterable[Interview]],
) -> list[str]:
    found = []
    for person in people.values():
        mine, before = _count(person, new), _count(person, old)
        there = Counter(k for i in others.get(person.id, ()) for k in _periods(person, i))
        caps = {"day": person.max_day, "week": person.max_week}
        if any(n > before[k] and n + there[k] > caps[k[0]] for k, n in mine.items()):
            found.append(person.id)
    return sorted(found)


def _people(interview: Interview) -> list[str]:
    """Whose caps an interview counts in."""
    if interview.state is InterviewState.CANCELLED:
        return []
    return [s.person for s in interview.seats if counted(interview, s.person)]


def _count(person: Person, interviews: Iterable[Interview]) -> Counter[_Period]:
    return Counter(k for i in interviews if person.id in _people(i) for k in _periods(person, i))


def _periods(person: Person, interview: Interview) -> tuple[_Period, _Period]:
    """The local day and the ISO week in which it starts."""
    day = interview.span.start.astimezone(zone(person.zone)).date()
    year, week, _ = day.isocalendar()
    return ("day", day.isoformat()), ("week", f"{year}-{week}")
