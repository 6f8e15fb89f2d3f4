"""Which starts a better plan of a batch could still use: what is left is small enough for proof.

With share(l) = min(price of leaving l out, its least price alone) every plan costs at least Σ share. So in
a plan cheaper than C loop l costs at most share(l) + C − Σ share: starts whose bound lies above are
cut off. (Fair load adds up to more than its parts: (a + b)² ≥ a² + b².)
"""

from __future__ import annotations

from collections.abc import Mapping

from solver.bounds.climb import Climber
from solver.bounds.rows import Bounds
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Contender, Domain, full_domain
from solver.ground.subsets import MOST_SESSIONS
from solver.ground.timeline import BEYOND
from solver.ground.timely import timely
from solver.ground.usage import Usage
from solver.many.packing import Packing
from solver.problem.errors import OutOfTime

MOST_STARTS = 1500
"""Starts of all loops up to which they go into one exact model."""


class Prover:
    """Cuts a batch down to what a plan cheaper than the best one could use."""

    def __init__(self, packing: Packing, budget: Budget, alone: Mapping[str, int | None]) -> None:
        """``alone``: per loop the least price of placing it in an empty world, ``None`` = impossible."""
        self.packing, self.budget, self.alone = packing, budget, alone
        self.usage = Usage(packing.usage.timeline)
        self._looked: int | None = None

    def share(self, name: str) -> int:
        """What a loop adds to every plan's price at least."""
        out, least = self.packing.out[name], self.alone[name]
        if least is None:
            return out
        return least if name in self.packing.pinned else min(out, least)

    def contenders(self, slack: int | None) -> list[Contender] | None:
        """The loops that may be placed in a plan that costs at most ``slack`` more than Σ share.

        ``None`` if their starts are too many, or if it was looked at with that slack before; without a
        slack all starts count.
        """
        if slack is not None and self._looked is not None and slack >= self._looked:
            return None
        self._looked = slack
        try:
            with timely(self.usage.timeline, self.budget):
                return self._contenders(slack)
        except OutOfTime:
            return None

    def _contenders(self, slack: int | None) -> list[Contender] | None:
        out, starts = [], 0
        for name, frame in self.packing.frames.items():
            least = self.alone[name]
            if least is None or self.budget.over():
                continue
            most = BEYOND - 1 if slack is None else self.share(name) + slack
            if least > most:
                continue
            try:
                with timely(self.usage.timeline, self.budget):
                    domain = self._domain(frame, most)
            except OutOfTime:
                return None
            starts += sum(map(len, domain.starts.values()))
            if starts > MOST_STARTS:
                return None
            out.append((frame, domain, name in self.packing.pinned))
        return None if self.budget.over() else out

    def _domain(self, frame: Frame, most: int) -> Domain:
        if len(frame.sessions) > MOST_SESSIONS or most >= BEYOND - 1:
            return full_domain(frame, self.usage)
        return within(Bounds(frame, self.usage), most)


def within(bounds: Bounds, most: int) -> Domain:
    """The starts of one loop's plans that cost at most ``most``; more than `MOST_STARTS` are not all named."""
    starts: dict[str, set[int]] = {session.session.id: set() for session in bounds.frame.sessions}
    debriefs: set[int] = set()
    rows = [row for value, row in sorted(bounds.rows()) if value <= most] if bounds.possible else []
    bounds.refine(rows)
    climber = Climber(bounds)
    for row in rows:
        if bounds.bound(row) <= most and climber.climb(row, most + 1) <= most:
            found = bounds.domain(row, most)
            debriefs.update(found.debrief)
            for sid, times in found.starts.items():
                starts[sid].update(times)
            if sum(map(len, starts.values())) > MOST_STARTS:
                break
    return Domain({sid: sorted(times) for sid, times in starts.items()}, tuple(sorted(debriefs)))
