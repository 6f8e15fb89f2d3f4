"""The load of people by week, from what is held and booked and from what happened: no calendar is read.

Told by `tests/scheduler/api/test_load.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.load import PersonWeek, Spread, gini
from scheduler.domain.people import Person, Site
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, at, merged, without, zone
from scheduler.services.planning.buffers import counted
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.worktime import working
from scheduler.storage.database import Tx

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_GONE = (SeatState.REPLACED, SeatState.DECLINED)
_MACHINES = ("system", "policy")
DECLINED, REPLACED = "seat_declined", "seat_replaced"


@dataclass(slots=True)
class _Counts:
    """What is counted of one person in one week."""

    states: Counter[InterviewState] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    minutes: int = 0
    deeds: Counter[str] = field(default_factory=Counter)


_Found = Mapping[str, Mapping[date, _Counts]]
"""By person and the Monday of the week."""


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weeks(
    tx: Tx, people: Sequence[Person], shown: Collection[str], first: date, last: date
) -> tuple[list[PersonWeek], Spread]:
    """The weeks from that of ``first`` to that of ``last`` of those of the people who are ``shown``, and how evenly all of
    them share what lies in these weeks."""
    rows, spreads = board(tx, people, shown, {"": [p.id for p in people]}, first, last)
    return rows, spreads[""]


def board(
    tx: Tx,
    people: Sequence[Person],
    shown: Collection[str],
    groups: Mapping[str, Collection[str]],
    first: date,
    last: date,
) -> tuple[list[PersonWeek], dict[str, Spread]]:
    """The same, and how evenly each of several groups of these people shares what lies in the weeks: everything is read
    once."""
    first, last = monday(first), monday(last)
    found = _found(tx, people, first, last)
    mondays = [first + n * _WEEK for n in range((last - first) // _WEEK + 1)]
    rows = _rows(tx, [p for p in people if p.id in shown], found, mondays)
    return rows, {
        name: _spread({id: found[id] for id in sorted(ids) if id in found}, mondays)
        for name, ids in groups.items()
    }


def _found(tx: Tx, people: Sequence[Person], first: date, last: date) -> _Found:
    zones = {p.id: zone(p.zone) for p in people}
    around = Span(
        *(datetime.fromisoformat(f"{day}T00:00+00:00") for day in (first - _DAY, last + _WEEK + _DAY))
    )
    found: dict[str, dict[date, _Counts]] = {p.id: defaultdict(_Counts) for p in people}
    for interview in tx.interviews.between(around):
        for id in {s.person for s in interview.seats if s.state not in _GONE} & found.keys():
            day = interview.span.start.astimezone(zones[id]).date()
            _count(found[id][monday(day)], interview, id, day)
    for what in (DECLINED, REPLACED):
        for fact, who in tx.found_facts.with_movers(what, around):
            id = str(fact.data.get("person", ""))
            follows = str(fact.data.get("interview", "")).rpartition(":")[2] == DEBRIEF
            if id in found and not (what == REPLACED and follows):
                counts = found[id][monday(fact.at.astimezone(zones[id]).date())]
                counts.deeds[_deed(what, who)] += 1
    return found


def _count(counts: _Counts, interview: Interview, person: str, day: date) -> None:
    counts.minutes += interview.span.minutes
    if counted(interview, person):
        counts.states[interview.state] += 1
        counts.days[day] += 1


def _deed(what: str, actor: str) -> str:
    if what == DECLINED:
        return "declined"
    return "machine" if actor.partition(":")[0] in _MACHINES else "hand"


def _rows(tx: Tx, people: Sequence[Person], found: _Found, mondays: Sequence[date]) -> list[PersonWeek]:
    sites = {s.id: s for s in tx.sites.list(active=False)}
    span = Span(
        *(
            at(day, datetime.min.time(), zone("UTC"))
            for day in (mondays[0] - _DAY, mondays[-1] + _WEEK + _DAY)
        )
    )
    taken: dict[Subject, list[Span]] = defaultdict(list)
    for row in tx.reservations.of_subjects([Subject.person(p.id) for p in people], span) if people else ():
        taken[row.subject].append(row.span)
    return [
        _row(person, day, found[person.id].get(day) or _Counts(), _open(person, sites, day, taken))
        for person in people
        for day in mondays
    ]


def _row(person: Person, day: date, counts: _Counts, open_minutes: int) -> PersonWeek:
    year, week, _ = day.isocalendar()
    return PersonWeek(
        person=person.id,
        week=f"{year}-W{week:02}",
        interviews=counts.states.total(),
        held=counts.states[InterviewState.HELD],
        confirmed=counts.states[InterviewState.CONFIRMED],
        minutes=counts.minutes,
        fullest_day=max(counts.days.values(), default=0),
        cap_week=person.max_week,
        cap_day=person.max_day,
        declines=counts.deeds["declined"],
        swapped_by_hand=counts.deeds["hand"],
        swapped_by_machine=counts.deeds["machine"],
        open_minutes=open_minutes,
    )


def _open(
    person: Person, sites: Mapping[str, Site], day: date, taken: Mapping[Subject, Iterable[Span]]
) -> int:
    tz = zone(person.zone)
    days = [day + n * _DAY for n in range(8)]
    week = Span(at(days[0], datetime.min.time(), tz), at(days[7], datetime.min.time(), tz))
    lunches = (
        [Span(at(d, person.lunch[0], tz), at(d, person.lunch[1], tz)) for d in days] if person.lunch else []
    )
    blocks = [*lunches, *taken.get(Subject.person(person.id), ())]
    left = without(merged(working(person, sites.get(person.site), week)), blocks)
    return sum(s.minutes for s in left)


def _spread(found: _Found, mondays: Collection[date]) -> Spread:
    inside = [[counts for day, counts in mine.items() if day in mondays] for mine in found.values()]
    return Spread(
        people=len(found),
        interviews=gini([sum(c.states.total() for c in mine) for mine in inside]),
        minutes=gini([sum(c.minutes for c in mine) for mine in inside]),
    )
