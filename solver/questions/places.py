"""Where one session of a plan could be instead, and who could sit in it, with everything else kept.

All other sessions keep time, people and room. Of the session itself people and room may change, and the debrief
follows where it has to: with the least change (`solver.questions.nearest`), and among the same change most cheaply. A start
that only a move of other sessions would make possible is a *no* here; `nearest` is asked about it.

Most starts are refused by a mask over the grid, one for each rule; the others are asked of the checker. An
answer is a plan that the checker accepts, or what stands against the plan as it would be drawn by hand. What the plan
that stands breaks already, elsewhere, is held against none of them: it is not what this change would break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import attend_costs, session_starts
from solver.ground.timeline import BIG, Mask, Timeline, touching
from solver.ground.usage import Usage
from solver.one.answer import DEFAULT
from solver.one.placer import Placer
from solver.problem.plan import DEBRIEF, Assignment, Limits, LoopPlan, Plan, Violation
from solver.problem.values import Lock, Loop, Problem, Session
from solver.questions.nearest import kept
from solver.rules.check import Judge


@dataclass(frozen=True, slots=True)
class Place:
    """One start, or one ``person`` at the start that stands: the ``plan`` with it and what that costs more than the one
    that stands, per rule that differs. Without a plan: what stands ``against`` it; ``proven`` unless time ran out."""

    start: int
    plan: LoopPlan | None
    price: Mapping[str, int] = field(default_factory=dict)
    against: tuple[Violation, ...] = ()
    person: str | None = None
    proven: bool = True


def starts(
    problem: Problem,
    plan: LoopPlan,
    session: str,
    between: tuple[int, int],
    limits: Limits = DEFAULT,
) -> tuple[Place, ...]:
    """Every start of the grid within ``between`` (minutes, the end excluded) of a session of the only loop, or of its
    debrief."""
    asked = _Around(problem, plan, limits, session)
    first = -(-max(between[0], 0) // problem.grid) * problem.grid
    minutes = range(first, between[1], problem.grid)
    if session == DEBRIEF:
        return tuple(asked.debrief(start) for start in minutes)
    return tuple(asked.starts(session, minutes))


def substitutes(
    problem: Problem,
    plan: LoopPlan,
    session: str,
    seat: int,
    people: Sequence[str],
    instead_of: str | None = None,
    limits: Limits = DEFAULT,
) -> tuple[Place, ...]:
    """Each of ``people`` in a seat of a session, at the time that stands, instead of somebody (of the first who sits
    there, if nobody is named). Sessions with the same people change together."""
    asked = _Around(problem, plan, limits)
    return tuple(asked.person(session, seat, person, instead_of) for person in people)


class _Around:
    """A plan of one loop around one of its sessions."""

    def __init__(self, problem: Problem, plan: LoopPlan, limits: Limits, moved: str = "") -> None:
        """``moved``: the session, or the debrief, that is asked about with its time; what it breaks where it
        stands is asked again of every other start."""
        (self.loop,) = problem.loops
        self.problem, self.plan, self.limits = problem, plan, limits
        self.judge = Judge(problem)
        self.price = self.judge.price(Plan({self.loop.id: plan}))
        self.by_id = {session.id: session for session in self.loop.sessions}
        self.timeline = Timeline(problem)
        self._mender: _Mender | None = None
        there = self.judge.violations(Plan({self.loop.id: plan}))
        self.already = frozenset(v for v in there if not moved or moved not in (v.session, v.part))

    def broken(self, plan: LoopPlan) -> tuple[Violation, ...]:
        """What a plan breaks that the one that stands does not."""
        found = self.judge.violations(Plan({self.loop.id: plan}))
        return tuple(v for v in found if v not in self.already)

    def stands(self, start: int, plan: LoopPlan, person: str | None = None) -> Place:
        """A legal plan as an answer, with its price."""
        now = self.judge.price(Plan({self.loop.id: plan}))
        more = {rule: price for rule in now if (price := now[rule] - self.price[rule])}
        return Place(start, plan, more, (), person)

    # -- starts -----------------------------------------------------------------------------------

    def debrief(self, start: int) -> Place:
        drawn = replace(self.plan, debrief=start)
        broken = self.broken(drawn)
        return Place(start, None, {}, broken) if broken else self.stands(start, drawn)

    def starts(self, name: str, minutes: range) -> Iterator[Place]:
        session = self.by_id[name]
        masks = list(_masks(self.timeline, self.loop, session, self.plan))
        # which mask is the first to forbid each start; behind the last step nothing is offered any more
        first = np.full(self.timeline.steps, len(masks), dtype=np.int64)
        for at in reversed(range(len(masks))):
            first[~masks[at][1]] = at
        reasons = [(Violation(rule, self.loop.id, name, "cannot start then"),) for rule, _ in masks]
        found = first.tolist()
        hopeful: Mask | None = None
        for start in minutes:
            at = start // self.problem.grid
            rule = found[at] if at < len(found) else 0
            if rule < len(reasons):
                yield Place(start, None, {}, reasons[rule])
                continue
            if hopeful is None:
                hopeful = _staffable(self.timeline, self.loop, session, self.plan)
            yield self._start(session, start, bool(hopeful[at]))

    def _start(self, session: Session, start: int, hopeful: bool) -> Place:
        drawn = self._with(session.id, replace(self.plan.sessions[session.id], start=start))
        broken = self.broken(drawn)
        if not broken:
            return self.stands(start, drawn)
        if not hopeful:
            return Place(start, None, {}, broken)
        found, proven = self._mend((session.id,)).found(session.id, Lock(start))
        return self.stands(start, found) if found else Place(start, None, {}, broken, proven=proven)

    def _with(self, name: str, got: Assignment) -> LoopPlan:
        return replace(self.plan, sessions={**self.plan.sessions, name: got})

    def _mend(self, free: tuple[str, ...]) -> _Mender:
        if self._mender is None or self._mender.free != free:
            self._mender = _Mender(self.problem, self.plan, free, self.limits, self.timeline)
        return self._mender

    # -- people -----------------------------------------------------------------------------------

    def person(self, name: str, seat: int, person: str, instead_of: str | None) -> Place:
        groups = self.judge.look.twins(self.loop)
        twins = tuple(s for s, group in groups.items() if group == groups[name])
        start = self.plan.sessions[name].start
        drawn = self.plan
        for twin in twins:
            got = drawn.sessions[twin]
            people = _seated(got.people, seat, person, instead_of)
            drawn = replace(drawn, sessions={**drawn.sessions, twin: replace(got, people=people)})
        broken = self.broken(drawn)
        if not broken:
            return self.stands(start, drawn, person)
        if any(v.rule == "seats" for v in broken):
            return Place(start, None, {}, broken, person)
        locks = {t: Lock(drawn.sessions[t].start, drawn.sessions[t].people) for t in twins}
        found, proven = _Mender(self.problem, drawn, twins, self.limits, self.timeline).held(locks)
        return self.stands(start, found, person) if found else Place(start, None, {}, broken, person, proven)


def _seated(
    people: tuple[tuple[str, ...], ...], seat: int, person: str, instead_of: str | None
) -> tuple[tuple[str, ...], ...]:
    """The people of a session with one of a seat replaced; of an empty one, with somebody in it."""
    there = list(people[seat])
    if instead_of in there:
        there[there.index(instead_of or "")] = person
    else:
        there[:1] = [person]
    return (*people[:seat], tuple(there), *people[seat + 1 :])


class _Mender:
    """The problem in which some sessions are free and all others pinned to a plan."""

    def __init__(
        self, problem: Problem, plan: LoopPlan, free: tuple[str, ...], limits: Limits, known: Timeline
    ) -> None:
        """``known`` answers for everybody's time, which is the same."""
        self.free = free
        steady = kept(problem, plan, lambda loop: _pinned(loop, plan, free))
        (self.loop,) = steady.loops
        self.timeline = Timeline(steady, base=known)
        self.placer = Placer(Judge(steady), Usage(self.timeline), Budget(limits))

    def found(self, name: str, lock: Lock) -> tuple[LoopPlan | None, bool]:
        """The least change with one session held to something, and whether that there is none is proven."""
        return self.held({name: lock})

    def held(self, locks: Mapping[str, Lock]) -> tuple[LoopPlan | None, bool]:
        """The same for several sessions."""
        sessions = tuple(
            replace(s, lock=_both(s.lock, locks[s.id])) if s.id in locks else s for s in self.loop.sessions
        )
        best = self.placer.place(Frame(self.timeline, replace(self.loop, sessions=sessions)))
        return best.plan, best.status.value in ("optimal", "infeasible")


