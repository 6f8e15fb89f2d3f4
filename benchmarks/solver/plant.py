"""Impossible instances with a known cause: an instance that can be placed, and one thing broken.

    plant("hm_away", "S", 7)       what was broken is in `Planted.causes`

A cause is named like the groups of an explanation: what a person could change, and whose it is.
More than one name may be right (a pinned start and an order contradict each other); any will do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from benchmarks.solver.families import make
from solver.problem.values import (
    Busy,
    BusyKind,
    Gap,
    Lock,
    LongestRun,
    Loop,
    Person,
    Problem,
    Session,
    SessionKind,
)

Cause = tuple[str, str]
"""Kind of group, and whose: ``("person", "p3")``, ``("window", "c0.lunch")``."""


@dataclass(frozen=True)
class Planted:
    """``base`` is the instance before it was broken; a case counts only if it can be placed."""

    kind: str
    base: Problem
    problem: Problem
    causes: frozenset[Cause]
    pair: bool = False
    """Whether two things were broken, so that no single fix can help."""


def plant(kind: str, family: str, seed: int) -> Planted:
    """Breaks the first loop of an instance, by itself, in one way."""
    whole = make(family, seed)
    base = replace(whole, loops=whole.loops[:1])
    problem, causes = KINDS[kind](base)
    named = replace(problem, name=f"infeasible-{kind}-{seed}", family="infeasible")
    return Planted(kind, base, named, frozenset(causes), kind.startswith("pair"))


def _with_loop(problem: Problem, **changed: object) -> Problem:
    return replace(problem, loops=(replace(problem.loops[0], **changed),))  # type: ignore[arg-type]


def _with_session(problem: Problem, name: str, **changed: object) -> Problem:
    sessions = problem.loops[0].sessions
    return _with_loop(
        problem,
        sessions=tuple(replace(one, **changed) if one.id == name else one for one in sessions),  # type: ignore[arg-type]
    )


def _with_people(problem: Problem, names: set[str], change: Callable[[Person], Person]) -> Problem:
    return replace(problem, people=tuple(change(one) if one.id in names else one for one in problem.people))


def _manager(loop: Loop) -> Session:
    return next(session for session in loop.sessions if session.id.endswith(".hm"))


def _first(loop: Loop) -> Session:
    """The first interview that is not the hiring manager's."""
    return next(one for one in loop.sessions if one.kind is SessionKind.INTERVIEW and one != _manager(loop))


def _lunch(loop: Loop) -> Session:
    return next(one for one in loop.sessions if one.kind is SessionKind.LUNCH)


def _away(person: Person) -> Person:
    return replace(person, work=())


def _taken(person: Person) -> Person:
    """In meetings all day, every day."""
    return replace(person, busy=tuple(Busy(start, end, BusyKind.HARD) for start, end in person.work))


def hm_away(base: Problem) -> tuple[Problem, set[Cause]]:
    loop = base.loops[0]
    (hm,) = _manager(loop).seats[0].pool
    return _with_people(base, {hm}, _away), {("person", hm)}


def recruiter_busy(base: Problem) -> tuple[Problem, set[Cause]]:
    """Needed at the debrief only."""
    recruiter = base.loops[0].recruiter or ""
    return _with_people(base, {recruiter}, _taken), {("person", recruiter)}


def no_common_debrief(base: Problem) -> tuple[Problem, set[Cause]]:
    """The recruiter's hours end before the hiring manager's begin."""
    loop = base.loops[0]
    hm, recruiter = loop.hm or "", loop.recruiter or ""
    starts = [start for one in base.people if one.id == hm for start, _ in one.work]
    early = tuple((start - 240, start) for start in starts)
    change = _with_people(base, {recruiter}, lambda one: replace(one, work=early, busy=()))
    return change, {("person", hm), ("person", recruiter)}


def debrief_deadline(base: Problem) -> tuple[Problem, set[Cause]]:
    """The recruiter is free only after the deadline of the last day that the candidate offers."""
    loop = base.loops[0]
    recruiter = loop.recruiter or ""
    last = base.calendars[loop.site][-1]
    early = tuple(span for span in loop.availability if span[1] < last[0] - 1440)
    changed = _with_people(base, {recruiter}, lambda one: replace(one, work=(last,), busy=()))
    debrief = replace(loop.debrief, within=60) if loop.debrief is not None else None
    return _with_loop(changed, availability=early, debrief=debrief), {
        ("debrief", loop.id),
        ("person", recruiter),
    }


