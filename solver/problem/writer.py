"""Problems and answers written as JSON documents (`docs/instance-format.md`).

Told by `tests/solver/test_codec.py`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from solver.problem.plan import Assignment, Plan, Result
from solver.problem.values import FIRST, Debrief, Loop, Person, Problem, Room, Seat, Session, Weights


class _Newer:
    """Collects the fields that only ``loopbench/2`` has, and whether there were any."""

    def __init__(self) -> None:
        self.used = False

    def __call__(self, **fields: Any) -> dict[str, Any]:
        """Those of ``fields`` that say something."""
        given = {name: value for name, value in fields.items() if value not in (None, False, 0, [], {})}
        self.used = self.used or bool(given)
        return given


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A problem as a document: ``loopbench/1`` unless it uses a field of ``loopbench/2``."""
    new = _Newer()
    document = {
        "format": "",
        "name": problem.name,
        "family": problem.family,
        "seed": problem.seed,
        "grid": problem.grid,
        "epoch": problem.epoch,
        "horizon": problem.horizon,
        "buffer": problem.buffer,
        "weights": _weights(problem.weights, new),
        "calendars": {site: _pairs(hours) for site, hours in problem.calendars.items()},
        "day_bounds": {tz: _pairs(days) for tz, days in problem.day_bounds.items()},
        "week_bounds": {tz: _pairs(weeks) for tz, weeks in problem.week_bounds.items()},
        "people": [_person(person, new) for person in problem.people],
        "rooms": [_room(room, new) for room in problem.rooms],
        "loops": [_loop(loop, new) for loop in problem.loops],
    } | new(travel=[list(way) for way in problem.travel])
    document["format"] = "loopbench/2" if new.used else "loopbench/1"
    return document


def _pairs(intervals: tuple[tuple[int, int], ...]) -> list[list[int]]:
    return [[start, end] for start, end in intervals]


def _weights(weights: Weights, new: _Newer) -> dict[str, Any]:
    first: dict[str, int] = {}
    newer: dict[str, int] = {}
    for weight in fields(weights):
        (first if weight.metadata == FIRST else newer)[weight.name] = getattr(weights, weight.name)
    return first | new(**newer)


def _person(person: Person, new: _Newer) -> dict[str, Any]:
    return (
        {
            "id": person.id,
            "site": person.site,
            "tz": person.tz,
            "skills": sorted(person.skills),
            "work": _pairs(person.work),
            "busy": [[block.start, block.end, block.kind.value] for block in person.busy],
            "max_day": person.max_day,
            "max_week": person.max_week,
            "prior": person.prior,
        }
        | new(
            held=_pairs(person.held),
        )
        | _caps(new, max_day_minutes=person.max_day_minutes, max_week_minutes=person.max_week_minutes)
    )


def _caps(new: _Newer, **caps: int | None) -> dict[str, Any]:
    """Fields of ``loopbench/2`` in which zero says something."""
    given = {name: cap for name, cap in caps.items() if cap is not None}
    new.used = new.used or bool(given)
    return given


def _room(room: Room, new: _Newer) -> dict[str, Any]:
    return {
        "id": room.id,
        "site": room.site,
        "cap": room.cap,
        "busy": _pairs(room.busy),
    } | new(features=sorted(room.features))


def _loop(loop: Loop, new: _Newer) -> dict[str, Any]:
    return (
        {
            "id": loop.id,
            "site": loop.site,
            "tz": loop.tz,
            "availability": _pairs(loop.availability),
            "recruiter": loop.recruiter,
            "hm": loop.hm,
            "days": _pairs(loop.days),
            "max_days": loop.max_days,
            "max_span": loop.max_span,
            "min_break": loop.min_break,
            "preferred": _pairs(loop.preferred),
            "priority": loop.priority,
            "sessions": [_session(session, new) for session in loop.sessions],
            "debrief": None if loop.debrief is None else _debrief(loop.debrief, new),
        }
        | new(
            gaps=[
                {"first": gap.first, "then": gap.then, "least": gap.least, "greatest": gap.greatest}
                for gap in loop.gaps
            ],
            same_day=[list(group) for group in loop.same_day],
            different_day=[list(group) for group in loop.different_day],
            longest_run=_longest_run(loop),
            barred=sorted(loop.barred),
        )
        | _caps(new, max_day_minutes=loop.max_day_minutes)
    )


def _longest_run(loop: Loop) -> dict[str, Any] | None:
    limit = loop.longest_run
    return None if limit is None else {"minutes": limit.minutes, "rest": limit.rest, "hard": limit.hard}


def _debrief(debrief: Debrief, new: _Newer) -> dict[str, Any]:
    return (
        {"dur": debrief.dur, "within": debrief.within, "attend": list(debrief.attend)}
        | new(least=debrief.least, calendar=debrief.calendar)
        | _caps(new, lock=debrief.lock, previous=debrief.previous)
    )


def _session(session: Session, new: _Newer) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": session.id,
        "kind": session.kind.value,
        "dur": session.dur,
        "seats": [_seat(seat, new) for seat in session.seats],
        "room": session.room,
        "after": list(session.after),
    }
    if session.shadow is not None:
        document["shadow"] = {"pool": list(session.shadow.pool)} | new(rank=dict(session.shadow.rank))
    if session.window:
        document["window"] = _pairs(session.window)
    lock = (
        {}
        if session.lock is None
        else {
            "start": session.lock.start,
            "people": None if session.lock.people is None else [list(seat) for seat in session.lock.people],
            "room": session.lock.room,
        }
    )
    if any(value is not None for value in lock.values()):
        document["lock"] = {name: value for name, value in lock.items() if value is not None}
    return document | new(
        site=session.site,
        features=sorted(session.features),
        same_people_as=session.same_people_as,
        previous=None if session.previous is None else _assignment(session.previous),
    )


def _seat(seat: Seat, new: _Newer) -> dict[str, Any]:
    return {
        "skill": seat.skill,
        "n": seat.n,
        "pool": list(seat.pool),
        "rank": dict(seat.rank),
    } | new(optional=seat.optional)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as the ``loops`` of an answer."""
    return {
        "loops": {
            name: None
            if got is None
            else {
                "sessions": {session: _assignment(at) for session, at in got.sessions.items()},
                "debrief": None if got.debrief is None else {"start": got.debrief},
            }
            for name, got in plan.loops.items()
        }
    }


def result_to_json(result: Result, *, detail: bool = False) -> dict[str, Any]:
    """An answer; with ``detail`` also the share of every priced rule and whether time cut it short."""
    document = plan_to_json(result.plan) | {
        "status": result.status.value,
        "cost": result.cost,
        "bound": result.bound,
        "solve_s": result.seconds,
    }
    if detail:
        document |= {"price": dict(result.price), "cut": result.cut, "limit": result.limit}
    return document


def _assignment(got: Assignment) -> dict[str, Any]:
    people = [list(seat) for seat in got.people]
    return {"start": got.start, "people": people, "shadow": got.shadow, "room": got.room}