def _both(own: Lock | None, asked: Lock) -> Lock:
    """What a session keeps anyway and what is asked of it; where they contradict, the checker has said so before."""
    if own is None:
        return asked
    start = own.start if own.start is not None else asked.start
    people = own.people if own.people is not None else asked.people
    return Lock(start, people, own.room if own.room is not None else asked.room)


def _pinned(loop: Loop, plan: LoopPlan, free: tuple[str, ...]) -> Loop:
    """The loop with every session but some held to a plan."""

    def held(session: Session) -> Session:
        got = plan.sessions[session.id]
        return session if session.id in free else replace(session, lock=Lock(got.start, got.people, got.room))

    return replace(loop, sessions=tuple(map(held, loop.sessions)))


# -- masks over the grid ----------------------------------------------------------------------------


def _masks(steps: Timeline, loop: Loop, session: Session, plan: LoopPlan) -> Iterator[tuple[str, Mask]]:
    """Per rule the starts that it does not forbid by itself, the others where they are."""
    dur, grid = session.dur, steps.grid
    yield "availability", steps.within(loop.availability, dur)
    if session.window:
        yield "window", steps.within(session.window, dur)
    if session.lock is not None and session.lock.start is not None:
        yield "lock", steps.minutes == session.lock.start
    spans = {s.id: (plan.sessions[s.id].start, plan.sessions[s.id].start + s.dur) for s in loop.sessions}
    others = {name: span for name, span in spans.items() if name != session.id}
    apart = np.ones(steps.steps, dtype=np.bool_)
    for start, end in others.values():
        apart[touching((start - loop.min_break, end + loop.min_break), dur, grid)] = False
    yield "breaks", apart
    for rule, least, most in _bounds(loop, session, others):
        good = steps.minutes >= least
        yield rule, good if most is None else good & (steps.minutes <= most)
    yield "day", steps.within(loop.days, dur)
    yield from _day_masks(steps, loop, session, others)


