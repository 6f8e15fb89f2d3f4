"""Tiny problems and plans, written down in one line each.

Everything not said is permissive: people work every day from 8 to 18 and have no caps that bite,
weights are zero, there is a room for everybody. Everybody named in a pool exists.

    problem(loop(session("s", "ann bob", dur=60)))      one loop, one interview, one of two people
    plan(L=placed(s=got(at(0, 9), "ann", room="R")))    it is on day 0 at 9:00
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from solver.problem.plan import Assignment, LoopPlan, Plan
from solver.problem.values import (
    Busy,
    BusyKind,
    Debrief,
    Interval,
    Lock,
    Loop,
    Person,
    Problem,
    Room,
    Seat,
    Session,
    SessionKind,
    Shadow,
    Weights,
)
from solver.rules.check import violations

DAY = 1440
DAYS = 7
SITE = "here"
TZ = "Etc/UTC"
ZERO = dict.fromkeys(Weights.__dataclass_fields__, 0)


def at(day: int, hour: int, minute: int = 0) -> int:
    """Minutes after the epoch: ``at(1, 9, 30)`` is 9:30 on the second day."""
    return day * DAY + hour * 60 + minute


def hours(first: int, last: int, days: Iterable[int] = range(DAYS)) -> tuple[Interval, ...]:
    """The same hours on several days."""
    return tuple((at(day, first), at(day, last)) for day in days)


def weights(**given: int) -> Weights:
    """Only these weights; all others are zero."""
    return Weights(**{**ZERO, **given})


def busy(start: int, end: int, kind: str = "hard") -> Busy:
    return Busy(start, end, BusyKind(kind))


def person(name: str, **given: Any) -> Person:
    """Somebody who works from 8 to 18 every day, with nothing in the calendar."""
    defaults: dict[str, Any] = {
        "site": SITE,
        "tz": TZ,
        "work": hours(8, 18),
        "busy": (),
        "max_day": 99,
        "max_week": 99,
        "prior": 0,
    }
    return Person(id=name, **{**defaults, **given})


def room(name: str = "R", cap: int = 9, **given: Any) -> Room:
    return Room(id=name, **{"site": SITE, "cap": cap, "busy": (), **given})


def seat(pool: str, n: int = 1, **given: Any) -> Seat:
    """``seat("ann bob")``: one of the two."""
    return Seat(n=n, pool=tuple(pool.split()), **given)


def session(name: str, *seats: str | Seat, **given: Any) -> Session:
    """An interview of an hour without a room; a text is a seat for one out of these people."""
    shadow, window = given.pop("shadow", None), given.pop("window", ())
    if isinstance(shadow, str):
        shadow = Shadow(tuple(shadow.split()))
    defaults: dict[str, Any] = {"kind": SessionKind.INTERVIEW, "dur": 60, "room": False}
    return Session(
        id=name,
        seats=tuple(seat(one) if isinstance(one, str) else one for one in seats),
        shadow=shadow,
        window=window,
        **{**defaults, **given},
    )


def lunch(name: str, *seats: str | Seat, **given: Any) -> Session:
    return session(name, *seats, kind=SessionKind.LUNCH, **given)


def debrief(attend: str = "", dur: int = 30, within: int = 1440, **given: Any) -> Debrief:
    return Debrief(dur=dur, within=within, attend=tuple(attend.split()), **given)


def loop(*sessions: Session, name: str = "L", **given: Any) -> Loop:
    """A candidate who is available from 8 to 18 every day and may come on any number of them."""
    defaults: dict[str, Any] = {
        "site": SITE,
        "tz": TZ,
        "availability": hours(8, 18),
        "days": tuple((at(day, 0), at(day + 1, 0)) for day in range(DAYS)),
        "max_days": DAYS,
        "max_span": DAY,
        "min_break": 0,
        "preferred": hours(0, 24),
        "priority": 1,
        "debrief": None,
    }
    return Loop(id=name, sessions=sessions, **{**defaults, **given})


def problem(
    *loops: Loop, people: Iterable[Person] = (), rooms: Iterable[Room] | None = None, **given: Any
) -> Problem:
    """A week of problem; people who are named but not given exist with the defaults of `person`."""
    known = {one.id: one for one in people}
    for name in _named(loops):
        known.setdefault(name, person(name))
    defaults: dict[str, Any] = {
        "name": "tiny",
        "grid": 15,
        "epoch": "2026-06-01T00:00:00Z",
        "horizon": DAYS * DAY,
        "buffer": 0,
        "weights": weights(),
        "calendars": {SITE: hours(9, 17)},
        "day_bounds": {TZ: tuple((at(day, 0), at(day + 1, 0)) for day in range(DAYS))},
        "week_bounds": {TZ: ((0, 5 * DAY), (5 * DAY, DAYS * DAY))},
    }
    places = (room(),) if rooms is None else tuple(rooms)
    return Problem(people=tuple(known.values()), rooms=places, loops=loops, **{**defaults, **given})


def _named(loops: Iterable[Loop]) -> dict[str, None]:
    """Everybody in a pool, a debrief or a bar, in order of appearance."""
    names: dict[str, None] = {}
    for one in loops:
        for meeting in one.sessions:
            for place in meeting.seats:
                names.update(dict.fromkeys(place.pool))
            names.update(dict.fromkeys(() if meeting.shadow is None else meeting.shadow.pool))
        names.update(dict.fromkeys(() if one.debrief is None else one.debrief.attend))
        names.update(dict.fromkeys(sorted(one.barred)))
    return names


def lock(start: int | None = None, *people: str, room: str | None = None) -> Lock:
    """``lock(540)`` pins the time, ``lock(None, "ann", "")`` pins two seats, the second empty."""
    return Lock(start, tuple(tuple(names.split()) for names in people) if people else None, room)


def got(start: int, *people: str, shadow: str | None = None, room: str | None = None) -> Assignment:
    """One text per seat: ``got(540, "ann bob", "cy")``."""
    return Assignment(start, tuple(tuple(names.split()) for names in people), shadow, room)


def placed(debrief: int | None = None, **sessions: Assignment) -> LoopPlan:
    return LoopPlan(sessions, debrief)


def plan(**loops: LoopPlan | None) -> Plan:
    return Plan(loops)


def broken(it: Problem, answer: Plan) -> list[tuple[str, str]]:
    """Rule and place of everything that is broken."""
    return [(fault.rule, fault.where) for fault in violations(it, answer)]