def order_lock(base: Problem) -> tuple[Problem, set[Cause]]:
    """Pinned to the candidate's first minute, though it must come after another."""
    loop = base.loops[0]
    first, then = loop.sessions[0], loop.sessions[1]
    changed = _with_session(base, then.id, after=(first.id,), lock=Lock(start=loop.availability[0][0]))
    return changed, {("lock", then.id), ("order", then.id)}


def order_window(base: Problem) -> tuple[Problem, set[Cause]]:
    """The manager comes last, but only in the first hour of a day."""
    loop = base.loops[0]
    manager = _manager(loop)
    others = tuple(one.id for one in loop.sessions if one != manager and one.kind is SessionKind.INTERVIEW)
    mornings = tuple((start, start + 60) for start, _ in loop.availability)
    changed = _with_session(base, manager.id, after=others, window=mornings)
    return changed, {("window", manager.id), ("order", manager.id)}


def pool_busy(base: Problem) -> tuple[Problem, set[Cause]]:
    """A seat goes to people of its own, all of them in meetings all the time."""
    session = _first(base.loops[0])
    seat = session.seats[0]
    own = [replace(_taken(one), id=f"{one.id}x") for one in base.people if one.id in seat.pool]
    other = replace(seat, pool=tuple(one.id for one in own), rank={})
    changed = replace(base, people=(*base.people, *own))
    return _with_session(changed, session.id, seats=(other, *session.seats[1:])), {("pool", session.id)}


def pool_too_small(base: Problem) -> tuple[Problem, set[Cause]]:
    """Two people are wanted of two; one of them is always free, and the other away."""
    session = _first(base.loops[0])
    seat = session.seats[0]
    two = tuple(name for name in seat.pool if name not in (base.loops[0].hm, base.loops[0].recruiter))[:2]
    changed = _with_session(base, session.id, seats=(replace(seat, n=2, pool=two),))
    changed = _with_people(changed, {two[1]}, lambda one: replace(one, busy=(), max_day=9))
    return _with_people(changed, {two[0]}, _away), {("person", two[0])}


def window_short(base: Problem) -> tuple[Problem, set[Cause]]:
    """No window of the lunch is as long as the lunch."""
    lunch = _lunch(base.loops[0])
    short = tuple((start, start + 30) for start, _ in lunch.window)
    return _with_session(base, lunch.id, window=short), {("window", lunch.id)}


def window_night(base: Problem) -> tuple[Problem, set[Cause]]:
    """An interview only at night."""
    loop = base.loops[0]
    session = _first(loop)
    night = tuple((start - 480, start - 300) for start, _ in loop.availability)
    return _with_session(base, session.id, window=night), {("window", session.id)}


def short_offers(base: Problem) -> tuple[Problem, set[Cause]]:
    """The candidate offers an hour and a half a day."""
    loop = base.loops[0]
    short = tuple((start, start + 90) for start, _ in loop.availability)
    return _with_loop(base, availability=short), {("availability", loop.id)}


def no_offers(base: Problem) -> tuple[Problem, set[Cause]]:
    return _with_loop(base, availability=()), {("availability", base.loops[0].id)}


def short_span(base: Problem) -> tuple[Problem, set[Cause]]:
    loop = base.loops[0]
    return _with_loop(base, max_span=max(one.dur for one in loop.sessions)), {("span", loop.id)}


def long_breaks(base: Problem) -> tuple[Problem, set[Cause]]:
    """Three hours between any two sessions."""
    return _with_loop(base, min_break=180), {("breaks", base.loops[0].id)}


def rooms_small(base: Problem) -> tuple[Problem, set[Cause]]:
    """No room seats the candidate and anybody else."""
    rooms = tuple(replace(room, cap=1) for room in base.rooms)
    return replace(base, rooms=rooms), {("rooms", base.loops[0].site)}


def rooms_busy(base: Problem) -> tuple[Problem, set[Cause]]:
    rooms = tuple(replace(room, busy=((0, base.horizon),)) for room in base.rooms)
    return replace(base, rooms=rooms), {("rooms", base.loops[0].site)}


