"""Problems and answers as JSON documents, to the letter of `docs/instance-format.md`.

Reading is strict: a document that is not one is refused with the path of the field and what to
change (`ProblemError`), an unknown field with the nearest known name. Writing uses
``loopbench/1`` whenever the problem needs nothing newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Final

from solver.problem.errors import ProblemError
from solver.problem.plan import Assignment, LoopPlan, Plan, Result, Status
from solver.problem.reader import (
    Fields,
    boolean,
    choice,
    each,
    integer,
    intervals,
    optional,
    table,
    text,
    texts,
)
from solver.problem.values import (
    FIRST,
    Busy,
    BusyKind,
    Debrief,
    Gap,
    Lock,
    LongestRun,
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
from solver.problem.writer import plan_to_json, problem_to_json, result_to_json

FORMATS: Final = ("loopbench/1", "loopbench/2")

__all__ = [
    "FORMATS",
    "plan_from_json",
    "plan_to_json",
    "problem_from_json",
    "problem_to_json",
    "result_from_json",
    "result_to_json",
]


def problem_from_json(document: object) -> Problem:
    """A problem from its parsed JSON document; `ProblemError` when it is not one."""
    top = Fields(document, "", "a problem")
    version = top.get("format", choice(FORMATS))
    new = top.newer = version == FORMATS[1]
    problem = Problem(
        name=top.get("name", text),
        family=top.get("family", text),
        seed=top.get("seed", integer),
        grid=top.get("grid", integer),
        epoch=top.get("epoch", text),
        horizon=top.get("horizon", integer),
        buffer=top.get("buffer", integer),
        weights=top.get("weights", lambda value, path: _weights(value, path, new)),
        calendars=top.get("calendars", table(intervals)),
        day_bounds=top.get("day_bounds", table(intervals)),
        week_bounds=top.get("week_bounds", table(intervals)),
        people=top.get("people", each(lambda value, path: _person(value, path, new))),
        rooms=top.get("rooms", each(lambda value, path: _room(value, path, new))),
        loops=top.get("loops", each(lambda value, path: _loop(value, path, new))),
        travel=top.since_2("travel", each(_travel), ()),
    )
    top.close()
    return problem


def _weights(value: object, path: str, new: bool) -> Weights:
    fields = Fields(value, path, "weights", newer=new)
    given = {
        weight.name: fields.get(weight.name, integer)
        if weight.metadata == FIRST
        else fields.since_2(weight.name, integer, 0)
        for weight in fields_of(Weights)
    }
    fields.close()
    return Weights(**given)


def _travel(value: object, path: str) -> tuple[str, str, int]:
    if not isinstance(value, list) or len(value) != 3:
        raise ProblemError(
            path, "is not [site, site, minutes]", "give two sites and the minutes between them"
        )
    return text(value[0], path + "[0]"), text(value[1], path + "[1]"), integer(value[2], path + "[2]")


def _person(value: object, path: str, new: bool) -> Person:
    fields = Fields(value, path, "a person", newer=new)
    person = Person(
        id=fields.get("id", text),
        site=fields.get("site", text),
        tz=fields.get("tz", text),
        work=fields.get("work", intervals),
        busy=fields.get("busy", each(_busy)),
        max_day=fields.get("max_day", integer),
        max_week=fields.get("max_week", integer),
        prior=fields.get("prior", integer),
        skills=frozenset(fields.get("skills", texts)),
        held=fields.since_2("held", intervals, ()),
        max_day_minutes=fields.since_2("max_day_minutes", optional(integer), None),
        max_week_minutes=fields.since_2("max_week_minutes", optional(integer), None),
    )
    fields.close()
    return person


_KINDS: Final[Mapping[str, BusyKind]] = {kind.value: kind for kind in BusyKind}


def _busy(value: object, path: str) -> Busy:
    match value:
        case [int(start), int(end), str(kind)] if kind in _KINDS and type(start) is type(end) is int:
            return Busy(start, end, _KINDS[kind])
    kinds = ", ".join(_KINDS)
    raise ProblemError(path, "is not a busy block", f"give [start, end, kind], kind one of {kinds}")


def _room(value: object, path: str, new: bool) -> Room:
    fields = Fields(value, path, "a room", newer=new)
    room = Room(
        id=fields.get("id", text),
        site=fields.get("site", text),
        cap=fields.get("cap", integer),
        busy=fields.get("busy", intervals),
        features=frozenset(fields.since_2("features", texts, ())),
    )
    fields.close()
    return room


def _loop(value: object, path: str, new: bool) -> Loop:
    fields = Fields(value, path, "a loop", newer=new)
    loop = Loop(
        id=fields.get("id", text),
        site=fields.get("site", text),
        tz=fields.get("tz", text),
        availability=fields.get("availability", intervals),
        days=fields.get("days", intervals),
        max_days=fields.get("max_days", integer),
        max_span=fields.get("max_span", integer),
        min_break=fields.get("min_break", integer),
        preferred=fields.get("preferred", intervals),
        priority=fields.get("priority", integer),
        sessions=fields.get("sessions", each(lambda each_value, at: _session(each_value, at, new))),
        debrief=fields.get("debrief", optional(lambda each_value, at: _debrief(each_value, at, new))),
        recruiter=fields.get("recruiter", optional(text)),
        hm=fields.get("hm", optional(text)),
        gaps=fields.since_2("gaps", each(_gap), ()),
        same_day=fields.since_2("same_day", each(texts), ()),
        different_day=fields.since_2("different_day", each(texts), ()),
        longest_run=fields.since_2("longest_run", optional(_longest_run), None),
        max_day_minutes=fields.since_2("max_day_minutes", optional(integer), None),
        barred=frozenset(fields.since_2("barred", texts, ())),
    )
    fields.close()
    return loop


def _gap(value: object, path: str) -> Gap:
    fields = Fields(value, path, "a gap", newer=True)
    gap = Gap(
        first=fields.get("first", text),
        then=fields.get("then", text),
        least=fields.since_2("least", integer, 0),
        greatest=fields.since_2("greatest", optional(integer), None),
    )
    fields.close()
    return gap


def _longest_run(value: object, path: str) -> LongestRun:
    fields = Fields(value, path, "a longest run", newer=True)
    run = LongestRun(
        minutes=fields.get("minutes", integer),
        rest=fields.get("rest", integer),
        hard=fields.since_2("hard", boolean, False),
    )
    fields.close()
    return run


def _debrief(value: object, path: str, new: bool) -> Debrief:
    fields = Fields(value, path, "a debrief", newer=new)
    debrief = Debrief(
        dur=fields.get("dur", integer),
        within=fields.get("within", integer),
        attend=fields.get("attend", texts),
        least=fields.since_2("least", integer, 0),
        calendar=fields.since_2("calendar", optional(text), None),
        lock=fields.since_2("lock", optional(integer), None),
        previous=fields.since_2("previous", optional(integer), None),
    )
    fields.close()
    return debrief


def _session(value: object, path: str, new: bool) -> Session:
    fields = Fields(value, path, "a session", newer=new)
    session = Session(
        id=fields.get("id", text),
        kind=SessionKind(fields.get("kind", choice(tuple(SessionKind)))),
        dur=fields.get("dur", integer),
        room=fields.get("room", boolean),
        seats=fields.get("seats", each(lambda each_value, at: _seat(each_value, at, new))),
        after=fields.get("after", texts),
        shadow=fields.empty_is_none("shadow", lambda each_value, at: _shadow(each_value, at, new)),
        window=fields.empty_is_none("window", intervals) or (),
        lock=fields.empty_is_none("lock", _lock),
        site=fields.since_2("site", optional(text), None),
        features=frozenset(fields.since_2("features", texts, ())),
        same_people_as=fields.since_2("same_people_as", optional(text), None),
        previous=fields.since_2("previous", optional(_assignment), None),
    )
    fields.close()
    return session


def _seat(value: object, path: str, new: bool) -> Seat:
    fields = Fields(value, path, "a seat", newer=new)
    seat = Seat(
        n=fields.get("n", integer),
        pool=fields.get("pool", texts),
        rank=fields.get("rank", table(integer)),
        skill=fields.get("skill", text),
        optional=fields.since_2("optional", boolean, False),
    )
    fields.close()
    return seat


def _shadow(value: object, path: str, new: bool) -> Shadow:
    fields = Fields(value, path, "a shadow", newer=new)
    shadow = Shadow(pool=fields.get("pool", texts), rank=fields.since_2("rank", table(integer), {}))
    fields.close()
    return shadow


def _lock(value: object, path: str) -> Lock | None:
    fields = Fields(value, path, "a lock")
    lock = Lock(
        start=fields.default("start", optional(integer), None),
        people=fields.default("people", optional(each(texts)), None),
        room=fields.default("room", optional(text), None),
    )
    fields.close()
    return None if lock == Lock() else lock


def plan_from_json(document: object) -> Plan:
    """A plan from an answer's document; its status and price, if given, are not looked at."""
    top = Fields(document, "", "an answer")
    plan = Plan(loops=top.get("loops", table(optional(_loop_plan))))
    for name in ("status", "cost", "bound", "solve_s", "price", "cut", "limit"):
        top.default(name, lambda value, _: value, None)
    top.close()
    return plan


