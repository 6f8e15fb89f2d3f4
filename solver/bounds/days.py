"""Days of one loop put together: what each day can do alone, and the sets of days that do everything.

`Days` holds the subset recursion of a chunk of rows. `Layers` combines rows of one debrief in the
order of their days: before(D)[S] is the cheapest way to have done S on days before D, after(D)[S] on
later days. A lone day is the case in which both are empty.

Told by `tests/solver/test_climb.py`.
"""

from __future__ import annotations

import numpy as np

from solver.bounds.arrays import LoopArrays
from solver.ground.subsets import FAR, Parts, Subsets
from solver.ground.timeline import Costs


class Days:
    """The recursion over a chunk of rows: ``day[row]``, and ``at[row]`` if there is a debrief."""

    def __init__(self, arrays: LoopArrays, subsets: Subsets, day: Costs, at: Costs | None) -> None:
        self.arrays, self.subsets, self.day = arrays, subsets, day
        self._through: dict[int, list[Costs]] = {}
        self.minutes = arrays.minutes[day]
        self.costs = arrays.costs(day, at)
        weights, frame = arrays.weights, arrays.frame
        self.h = subsets.forward(self.costs, self.minutes, weights.idle)
        durs = subsets.durs
        self.ends = [weights.idle * (self.minutes + dur) for dur in durs]
        self.last_ends = self.ends
        if frame.loop.debrief is None:
            self.last_ends = [
                end + weights.finish * (self.minutes + dur - frame.origin)
                for end, dur in zip(self.ends, durs, strict=True)
            ]
        elif at is not None:
            low, high = arrays.earliest[at][:, None], arrays.latest[at][:, None]
            self.last_ends = [
                np.where((self.minutes + dur >= low) & (self.minutes + tail <= high), end, FAR)
                for end, dur, tail in zip(self.ends, durs, arrays.tails, strict=True)
            ]

    def _finals(self, *, last: bool) -> list[Costs]:
        """Per session its own price and that of ending a day with it."""
        ends = self.last_ends if last else self.ends
        return [cost + end for cost, end in zip(self.costs, ends, strict=True)]

    def table(self, *, last: bool) -> Costs:
        """``[row, set]``: least price of exactly that set on the row's day."""
        out = np.full((len(self.day), self.subsets.everything + 1), FAR, dtype=np.int64)
        for ways, final in zip(self.subsets.closings, self._finals(last=last), strict=True):
            least = (self.h[ways.rest] + final).min(axis=2).T
            out[:, ways.done] = np.minimum(out[:, ways.done], least)
        return out

    def totals(self, layers: Layers) -> Costs:
        """``[row, b]``: least price of everything, the last session's tail over at step ``lo + b`` (rounded up).

        The tail of a session is `LoopArrays.tails`.
        """
        grid = self.arrays.grid
        width = self.minutes.shape[1]
        tails = [-(-tail // grid) for tail in self.arrays.tails]
        out = np.full((len(self.day), width + max(tails) + 1), FAR, dtype=np.int64)
        for i, final in enumerate(self._finals(last=True)):
            part = out[:, tails[i] : tails[i] + width]
            np.minimum(part, self._whole(layers, i, final, slice(None)).min(axis=0), out=part)
        return out

    def _whole(self, layers: Layers, i: int, final: Costs, row: slice) -> Costs:
        """``[way, row, step]``: everything done, session i the last of all; some rows only."""
        ways = self.subsets.closings[i]
        others = layers.before[row][:, self.subsets.everything & ~ways.done].T
        prices: Costs = self.h[ways.rest, row] + final[row] + others[:, :, None]
        return prices if len(ways.done) else np.full((1, *prices.shape[1:]), FAR, dtype=np.int64)

    # -- tracing ------------------------------------------------------------------------------

    def trace(self, layers: Layers, row: int) -> dict[int, int]:
        """Starts (minutes) by session that attain the row's least total."""
        best, only = FAR, slice(row, row + 1)
        last, done, t = 0, self.subsets.everything, 0
        for i, final in enumerate(self._finals(last=True)):
            prices = self._whole(layers, i, final, only)[:, 0]
            at = int(prices.argmin())
            if prices.flat[at] < best:
                best, last, t = int(prices.flat[at]), i, at % prices.shape[1]
                done = int(self.subsets.closings[i].done[at // prices.shape[1]])
        starts = self._trace_day(row, done, last, t)
        for earlier, part in layers.trace(row, self.subsets.everything & ~done):
            starts |= self._trace_whole(earlier, part)
        return starts

    def _trace_whole(self, row: int, done: int) -> dict[int, int]:
        """The cheapest way to do exactly ``done`` on a row's day."""
        best: tuple[int, int, int] | None = None
        for i, ways in enumerate(self.subsets.closings):
            if done in ways.done:
                prices = self.h[done & ~(1 << i), row] + self.costs[i][row] + self.ends[i][row]
                t = int(prices.argmin())
                if best is None or prices[t] < best[0]:
                    best = (int(prices[t]), i, t)
        assert best is not None
        return self._trace_day(row, done, best[1], best[2])

    def _trace_day(self, row: int, done: int, last: int, t: int) -> dict[int, int]:
        """Walks back from the last session at step ``t``, after which ``done`` is done."""
        starts = {last: int(self.minutes[row, t])}
        ways = dict(self.subsets.steps)
        done &= ~(1 << last)
        while done:
            goal = self.h[done, row, t]
            done, t, session = self._step_back(row, done, t, int(goal), ways)
            starts[session] = int(self.minutes[row, t])
        return starts

    def _step_back(
        self, row: int, done: int, t: int, goal: int, ways: dict[int, list[tuple[int, int]]]
    ) -> tuple[int, int, int]:
        for session, rest in ways[done]:
            upto = t - self.subsets.shift[session] + 1
            if upto > 0:
                prices = self.h[rest, row, :upto] + self.costs[session][row, :upto]
                hits = np.flatnonzero(prices == goal)
                if len(hits):
                    return rest, int(hits[-1]), session
        raise AssertionError("a state without a way to it")

    # -- pruning ------------------------------------------------------------------------------

    def starts_within(self, layers: Layers, row: int, cutoff: int) -> list[list[int]]:
        """Starts (minutes) per session on the row's day that a plan of price ``cutoff`` or less may use."""
        group = layers.group(row)
        if group.start not in self._through:
            self._through[group.start] = self._least_through(layers, group)
        inner = row - group.start
        return [self.minutes[row, price[inner] <= cutoff].tolist() for price in self._through[group.start]]

    def _least_through(self, layers: Layers, group: slice) -> list[Costs]:
        """Per session and start of some rows the least price of a whole plan that contains it."""
        costs, h = [cost[group] for cost in self.costs], self.h[:, group]
        out = [np.full(costs[0].shape, FAR, dtype=np.int64) for _ in costs]
        for last in (True,) if self.subsets.one_day else (True, False):
            rest = layers.rest(self, last=last)[group]
            ends = [end[group] for end in (self.last_ends if last else self.ends)]
            close = {
                done: [end + rest[:, done, None] for end in ends]
                for done, _ in self.subsets.steps
                if self.subsets.whole[done]
            }
            g = self.subsets.backward(costs, close)
            prices = self.subsets.through(h, g, costs, close)
            for least, price in zip(out, prices, strict=True):
                np.minimum(least, price, out=least)
        return out


class Layers:
    """Days before and after each row's day; rows come in ``groups`` of all days of one debrief."""

    def __init__(self, subsets: Subsets, days: Days, groups: int) -> None:
        self.subsets = subsets
        rows, sets = len(days.day), subsets.everything + 1
        self.before = np.full((rows, sets), FAR, dtype=np.int64)
        self.before[:, 0] = 0
        if subsets.one_day:
            return
        self._shape = (groups, rows // groups, sets)
        self._extra = days.arrays.weights.extra_day
        self._any = days.table(last=False)
        self._most = max(min(subsets.loop.max_days, subsets.m), 2) - 1  # no day without a session
        self._prefix = [self.before.copy()]
        closed = np.array([self._closed(done) for done in range(sets)])
        for _ in range(self._most):
            done = self._shift(self._joined(self._any, self._prefix[-1]), forward=True)
            done[:, ~closed] = FAR
            self._prefix.append(done)
        self.before = np.minimum.reduce(self._prefix)

    def group(self, row: int) -> slice:
        """The rows of the same debrief; a lone day stands for itself."""
        if self.subsets.one_day:
            return slice(row, row + 1)
        first = row - row % self._shape[1]
        return slice(first, first + self._shape[1])

    def _closed(self, done: int) -> bool:
        """Whether nothing of the set waits for a session outside it."""
        before = self.subsets.before
        return all(not done >> i & 1 or not before[i] & ~done for i in range(self.subsets.m))

    def _joined(self, one: Costs, rest: Costs) -> Costs:
        """min over A of one[A] + rest[S − A] + the price of a day more, for every set S."""
        return self._least(one, rest, self.subsets.parts, self._extra)

    def _least(self, one: Costs, rest: Costs, parts: Parts, extra: int) -> Costs:
        """min over the parts A of one[A] + rest[S − A] + extra, for every set S."""
        out = np.full(one.shape, FAR, dtype=np.int64)
        if len(parts.of):
            sums = one[:, parts.part] + rest[:, parts.rest]
            out[:, parts.of] = np.minimum.reduceat(sums, parts.first, axis=1) + extra
        return np.minimum(out, FAR, out=out)

    def _shift(self, values: Costs, *, forward: bool) -> Costs:
        """Least over strictly earlier (or later) days of the same group."""
        cube = values.reshape(self._shape)
        out = np.full(self._shape, FAR, dtype=np.int64)
        if forward:
            out[:, 1:] = np.minimum.accumulate(cube, axis=1)[:, :-1]
        else:
            out[:, :-1] = np.minimum.accumulate(cube[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return out.reshape(values.shape)

    def rest(self, days: Days, *, last: bool) -> Costs:
        """``[row, S]``: least price of all that is not in S, given that S is the row's own day."""
        everything = self.subsets.everything
        complement = everything & ~np.arange(everything + 1)
        if last:
            return self.before[:, complement]
        final = days.table(last=True)
        suffix = [self._shift(np.minimum(final + self._extra, FAR), forward=False)]
        for _ in range(self._most - 1):
            suffix.append(self._shift(self._joined(self._any, suffix[-1]), forward=False))
        out = np.full(final.shape, FAR, dtype=np.int64)
        for later, closing in enumerate(suffix, start=1):
            for earlier in range(self._most - later + 1):
                np.minimum(out, self._around(self._prefix[earlier], closing), out=out)
        return out[:, complement]

    def _around(self, earlier: Costs, later: Costs) -> Costs:
        """min over A of earlier[S − A] + later[A] for every set S."""
        return self._least(later, earlier, self.subsets.all_parts, 0)

    def trace(self, row: int, done: int) -> list[tuple[int, int]]:
        """``(row, set)`` of the earlier days that attain before[row, done]."""
        if not done:
            return []
        first = row - row % self._shape[1]
        goal = self.before[row, done]
        layer = next(k for k, prefix in enumerate(self._prefix) if prefix[row, done] == goal)
        out = []
        while done:
            row, part = self._day_before(first, row, done, layer, int(goal))
            out.append((row, part))
            done, layer = done & ~part, layer - 1
            goal = self._prefix[layer][row, done]
        return out

    def _day_before(self, first: int, row: int, done: int, layer: int, goal: int) -> tuple[int, int]:
        for earlier in range(first, row):
            part = done
            while part:
                rest = self._prefix[layer - 1][earlier, done & ~part]
                if self.subsets.whole[part] and self._any[earlier, part] + rest + self._extra == goal:
                    return earlier, part
                part = (part - 1) & done
        raise AssertionError("a set of days without a way to it")
