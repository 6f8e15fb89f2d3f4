"""Who may take a seat at all, why others may not, and what everybody carries in that week.

Told by `tests/stories/test_places.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.types import Known
from scheduler.domain.fixes.saying import listed, said
from scheduler.domain.people import Person, Standing
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewSpec
from scheduler.domain.time import Span, at, zone
from scheduler.services.changing.posing import Posed
from scheduler.services.changing.words import Refusal
from scheduler.services.planning.buffers import counted
from scheduler.services.planning.sessions import session_id, solver_seats
from scheduler.storage.database import Tx

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Load:
    """Interviews of one ISO week, held and confirmed, of every loop, against the cap."""

    week: str
    interviews: int
    most: int


def fitting(posed: Posed, spec: InterviewSpec, number: int) -> tuple[list[str], list[str]]:
    """Who may take a seat, and who else is of its pools, both sorted."""
    sessions, session = posed.encoded.sessions, session_id(posed.draft.loop.id, spec.id)
    seats = next(s.seats for s in posed.encoded.problem.loops[0].sessions if s.id == session)
    kept = sessions.kept[session]
    able = sorted(seats[kept.index(number)].pool) if number in kept else []
    seat, pools = solver_seats(spec)[number], posed.draft.ground.pools
    members = {p for pool in seat.pools if pool in pools for p in pools[pool].members}
    people = posed.draft.ground.people
    return able, sorted(p for p in members - set(able) if p in people)


def unfit(posed: Posed, spec: InterviewSpec, number: int, person: str) -> Refusal:
    """Why somebody of a seat's pools may not take it, whatever the time."""
    kind, code, text, fix, things = _unfit(posed, spec, number, posed.draft.ground.people[person])
    name = posed.draft.ground.name(person)
    what = said(f"unfit.{code}", title=spec.title, who=name, things=listed(things, "or"))
    told = said("refused", where=said("untimed", title=spec.title), what=what)
    return Refusal(kind, spec.id, (person,), f"{spec.title}: {name} {text}", fix, told)


_Unfit = tuple[str, str, str, str, list[str]]
"""The rule, the code of the sentence, the sentence, what would help, and what the sentence lists."""


def _unfit(posed: Posed, spec: InterviewSpec, number: int, person: Person) -> _Unfit:
    other, ground, seat = "choose somebody else", posed.draft.ground, solver_seats(spec)[number]
    if not person.active:
        return "left", "left", "is no longer with the company", other, []
    if (person.id, spec.id) in ground.loop.declined:
        return "declined", "declined", "has declined it", other, []
    held = posed.draft.loop.lock_of(spec.id)
    if held is not None and held.of_seat(number):
        return "locked", "locked", "cannot have it: the seat is locked", "unlock it", []
    standings = {ground.pools[p].members.get(person.id) for p in seat.pools if p in ground.pools}
    if Standing.QUALIFIED not in standings:
        text, fix = "is not qualified in its pool yet", "let them shadow, or change their standing"
        return "seats", "standing", text, fix, []
    missing = sorted(seat.skills - person.skills)
    if missing:
        return "seats", "skills", f"lacks {', '.join(missing)}", other, missing
    if seat.levels and person.level not in seat.levels:
        levels = sorted(seat.levels)
        return "seats", "level", f"is not of the level {' or '.join(levels)}", other, levels
    if not isinstance(posed.picture.availability.get(Subject.person(person.id)), Known):
        text = "cannot be asked: the calendar cannot be read"
        return "unknown_calendar", "unknown_calendar", text, "have it made readable", []
    text = "does not work at the place of the interview"
    return "seats", "place", text, "add a seat for them by name", []


def loads(tx: Tx, posed: Posed, when: Span, people: Sequence[str]) -> dict[str, Load]:
    """What these people carry in the week of a time, each by their own clock."""
    known = posed.draft.ground.people
    around = Span(when.start - 2 * _WEEK, when.end + 2 * _WEEK)
    found = dict.fromkeys(people, 0)
    weeks = {p: _week(known[p], when.start) for p in people}
    for interview in tx.interviews.of_people(people, around) if people else ():
        for person in {s.person for s in interview.seats} & found.keys():
            span = weeks[person]
            inside = span.start <= interview.span.start < span.end
            found[person] += inside and counted(interview, person)
    return {p: Load(_label(known[p], when.start), n, known[p].max_week) for p, n in found.items()}


def _week(person: Person, instant: datetime) -> Span:
    tz = zone(person.zone)
    day = instant.astimezone(tz).date()
    monday = day - timedelta(days=day.weekday())
    midnight = datetime.min.time()
    return Span(at(monday, midnight, tz), at(monday + _WEEK, midnight, tz))


def _label(person: Person, instant: datetime) -> str:
    year, week, _ = instant.astimezone(zone(person.zone)).isocalendar()
    return f"{year}-W{week:02}"
