"""Answers: an assignment per session, a plan per problem, and what a solve can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Assignment:
    """When a session starts, who sits in each seat, who shadows, and where."""

    start: int
    people: tuple[tuple[str, ...], ...]
    shadow: str | None = None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """A placed loop: every session by id, and the debrief's start (``None`` without one)."""

    sessions: Mapping[str, Assignment]
    debrief: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """``loops[id]`` is ``None`` where the loop is left out."""

    loops: Mapping[str, LoopPlan | None] = field(default_factory=dict)


class Status(StrEnum):
    OPTIMAL = "optimal"  # proven best
    FEASIBLE = "feasible"  # legal, not proven best
    INFEASIBLE = "infeasible"  # proven: no loop can be placed, or a locked one cannot
    UNKNOWN = "unknown"  # out of time with nothing legal in hand


DEBRIEF = "debrief"
"""The debrief, where a field of a placed loop is named."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken hard rule. ``rule`` is its name, ``text`` the sentence.

    ``loop`` and ``session`` are ids: without a session it is about the loop as a whole, or the ``part`` of
    it that is named; without a loop, about the answer. ``part`` is a field there (`room`, `people[0]`, `DEBRIEF`).
    ``people`` are the ids of those whom it concerns, where it is about somebody.
    """

    rule: str
    loop: str | None
    session: str | None
    text: str
    part: str = ""
    people: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The path, to be read by people. Ids may hold any sign, brackets too: it cannot be taken apart."""
        loop = "" if self.loop is None else f"loops[{self.loop}]"
        session = "" if self.session is None else f"sessions[{self.session}]"
        return ".".join(step for step in (loop, session, self.part) if step)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a solve may spend.

    ``deterministic`` counts solver work instead of seconds (the same on any machine); with it and
    a ``seed`` the same problem gives byte-equal answers. ``seconds`` is wall clock and may cut
    earlier; the result then says so (`Result.cut`). ``memory_mb`` bounds what is kept between steps
    (caches) and each exact model, about; a hard limit is the process's own (``RLIMIT_AS``), and
    running into it is an answer as well (`Result.limit`).
    """

    seconds: float = 20.0
    deterministic: float | None = None
    seed: int = 1
    workers: int = 1
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What `solve` answers. ``price`` maps each priced rule to its share; the shares sum to ``cost``."""

    status: Status
    plan: Plan
    price: Mapping[str, int]
    cost: int
    bound: int
    seconds: float
    cut: bool = False
    """A wall-clock limit or a stop request ended it before its own end."""
    limit: str | None = None
    """What ended it without a proof: a field of `Limits`, or ``stop``; none if it ended by itself."""
    effort: float = 0.0
    """What it took, about seconds of one core, counted in work: the same on any machine."""


class Ending(StrEnum):
    """Why a search for further plans ended."""

    ASKED = "asked"  # there are as many as were asked for
    NO_OTHER = "no_other"  # proven: no further plan differs as a person would notice
    EFFORT = "effort"  # it has taken as much work as further plans are worth; there may be more
    LIMIT = "limit"  # clock, stop or another limit came first; there may be more


@dataclass(frozen=True, slots=True)
class Progress:
    """Reported while a solve runs."""

    seconds: float
    placed: int
    loops: int
    cost: int | None
    bound: int | None
    phase: str