def _loop_plan(value: object, path: str) -> LoopPlan:
    fields = Fields(value, path, "a placed loop")
    plan = LoopPlan(
        sessions=fields.get("sessions", table(_assignment)),
        debrief=fields.get("debrief", optional(_debrief_start)),
    )
    fields.close()
    return plan


def _debrief_start(value: object, path: str) -> int:
    fields = Fields(value, path, "a placed debrief")
    start = fields.get("start", integer)
    fields.close()
    return start


def _assignment(value: object, path: str) -> Assignment:
    fields = Fields(value, path, "a placed session")
    got = Assignment(
        start=fields.get("start", integer),
        people=fields.get("people", each(texts)),
        shadow=fields.get("shadow", optional(text)),
        room=fields.get("room", optional(text)),
    )
    fields.close()
    return got


def result_from_json(document: object) -> Result:
    """An answer with its claims; shares that are not written are not recomputed (empty ``price``)."""
    plan = plan_from_json(document)
    top = Fields(document, "", "an answer")
    top.default("loops", lambda value, _: value, None)
    result = Result(
        status=Status(top.get("status", choice(tuple(Status)))),
        plan=plan,
        price=top.default("price", table(integer), {}),
        cost=top.get("cost", integer),
        bound=top.get("bound", integer),
        seconds=top.get("solve_s", _seconds),
        cut=top.default("cut", boolean, False),
        limit=top.default("limit", optional(text), None),
    )
    top.close()
    return result


def _seconds(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProblemError(path, "is not a number", "give seconds")
    return float(value)