def _bounds(
    loop: Loop, session: Session, others: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, int, int | None]]:
    """Least and latest start by each order and each gap with another session."""
    for before in session.after:
        yield "order", others[before][1] + loop.min_break, None
    for then in loop.sessions:
        if session.id in then.after:
            yield "order", 0, others[then.id][0] - loop.min_break - session.dur
    for gap in loop.gaps:
        if gap.then == session.id:
            end = others[gap.first][1]
            yield "gap", end + gap.least, None if gap.greatest is None else end + gap.greatest
        elif gap.first == session.id:
            start = others[gap.then][0] - session.dur
            least = 0 if gap.greatest is None else start - gap.greatest
            yield "gap", least, start - gap.least


def _day_masks(
    steps: Timeline, loop: Loop, session: Session, others: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, Mask]]:
    """The days that are left to it, and how early and late it may be on each of them."""
    used = {day: [s for s in others.values() if day[0] <= s[0] < day[1]] for day in loop.days}
    taken = [day for day, spans in used.items() if spans]
    if len(taken) >= loop.max_days:
        yield "max_days", steps.within(taken, session.dur)
    long = np.ones(steps.steps, dtype=np.bool_)
    for day in taken:
        first, last = min(s for s, _ in used[day]), max(e for _, e in used[day])
        inside = (steps.minutes >= day[0]) & (steps.minutes < day[1])
        span = np.maximum(steps.minutes + session.dur, last) - np.minimum(steps.minutes, first)
        long[inside & (span > loop.max_span)] = False
    yield "max_span", long


def _staffable(steps: Timeline, loop: Loop, session: Session, plan: LoopPlan) -> Mask:
    """Starts at which every seat alone and a room could be filled, and some debrief could follow."""
    usage = Usage(steps)
    others = replace(loop, sessions=tuple(s for s in loop.sessions if s is not session), debrief=None)
    usage.add(others, replace(plan, debrief=None))
    frame = Frame(steps, loop)
    out = session_starts(frame, usage, frame.by_id[session.id])
    debrief = loop.debrief
    if debrief is None:
        return out
    at = np.flatnonzero(attend_costs(frame, Usage(steps)) < BIG) * steps.grid
    if not len(at):
        return out & False
    last = max((plan.sessions[s.id].start + s.dur for s in others.sessions), default=0)
    ends = np.maximum(steps.minutes + session.dur, last)
    earliest = steps.earliest_end(debrief.calendar or loop.site, debrief.within, at)
    # the first debrief that comes late enough is the one that is least too late
    following = np.searchsorted(at, ends + debrief.least)
    there = following < len(at)
    return out & there & (earliest[np.minimum(following, len(at) - 1)] <= ends)
