"""What a solve may still spend: wall clock, solver work, and whether somebody said stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from solver.problem.plan import Limits

CELL = 3e-9
"""Effort of one cell of the relaxation's tables."""

PART = 1e-5
"""Effort of building one variable or one constraint of an exact model, which CP-SAT does not count."""

SEARCH = 2.0
"""Effort of one unit of CP-SAT's deterministic time."""


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
    effort: float = 0.0
    """Work of every kind, of the relaxation too: about seconds of one core, and the same on any machine."""
    enough: float | None = None
    """The effort from which on it is over."""

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
        if self.late() or (self.enough is not None and self.effort >= self.enough):
            return True
        if self.work_left is not None and self.work_left <= 0:
            self.end("deterministic")
            return True
        return False

    def spend(self, work: float) -> None:
        """Counts deterministic work of the exact model."""
        self.work += work
        self.effort += SEARCH * work

    def toil(self, *, cells: int = 0, parts: int = 0) -> None:
        """Counts cells that the relaxation filled, and variables and constraints that were built."""
        self.effort += CELL * cells + PART * parts

    def settle(self, part: Budget) -> None:
        """Takes what a part has cost."""
        self.work += part.work
        self.effort += part.effort

    def part(
        self,
        *,
        seconds: float | None = None,
        work: float | None = None,
        steps: int | None = None,
        effort: float | None = None,
    ) -> Budget:
        """A budget of its own, from now: ``seconds`` (what is left, if not given), ``work``, ``steps``, ``effort``.

        Whoever took it gives what it cost back to this one: `settle`.
        """
        clock = self.left if seconds is None else seconds
        limits = replace(self.limits, seconds=max(0.0, clock), deterministic=work)
        return Budget(limits, self.stop, steps=steps, enough=effort)

    def allow(self, *, seconds: float | None = None, work: float | None = None, linear: int = 0) -> Allowance:
        """For one search: what is left, and no more than ``seconds`` and ``work`` if given."""
        clock = max(self.left, 0.0) if seconds is None else max(min(seconds, self.left), 0.0)
        effort = None if self.enough is None else (self.enough - self.effort) / SEARCH
        allowed = [w for w in (work, self.work_left, effort) if w is not None]
        return Allowance(
            seconds=clock,
            work=max(min(allowed), 0.0) if allowed else None,
            seed=self.limits.seed,
            workers=self.limits.workers,
            linear=linear,
            memory_mb=self.limits.memory_mb,
            stop=self.stop,
        )
