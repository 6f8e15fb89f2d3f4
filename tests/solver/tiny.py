"""Random problems small enough to try every plan, and the trying itself.

Every rule of the format has its chance: windows, orders, gaps, locks, optional seats, shadows, linked
sessions, travel, runs, earlier plans, held interviews, caps. Whatever these turn up is compared with
the best of *all* plans according to the checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from random import Random
from typing import Any

from solver.problem.plan import Assignment, LoopPlan, Plan
from solver.problem.values import Gap, LongestRun, Loop, Problem, Seat, Session, SessionKind, Shadow, Weights
from solver.rules.check import Judge
from tests.solver.build import at, busy, debrief, lock, loop, person, problem, room, session

NAMES = ("ann", "bob", "cy", "dee")
GRID = 60


def tiny(seed: int, loops: int = 1) -> Problem:
    """A random problem of hours on two short days."""
    random = Random(seed)
    days = ((at(0, 9), at(0, 12)), (at(1, 9), at(1, 12)))
    people = [_person(random, name) for name in NAMES]
    rooms = [room("R", cap=random.choice((2, 3)), features=frozenset(random.choice(((), ("tv",)))))]
    rooms.append(room("Q", cap=3, busy=random.choice(((), ((at(0, 9), at(0, 11)),)))))
    travel = (("here", "there", random.choice((30, 90))),) if random.random() < 0.3 else ()
    if travel:
        rooms.append(room("T", cap=3, site="there"))
    made = [_loop(random, f"L{i}", days, bool(travel)) for i in range(loops)]
    return problem(
        *made,
        people=people,
        rooms=rooms,
        grid=GRID,
        buffer=random.choice((0, 0, 30)),
        weights=_weights(random),
        calendars={"here": days, "there": days},
        travel=travel,
    )


def _weights(random: Random) -> Weights:
    def some(*values: int) -> int:
        return random.choice(values)

    return Weights(
        unscheduled=some(100_000, 100_000, 300),
        finish=some(0, 1, 1),
        idle=some(0, 4),
        extra_day=some(0, 50, 500),
        tentative=some(0, 70),
        focus=some(0, 30),
        outside_pref=some(0, 55),
        rank=some(0, 40),
        no_shadow=some(0, 90),
        fair=some(0, 20),
        optional_empty=some(0, 35),
        run=some(0, 2),
        room_change=some(0, 25),
        moved_time=some(0, 100),
        moved_person=some(0, 45),
        moved_room=some(0, 15),
        moved_debrief=some(0, 65),
    )


def _person(random: Random, name: str) -> Any:
    blocks = []
    for day in (0, 1):
        for _ in range(random.choice((0, 0, 1, 1))):
            start = at(day, random.choice((9, 10, 11)), random.choice((0, 0, 30, 50)))
            kind = random.choice(("hard", "lunch", "tentative", "focus"))
            blocks.append(busy(start, start + random.choice((15, 30, 60)), kind))
    held = ()
    if random.random() < 0.2:
        start = at(random.choice((0, 1)), random.choice((8, 9, 11)))
        held = ((start, start + 60),)
    return person(
        name,
        busy=tuple(sorted(blocks, key=lambda block: (block.start, block.end))),
        prior=random.choice((0, 0, 1, 3)),
        max_day=random.choice((0, 1, 1, 2, 9)) if random.random() < 0.3 else 9,
        max_week=random.choice((1, 2, 9)),
        max_day_minutes=random.choice((None, None, 90)),
        max_week_minutes=random.choice((None, None, 120)),
        held=held,
    )


def _loop(random: Random, name: str, days: tuple[tuple[int, int], ...], travelling: bool) -> Loop:
    first = _session(random, f"{name}.a", travelling, days)
    second = _session(random, f"{name}.b", travelling, days)
    extra: dict[str, Any] = {"after": (first.id,)} if random.random() < 0.3 else {}
    if random.random() < 0.15 and second.kind is SessionKind.INTERVIEW is first.kind:
        extra |= {"same_people_as": first.id, "seats": first.seats}
    second = _with(second, **extra)
    rules: dict[str, Any] = {}
    if random.random() < 0.25:
        rules["gaps"] = (Gap(first.id, second.id, random.choice((0, 0, 30)), random.choice((None, 30, 60))),)
    group = ((first.id, second.id),)
    rules |= random.choice(({}, {}, {}, {"same_day": group}, {"different_day": group}))
    if random.random() < 0.3:
        rules["longest_run"] = LongestRun(60, random.choice((15, 90)), hard=random.random() < 0.5)
    if random.random() < 0.2:
        rules["max_day_minutes"] = 60
    if random.random() < 0.2:
        rules["barred"] = frozenset(random.sample(NAMES, 1))
    if random.random() < 0.6:
        rules["debrief"] = _debrief(random)
    return loop(
        first,
        second,
        name=name,
        availability=days if random.random() < 0.8 else (days[1],),
        days=((at(0, 0), at(1, 0)), (at(1, 0), at(2, 0))),
        max_days=random.choice((1, 2)),
        max_span=random.choice((120, 1440)),
        min_break=random.choice((0, 0, 20)),
        preferred=((at(0, 10), at(0, 12)), (at(1, 9), at(1, 10))),
        priority=random.choice((1, 2)),
        **rules,
    )


def _debrief(random: Random) -> Any:
    return debrief(
        random.choice(("", "", "ann", "dee")),
        dur=random.choice((30, 60)),
        within=random.choice((60, 300, 300)),
        least=random.choice((0, 0, 30)),
        lock=at(1, 11) if random.random() < 0.08 else None,
        previous=at(0, 11) if random.random() < 0.3 else None,
    )


def _session(random: Random, name: str, travelling: bool, days: tuple[tuple[int, int], ...]) -> Session:
    seats = [_seat(random, optional=False)]
    if random.random() < 0.4:
        seats.append(_seat(random, optional=random.random() < 0.6))
    given: dict[str, Any] = {}
    if random.random() < 0.3:
        pool = random.sample(NAMES, random.choice((1, 2)))
        given["shadow"] = Shadow(tuple(pool), {pool[0]: 1} if random.random() < 0.5 else {})
    if random.random() < 0.25:
        given["window"] = (days[0], (at(1, 10), at(1, 12)))
    if random.random() < 0.12:
        given["lock"] = lock(at(random.choice((0, 1)), random.choice((9, 10))))
    if travelling and random.random() < 0.5:
        given["site"] = "there"
    needs_room = random.random() < 0.6
    if needs_room and not given.get("site") and random.random() < 0.3:
        given["features"] = frozenset(("tv",))
    if random.random() < 0.3:
        given["previous"] = Assignment(
            at(random.choice((0, 1)), random.choice((9, 10, 11))),
            tuple((one.pool[0],) for one in seats),
            None,
            "Q" if needs_room and random.random() < 0.7 else None,
        )
    kind = SessionKind.LUNCH if random.random() < 0.25 else SessionKind.INTERVIEW
    dur = random.choice((30, 60))
    return session(name, *seats, kind=kind, dur=dur, room=needs_room, **given)


def _seat(random: Random, *, optional: bool) -> Seat:
    size = random.choice((1, 2, 3, 3))
    pool = tuple(random.sample(NAMES, size))
    rank = {pool[-1]: random.choice((1, 2))} if random.random() < 0.6 else {}
    return Seat(n=2 if size > 1 and random.random() < 0.2 else 1, pool=pool, rank=rank, optional=optional)


def _with(value: Session, **changes: Any) -> Session:
    fields = {name: getattr(value, name) for name in Session.__dataclass_fields__}
    return Session(**{**fields, **changes})


# -- every plan -----------------------------------------------------------------------------------


def every_loop_plan(it: Problem, judge: Judge, one: Loop) -> Iterator[LoopPlan]:
    """All plans of one loop that break no rule by themselves."""
    options = [[got for got in _assignments(it, s) if _alone(judge, one, s, got)] for s in one.sessions]
    debriefs: list[int | None] = [None]
    if one.debrief is not None:
        debriefs = [at(day, hour) for day in (0, 1) for hour in range(9, 18)]
    for chosen in product(*options):
        sessions = {s.id: got for s, got in zip(one.sessions, chosen, strict=True)}
        if any(v.rule != "debrief" for v in judge.loop_violations(one.id, LoopPlan(sessions, None))):
            continue
        for meeting in debriefs:
            plan = LoopPlan(sessions, meeting)
            if not judge.loop_violations(one.id, plan):
                yield plan


def _alone(judge: Judge, one: Loop, session_: Session, got: Assignment) -> bool:
    """Whether the assignment breaks nothing as the only session of its loop."""
    plan = LoopPlan({session_.id: got}, None)
    found = [v.rule for v in judge.loop_violations(one.id, plan)]
    book = judge.book(Plan({one.id: plan}))
    found += [v.rule for v in judge.shared_violations(book, book.people, book.rooms)]
    return all(rule == "debrief" for rule in found)


def _assignments(it: Problem, one: Session) -> Iterator[Assignment]:
    rooms = [r.id for r in it.rooms] if one.room else [None]
    shadows: list[str | None] = [None, *(one.shadow.pool if one.shadow else ())]
    teams = [[*combinations(s.pool, s.n), *([()] if s.optional else [])] for s in one.seats]
    starts = [at(day, hour) for day in (0, 1) for hour in (9, 10, 11)]
    for start, people, shadow, place in product(starts, product(*teams), shadows, rooms):
        yield Assignment(start, tuple(people), shadow, place)


def best_cost(it: Problem) -> tuple[int | None, bool]:
    """The least price of any legal plan (``None`` = there is none), and whether any loop can be placed."""
    judge = Judge(it)
    options: list[list[LoopPlan | None]] = []
    for one in it.loops:
        options.append([None, *every_loop_plan(it, judge, one)])
    best, placeable = None, False
    for chosen in product(*options):
        plan = Plan({one.id: got for one, got in zip(it.loops, chosen, strict=True)})
        some = any(got is not None for got in chosen)
        if best is not None and placeable and judge.cost(plan) >= best:
            continue
        if not judge.violations(plan):
            cost = judge.cost(plan)
            best = cost if best is None else min(best, cost)
            placeable = placeable or some
    return best, placeable