def no_video(base: Problem) -> tuple[Problem, set[Cause]]:
    """A feature that no room has."""
    changed = _with_session(base, _first(base.loops[0]).id, features=frozenset({"video"}))
    return changed, {("rooms", base.loops[0].site)}


def capped(base: Problem) -> tuple[Problem, set[Cause]]:
    """The hiring manager has no interview left this fortnight."""
    hm = base.loops[0].hm or ""
    return _with_people(base, {hm}, lambda one: replace(one, max_day=0)), {("caps", hm)}


def held_week(base: Problem) -> tuple[Problem, set[Cause]]:
    """The hiring manager holds interviews whenever they work."""
    hm = base.loops[0].hm or ""
    return _with_people(base, {hm}, lambda one: replace(one, held=one.work)), {("person", hm)}


def lock_busy(base: Problem) -> tuple[Problem, set[Cause]]:
    """Pinned with the manager to a minute at which the manager does not work."""
    loop = base.loops[0]
    manager = _manager(loop)
    start = loop.availability[0][0]
    away = _with_people(
        base,
        set(manager.seats[0].pool),
        lambda one: replace(one, work=tuple(w for w in one.work if not w[0] <= start < w[1])),
    )
    changed = _with_session(away, manager.id, lock=Lock(start=start))
    return changed, {("lock", manager.id), *(("person", name) for name in manager.seats[0].pool)}


def barred(base: Problem) -> tuple[Problem, set[Cause]]:
    """Everybody who could was in an earlier round."""
    loop = base.loops[0]
    session = _first(loop)
    return _with_loop(base, barred=frozenset(session.seats[0].pool)), {("barred", loop.id)}


def different_days(base: Problem) -> tuple[Problem, set[Cause]]:
    """Two sessions on different days, and one day."""
    loop = base.loops[0]
    names = (loop.sessions[0].id, loop.sessions[1].id)
    changed = _with_loop(base, different_day=(names,), max_days=1)
    return changed, {("different_day", loop.id), ("days", loop.id)}


def long_gap(base: Problem) -> tuple[Problem, set[Cause]]:
    """Nine hours between two sessions of one day."""
    loop = base.loops[0]
    first, then = loop.sessions[0].id, loop.sessions[1].id
    changed = _with_loop(base, gaps=(Gap(first, then, least=540),), same_day=((first, then),))
    return changed, {("gap", then), ("same_day", then), ("span", loop.id)}


def no_runs(base: Problem) -> tuple[Problem, set[Cause]]:
    """No interview may last as long as it does."""
    loop = base.loops[0]
    limit = LongestRun(minutes=30, rest=15, hard=True)
    return _with_loop(base, longest_run=limit), {("longest_run", loop.id)}


def day_minutes(base: Problem) -> tuple[Problem, set[Cause]]:
    """Less than the interviews take, on one day."""
    loop = base.loops[0]
    return _with_loop(base, max_day_minutes=60), {("day_minutes", loop.id)}


def pair_hm_and_window(base: Problem) -> tuple[Problem, set[Cause]]:
    one, first = hm_away(base)
    both, second = window_short(one)
    return both, first | second


def pair_rooms_and_recruiter(base: Problem) -> tuple[Problem, set[Cause]]:
    one, first = rooms_busy(base)
    both, second = recruiter_busy(one)
    return both, first | second


def pair_pool_and_offers(base: Problem) -> tuple[Problem, set[Cause]]:
    one, first = pool_busy(base)
    both, second = no_offers(one)
    return both, first | second


KINDS: Mapping[str, Callable[[Problem], tuple[Problem, set[Cause]]]] = {
    kind.__name__: kind
    for kind in (
        hm_away,
        recruiter_busy,
        no_common_debrief,
        debrief_deadline,
        order_lock,
        order_window,
        pool_busy,
        pool_too_small,
        window_short,
        window_night,
        short_offers,
        no_offers,
        short_span,
        long_breaks,
        rooms_small,
        rooms_busy,
        no_video,
        capped,
        held_week,
        lock_busy,
        barred,
        different_days,
        long_gap,
        no_runs,
        day_minutes,
        pair_hm_and_window,
        pair_rooms_and_recruiter,
        pair_pool_and_offers,
    )
}
"""What can be broken, by name."""
