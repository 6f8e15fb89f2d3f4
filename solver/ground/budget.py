"""What a solve may still spend: wall clock, solver work, and whether somebody said stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from solver.problem.plan import Limits


@dataclass(frozen=True)
class Allowance:
    """What one search of the exact model may spend, and how it goes about it. ``work`` is CP-SAT's deterministic time."""

    seconds: float | None = None
    work: float | None = None
    seed: int = 1
    workers: int = 1
    linear: int = 0
    presolve: bool = True
    light: bool = False
    """Little preparation: for models of a few hundred literals, where that costs more than the search."""
    memory_mb: int | None = None
    stop: Callable[[], bool] | None = None


@dataclass
class Budget:
    """Counts down one solve's limits. `cut` tells whether clock or stop ended it early.

    ``ended`` is the limit that did first: a field of `Limits`, or ``stop``; none while all have room.
    """

    limits: Limits
    stop: Callable[[], bool] | None = None
    started: float = field(default_factory=time.perf_counter)
    work: float = 0.0
    cut: bool = False
    ended: str | None = None
    steps: int | None = None
    """How often yet `over` may be asked before it is: a limit that is the same on any machine."""

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def left(self) -> float:
        """Seconds left on the clock."""
        return self.limits.seconds - self.seconds

    @property
    def work_left(self) -> float | None:
        """Deterministic work left, `None` without such a limit."""
        return None if self.limits.deterministic is None else self.limits.deterministic - self.work

    def late(self) -> bool:
        """Whether clock or stop end it; remembers that they did."""
        clock = self.left <= 0
        if clock or (self.stop is not None and self.stop()):
            self.cut = True
            self.end("seconds" if clock else "stop")
            return True
        return False

    def end(self, limit: str) -> None:
        """Remembers which limit came first."""
        self.ended = self.ended or limit

    def over(self) -> bool:
        """Whether to end now: steps, clock, stop, work, or memory that has run out once. Each call is one step.

        What a search in native code does without memory nobody can tell: OR-Tools ends the process.
        """
        if self.ended == "memory_mb":
            return True
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                return True
        if self.late():
            return True
        if self.work_left is not None and self.work_left <= 0:
            self.end("deterministic")
            return True
        return False

    def spend(self, work: float) -> None:
        """Counts deterministic work done."""
        self.work += work

    def part(
        self, *, seconds: float | None = None, work: float | None = None, steps: int | None = None
    ) -> Budget:
        """A budget of its own, from now: ``seconds`` (what is left, if not given), ``work`` and ``steps``.

        Whoever took it gives what it cost back to this one: `spend` (`work` of the part).
        """
        clock = self.left if seconds is None else seconds
        limits = replace(self.limits, seconds=max(0.0, clock), deterministic=work)
        return Budget(limits, self.stop, steps=steps)

    def allow(self, *, seconds: float | None = None, work: float | None = None, linear: int = 0) -> Allowance:
        """For one search: what is left, and no more than ``seconds`` and ``work`` if given."""
        clock = max(self.left, 0.0) if seconds is None else max(min(seconds, self.left), 0.0)
        allowed = [w for w in (work, self.work_left) if w is not None]
        return Allowance(
            seconds=clock,
            work=max(min(allowed), 0.0) if allowed else None,
            seed=self.limits.seed,
            workers=self.limits.workers,
            linear=linear,
            memory_mb=self.limits.memory_mb,
            stop=self.stop,
        )
