"""The least change that makes a booked plan hold again.

A hole is a session whose plan the checker now refuses, or somebody of which declined. Candidates see
times; so a repair is sought in this order: other people at the same times; if there are none, a chain
of swaps through loops that share these people, still at the same times; else a new place for the
loop with as few moved sessions as possible; and if even that fails or moves much, one neighbour loop
gives way and is placed again itself. The debrief follows wherever its loop goes.

What a change costs is the problem's own ``moved_*`` weights; those that are 0 are replaced by
defaults that make a moved session dearest, then a person, then the debrief, then a room.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from solver.exact.build import build
from solver.ground.best import Best
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Domain, attend_costs
from solver.ground.timeline import BIG, Timeline
from solver.ground.usage import Usage, events_of
from solver.ground.wishes import SteadyShadows
from solver.one.answer import DEFAULT, judged, nothing
from solver.one.placer import Placer
from solver.problem.plan import Assignment, Limits, LoopPlan, Plan, Result, Status
from solver.problem.values import Loop, Problem
from solver.rules.check import Judge

LEVELS = ("people", "move", "two", "loop", "neighbour", "none")
"""How far a repair went, least first. *people* includes chains through other loops and moved debriefs."""

MOVED = {"moved_time": 100_000, "moved_person": 4_000, "moved_debrief": 2_000, "moved_room": 500}
"""Default prices of change, in minutes."""

CHAIN = 12
"""Most loops whose people may be swapped in one chain."""

NEIGHBOURS = 12
"""Most neighbours that are asked to give way, one at a time."""

MUCH = 3
"""From this many moved sessions on, asking a neighbour to give way is worth a look."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the booked plan and the repaired one.

    ``session`` is an id or ``"debrief"``; ``what`` is ``people``, ``time`` or ``room``.
    """

    loop: str
    session: str
    what: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Repair:
    """The repaired plan, how far it had to go (`LEVELS`), and every change.

    ``proven``: of every loop at level *none* it is proven that no plan takes it with the others where they
    are, people asked again at other times included; where it is not, something ran out before that.
    """

    result: Result
    level: str
    changes: tuple[Change, ...]
    proven: bool = True


def repair(
    problem: Problem,
    plan: Plan,
    declined: Sequence[tuple[str, str]] = (),
    limits: Limits = DEFAULT,
    *,
    stop: Callable[[], bool] | None = None,
) -> Repair:
    """Mends a booked plan in a fresh problem with the least change.

    ``declined`` holds ``(person, session id)``; that person never gets that session again. The
    result's price is that of ``problem`` as given. Level *none* means that some broken loop could
    not be mended; it is left out of the plan, or, where it may not be, nothing is planned.
    """
    return _Repairer(problem, plan, declined, Budget(limits, stop)).run()


class _Repairer:
    def __init__(
        self, problem: Problem, plan: Plan, declined: Sequence[tuple[str, str]], budget: Budget
    ) -> None:
        self.given, self.budget = problem, budget
        self.booked = {loop: got for loop, got in plan.loops.items() if got is not None}
        self.booked = {loop.id: self.booked[loop.id] for loop in problem.loops if _whole(loop, self.booked)}
        self.declined = frozenset(declined)
        self.problem = changed(problem, self.booked)
        self.judge = Judge(self.problem)
        timeline = Timeline(self.problem)
        self.frames = {loop.id: Frame(timeline, loop, gone=self.declined) for loop in self.problem.loops}
        self.usage = Usage(timeline)
        self.placer = Placer(self.judge, self.usage, budget)
        self.plans = dict(self.booked)
        self.proven = True

    def run(self) -> Repair:
        """Holes one after another, most urgent loop first; what holds already stays."""
        broken = self._broken()
        for name, got in self.plans.items():
            if name not in broken:
                self.usage.add(self.frames[name].loop, got)
        failed: list[str] = []
        level = "people"
        for name in broken:
            del self.plans[name]
        for name in broken:
            reached = self._mend(name)
            if reached == "none":
                failed.append(name)
            level = max(level, reached, key=LEVELS.index)
        return self._finish(level, failed)

    def _broken(self) -> list[str]:
        """Loops with a decline or refused by the checker; where two clash, the one that it names."""
        found: dict[str, None] = {}
        for name, got in self.booked.items():
            if any((p, sid) in self.declined for sid, at in got.sessions.items() for p in _who(at)):
                found[name] = None
        whole = Plan({loop.id: self.booked.get(loop.id) for loop in self.problem.loops})
        for violation in self.judge.violations(whole):
            if violation.loop in self.booked:
                found[violation.loop] = None
        return sorted(found, key=lambda name: (-self.frames[name].loop.priority, name))

    # -- one hole -----------------------------------------------------------------------------

    def _mend(self, name: str) -> str:
        """Places a broken loop again; returns the level it took."""
        frame = self.frames[name]
        whole = self._holes(name)
        for kept in (frozenset(self.booked[name].sessions) - whole, frozenset[str]()):
            same = self._at_booked_times([name], kept)
            if same is not None:
                self._take(same)
                return "people"
        chain = self._chain(frame)
        if chain is not None:
            self._take(chain)
            return "people"
        best = self.placer.place(frame)
        moved = len(self._moved(name, best.plan)) if best.plan is not None else MUCH
        if moved >= MUCH:
            found = self._neighbour(frame, best)
            if found is not None:
                self._take(found)
                return "neighbour"
        if best.plan is None:
            self.proven &= best.status is Status.INFEASIBLE
            return "none"
        self._take({name: best.plan})
        return ("people", "move", "two")[moved] if moved < MUCH else "loop"

    def _take(self, plans: dict[str, LoopPlan]) -> None:
        """Makes these the plans of their loops."""
        for name, plan in plans.items():
            if name in self.plans:
                self.usage.remove(self.frames[name].loop, self.plans[name])
            self.plans[name] = plan
            self.usage.add(self.frames[name].loop, plan)

    def _moved(self, name: str, plan: LoopPlan | None) -> list[str]:
        """Sessions of a loop whose start is not the booked one."""
        before = self.booked[name].sessions
        return [] if plan is None else [s for s, got in plan.sessions.items() if got.start != before[s].start]

    def _holes(self, name: str) -> set[str]:
        """Sessions of a broken loop that a decline or the checker names."""
        got = self.booked[name]
        found = {sid for sid, at in got.sessions.items() if any((p, sid) in self.declined for p in _who(at))}
        whole = Plan({**self.plans, name: got})
        named = {fault.session for fault in self.judge.violations(whole) if fault.loop == name}
        return found.union(sid for sid in got.sessions if sid in named)

    def _at_booked_times(self, names: list[str], kept: Collection[str] = ()) -> dict[str, LoopPlan] | None:
        """Cheapest people, rooms and debriefs for some loops with all their sessions where they are booked.

        The sessions ``kept`` keep everything; a trainee who goes elsewhere costs as much as a room that moves. The usage must not hold these loops.
        """
        loops = []
        for name in names:
            domain = self._booked_times(self.frames[name])
            if domain is None:
                return None
            loops.append((self.frames[name], domain, True))
        model = build(self.usage, loops, SteadyShadows(self.booked, MOVED["moved_room"]))
        if not model.keep(self.booked, kept):
            return None
        found = model.solve(self.budget.allow(seconds=5.0))
        self.budget.spend(found.work)
        plans = {name: plan for name, plan in found.plans.items() if plan is not None}
        return plans if len(plans) == len(names) else None

    def _booked_times(self, frame: Frame) -> Domain | None:
        """The booked starts, if they are still possible for the candidate, with every debrief start."""
        booked = self.booked[frame.loop.id].sessions
        grid = frame.timeline.grid
        starts = {}
        for session in frame.sessions:
            start = booked[session.session.id].start
            if start % grid or not 0 <= start // grid < frame.timeline.steps:
                return None
            if not session.starts[start // grid]:
                return None
            starts[session.session.id] = [start]
        if frame.loop.debrief is None:
            return Domain(starts)
        prices = attend_costs(frame, self.usage)
        times = (price_index * grid for price_index in (prices < BIG).nonzero()[0].tolist())
        return Domain(starts, list(times))

    def _chain(self, frame: Frame) -> dict[str, LoopPlan] | None:
        """Swaps of people, all times kept, through the loops that hold the people who could fill the hole."""
        if self._booked_times(frame) is None:
            return None
        around = self._around(frame)[: CHAIN - 1]
        while around:
            for name in around:
                self.usage.remove(self.frames[name].loop, self.plans[name])
            found = self._at_booked_times([frame.loop.id, *around])
            for name in around:
                self.usage.add(self.frames[name].loop, self.plans[name])
            if found is not None or self.budget.over():
                return found
            wider = self._wider(frame, around)
            around = [] if len(wider) == len(around) else wider
        return None

    def _wider(self, frame: Frame, around: list[str]) -> list[str]:
        """The loops of a chain and those around them, up to `CHAIN`."""
        out = dict.fromkeys(around)
        for name in around:
            out.update(dict.fromkeys(self._around(self.frames[name])))
        out.pop(frame.loop.id, None)
        return list(out)[: CHAIN - 1]

    def _around(self, frame: Frame) -> list[str]:
        """Placed loops that keep somebody of this loop's pools busy at its booked times, most first."""
        spans = [
            (got.start, got.start + frame.by_id[sid].session.dur)
            for sid, got in self.booked[frame.loop.id].sessions.items()
        ]
        return self._holders(frame, lambda start, end: any(start < e and s < end for s, e in spans))

    def _holders(self, frame: Frame, near: Callable[[int, int], bool]) -> list[str]:
        pools = _pools(frame.loop)
        rooms = {room for session in frame.sessions for room in session.rooms}
        count: dict[str, int] = {}
        for name, plan in self.plans.items():
            if name == frame.loop.id or self.frames[name].loop.id not in self.booked:
                continue
            events = events_of(self.frames[name].loop, plan)
            shared = sum(person in pools and near(e.start, e.end) for person, e in events)
            shared += sum(
                got.room in rooms and near(got.start, got.start + self.frames[name].by_id[sid].session.dur)
                for sid, got in plan.sessions.items()
            )
            if shared:
                count[name] = shared
        return sorted(count, key=lambda name: (-count[name], name))

    def _neighbour(self, frame: Frame, alone: Best) -> dict[str, LoopPlan] | None:
        """One neighbour makes room and is placed again; `None` unless that beats ``alone``."""
        days = set(frame.loop.days)
        names = self._holders(frame, lambda start, end: any(s < end and start < e for s, e in days))
        best: tuple[int, dict[str, LoopPlan]] | None = None
        for name in names[:NEIGHBOURS]:
            if self.budget.over():
                break
            found = self._instead_of(frame, name)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        if best is None or (alone.plan is not None and alone.cost <= best[0]):
            return None
        return best[1]

    def _instead_of(self, frame: Frame, name: str) -> tuple[int, dict[str, LoopPlan]] | None:
        """The loop placed first and the neighbour after it, with what both cost beyond the neighbour now."""
        other, was = self.frames[name], self.plans[name]
        self.usage.remove(other.loop, was)
        before = self.placer.price(other, was)
        first = self.placer.place(frame)
        second = None
        if first.plan is not None:
            self.usage.add(frame.loop, first.plan)
            second = self.placer.place(other)
            self.usage.remove(frame.loop, first.plan)
        self.usage.add(other.loop, was)
        if first.plan is None or second is None or second.plan is None:
            return None
        return first.cost + second.cost - before, {frame.loop.id: first.plan, name: second.plan}

    # -- the answer ---------------------------------------------------------------------------

    def _finish(self, level: str, failed: list[str]) -> Repair:
        judge = Judge(self.given)
        plan = Plan({loop.id: self.plans.get(loop.id) for loop in self.given.loops})
        if failed and judge.violations(plan):
            result = judged(judge, self.budget, Status.UNKNOWN, nothing(self.given), 0)
        else:
            result = judged(judge, self.budget, Status.FEASIBLE, plan, 0)
        return Repair(
            replace(result, cut=self.budget.cut), level, tuple(self._changes(result.plan)), self.proven
        )

    def _changes(self, plan: Plan) -> Iterable[Change]:
        for loop in self.given.loops:
            before, after = self.booked.get(loop.id), plan.loops.get(loop.id)
            if before is not None and after is not None:
                yield from changes_of(loop, before, after)


