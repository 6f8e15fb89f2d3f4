"""Whole plans of single loops put together: at most one a loop, none in another's way, at the least price.

Set packing over columns; a column is one way to place one loop. Nothing is decided about it but whether it is
taken, so thousands of columns of some twenty loops are searched in a second.

Told by `tests/solver/test_pool.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from ortools.sat.python import cp_model

from solver.exact.model import searched
from solver.exact.variables import Literal, total
from solver.ground.best import Column
from solver.ground.budget import Allowance
from solver.ground.usage import Taken, Usage, caps_room, events_of
from solver.problem.plan import LoopPlan, Status


class Master:
    """The choice among columns, beside what a usage holds."""

    def __init__(
        self, usage: Usage, columns: Sequence[Column], outs: Mapping[str, int], pinned: frozenset[str]
    ) -> None:
        """``outs``: per loop the price of leaving it out; ``pinned`` ones may not be."""
        self.usage, self.columns = usage, columns
        self.cp = cp_model.CpModel()
        self.x = [self.cp.new_bool_var("") for _ in columns]
        for x, column in zip(self.x, columns, strict=True):
            self.cp.add_hint(x, column.taken)
        self.terms: list[cp_model.LinearExprT] = []
        self._once(outs, pinned)
        self._people()
        self._rooms()
        self._fair()
        self.price = total(self.terms)
        self.cp.minimize(self.price)

    def better(self, than: int, allowed: Allowance) -> tuple[dict[str, LoopPlan] | None, float]:
        """Plans that cost less together, or none that was found; and the work that it took."""
        self.cp.add(self.price <= than - 1)
        solver, status = searched(self.cp, replace(allowed, linear=1))
        work = solver.response_proto.deterministic_time
        if status not in (Status.OPTIMAL, Status.FEASIBLE):
            return None, work
        chosen = [c for x, c in zip(self.x, self.columns, strict=True) if solver.boolean_value(x)]
        return {column.frame.loop.id: column.plan for column in chosen}, work

    def _once(self, outs: Mapping[str, int], pinned: frozenset[str]) -> None:
        """Σ columns of a loop ≤ 1, or = 1; own price, or that of leaving it out."""
        by_loop: defaultdict[str, list[Literal]] = defaultdict(list)
        for x, column in zip(self.x, self.columns, strict=True):
            by_loop[column.frame.loop.id].append(x)
            self.terms.append((column.own - outs[column.frame.loop.id]) * x)
        for name, literals in by_loop.items():
            (self.cp.add_exactly_one if name in pinned else self.cp.add_at_most_one)(literals)
        self.terms.append(sum(outs.values()))

    def _people(self) -> None:
        """Events of one person keep the buffer, and the way between sites; caps by day and week."""
        timeline = self.usage.timeline
        found: defaultdict[str, list[tuple[int, Taken]]] = defaultdict(list)
        for index, column in enumerate(self.columns):
            for person, taken in events_of(column.frame.loop, column.plan):
                found[person].append((index, taken))
        for person, events in found.items():
            buffer = timeline.problem.buffer
            self._disjoint([(index, t.start, t.end + buffer) for index, t in events])
            if timeline.problem.travel:
                self._ways(events)
            self._caps(person, [(index, t) for index, t in events if t.interview])

    def _disjoint(self, spans: Sequence[tuple[int, int, int]]) -> None:
        """Of columns with (index, start, end) over each other at most one: where the later one begins."""
        known: set[frozenset[int]] = set()
        ordered = sorted(spans, key=lambda span: span[1])
        running: list[tuple[int, int, int]] = []
        for position, (index, start, end) in enumerate(ordered):
            running = [span for span in running if span[2] > start] + [(index, start, end)]
            if position + 1 < len(ordered) and ordered[position + 1][1] == start:
                continue
            at_once = frozenset(index for index, _, _ in running)
            if len(at_once) > 1 and at_once not in known:
                known.add(at_once)
                self.cp.add_at_most_one(self.x[index] for index in sorted(at_once))

    def _ways(self, events: Sequence[tuple[int, Taken]]) -> None:
        for (i, one), (j, other) in combinations(events, 2):
            gap = self.usage.timeline.gap(one.site, other.site)
            if i != j and one.start < other.end + gap and other.start < one.end + gap:
                self.cp.add_at_most_one(self.x[i], self.x[j])

    def _caps(self, person: str, interviews: Sequence[tuple[int, Taken]]) -> None:
        for (start, end), left, minutes in caps_room(self.usage, person):
            inside = [(index, t.end - t.start) for index, t in interviews if start <= t.start < end]
            if inside:
                self.cp.add(total(self.x[index] for index, _ in inside) <= max(left, 0))
                if minutes is not None:
                    self.cp.add(total(dur * self.x[index] for index, dur in inside) <= max(minutes, 0))

    def _rooms(self) -> None:
        """Uses of one room do not overlap."""
        uses: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for index, (frame, plan, _, _) in enumerate(self.columns):
            for session in frame.loop.sessions:
                got = plan.sessions[session.id]
                if got.room is not None:
                    uses[got.room].append((index, got.start, got.start + session.dur))
        for spans in uses.values():
            self._disjoint(spans)

    def _fair(self) -> None:
        """w.fair · Σ_p ((load + n)² − load²): the j-th seat costs 2(load + j) + 1."""
        weight = self.usage.timeline.problem.weights.fair
        seats: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for index, (frame, plan, _, _) in enumerate(self.columns if weight else ()):
            for session in frame.sessions:
                if session.interview:
                    for person in _seated(plan, session.session.id):
                        seats[person][index] += 1
        for person, counts in seats.items():
            most = self._most(counts)
            steps = [self.cp.new_bool_var("") for _ in range(most)]
            self.cp.add(total(n * self.x[index] for index, n in counts.items()) == total(steps))
            load = self.usage.load(person)
            self.terms += [weight * (2 * (load + j) + 1) * step for j, step in enumerate(steps)]

    def _most(self, counts: Counter[int]) -> int:
        """Seats that one person can hold at most: those of the widest column of each loop."""
        widest: Counter[str] = Counter()
        for index, n in counts.items():
            name = self.columns[index].frame.loop.id
            widest[name] = max(widest[name], n)
        return widest.total()


def _seated(plan: LoopPlan, session: str) -> Iterable[str]:
    return (person for seat in plan.sessions[session].people for person in seat)
