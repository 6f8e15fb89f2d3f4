"""Nobody sits twice: charges on people that make the relaxation feel it.

The relaxation fills every seat by itself, so the cheapest person may hold several of one loop.
`LoopArrays.charge` asks a price for every seat of a person and gives it back once; this module
finds prices that raise a row's bound most, by subgradient steps. Charges found for one row are a
good start for the next: the same few people are scarce everywhere.

Source: Held, Wolfe & Crowder, Validation of subgradient optimization (1974); the step is Polyak's.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from solver.bounds.rows import Bounds, Row

STEPS = 10
"""Subgradient steps on one row at most."""

PATIENCE = 3
"""Steps in a row that may fail to raise the bound."""

SHARED = 12
"""Waiting rows that are looked at again under charges that have just raised another one's bound."""

WAITING = 6
"""Rows from which on it pays to look at all of them under new charges."""

LIFTED = 0.25
"""The part of the rows that a look has to rule out for another one to follow."""

Heap = list[tuple[int, Row, int]]


class Climber:
    """Raises bounds of one loop's rows by charges."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.risen = False
        """Whether the charges have changed since all rows were looked at."""
        self.pays = True

    def climb(self, row: Row, goal: int) -> int:
        """Raises one refined row's bound until it reaches the goal; the bound after that."""
        bounds = self.bounds
        highest = value = bounds.bound(row)
        charges, held = bounds.held(row)
        kept, scale, failed = charges, 1.0, 0
        for _ in range(STEPS):
            excess = np.where((held > 0) | (charges > 0), held - 1, 0)
            norm = int((excess * excess).sum())
            if norm == 0 or highest >= goal or failed > PATIENCE:
                break
            step = scale * (goal - value) / norm
            charges = np.maximum(charges + np.rint(step * excess).astype(np.int64), 0)
            bounds.charge(charges)
            value, held = bounds.again(row)
            if value > highest:
                highest, kept, failed = value, charges, 0
                self.risen = True
            else:
                scale, failed = scale / 2, failed + 1
        bounds.charge(kept)
        return bounds.bound(row)

    def share(self, heap: Heap) -> None:
        """Tries the newest charges on the next rows that wait for a climb: neighbours lack the same people."""
        bounds = self.bounds
        if not self.risen or not bounds.subsets.one_day:
            return
        waiting: Heap = []
        while heap and len(waiting) < SHARED and heap[0][2] <= 0 and bounds.refined(heap[0][1]):
            waiting.append(heappop(heap))
        if len(waiting) > 1:
            bounds.retry([row for _, row, _ in waiting])
        for value, row, stage in waiting:
            heappush(heap, (max(value, bounds.bound(row)), row, stage))

    def lift(self, heap: Heap, cost: int | None) -> None:
        """Looks at all waiting rows under the newest charges, where that has paid so far."""
        bounds, most = self.bounds, self.bounds.most if cost is None else cost - 1
        waiting = sum(value <= most for value, _, _ in heap)
        if not self.risen or not self.pays or waiting < WAITING:
            return
        self.risen = False
        bounds.restart()
        fresh = {row: value for value, row in bounds.rows()}
        heap[:] = [(max(value, fresh.get(row, value)), row, slack) for value, row, slack in heap]
        heapify(heap)
        self.pays = sum(value <= most for value, _, _ in heap) <= (1 - LIFTED) * waiting