def changes_of(loop: Loop, before: LoopPlan, after: LoopPlan) -> Iterable[Change]:
    """What differs between two plans of one loop, session by session, the debrief last."""
    for session in loop.sessions:
        was, now = before.sessions[session.id], after.sessions[session.id]
        if was.start != now.start:
            yield Change(loop.id, session.id, "time", was.start, now.start)
        if _seated(was) != _seated(now) or was.shadow != now.shadow:
            yield Change(loop.id, session.id, "people", _who(was), _who(now))
        if was.room != now.room:
            yield Change(loop.id, session.id, "room", was.room, now.room)
    if before.debrief != after.debrief:
        yield Change(loop.id, "debrief", "time", before.debrief, after.debrief)


def _seated(got: Assignment) -> list[list[str]]:
    return [sorted(seat) for seat in got.people]


def _who(got: Assignment) -> tuple[str, ...]:
    shadow = () if got.shadow is None else (got.shadow,)
    return (*(person for seat in got.people for person in seat), *shadow)


def _whole(loop: Loop, booked: dict[str, LoopPlan]) -> bool:
    """Whether the booked plan has all sessions of the loop (one without is a loop that is not booked)."""
    got = booked.get(loop.id)
    return got is not None and all(session.id in got.sessions for session in loop.sessions)


def _pools(loop: Loop) -> set[str]:
    out = {person for session in loop.sessions for seat in session.seats for person in seat.pool}
    return out | set(loop.debrief.attend if loop.debrief is not None else ())


# -- the problem with its booked plan -------------------------------------------------------------


def changed(problem: Problem, booked: dict[str, LoopPlan]) -> Problem:
    """The problem with the booked plan as the earlier one, and default prices of change."""
    weights = problem.weights
    defaults = {name: price for name, price in MOVED.items() if not getattr(weights, name)}
    loops = []
    for loop in problem.loops:
        got = booked.get(loop.id)
        if got is not None:
            sessions = tuple(replace(s, previous=got.sessions[s.id]) for s in loop.sessions)
            debrief = loop.debrief
            if debrief is not None:
                debrief = replace(debrief, previous=got.debrief)
            loop = replace(loop, sessions=sessions, debrief=debrief)
        loops.append(loop)
    return replace(problem, loops=tuple(loops), weights=replace(weights, **defaults))
