"""A line of the table, and what must never be in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.solver.bench import Answer


@dataclass
class Row:
    """One line of the table. ``value`` is compared with ``must``; ``notes`` say what went into it."""

    what: str
    must: str
    aim: str
    measured: str
    holds: bool
    notes: list[str] = field(default_factory=list)
    points: dict[str, list[float]] = field(default_factory=dict)
    """Series for the plot: seconds by method."""


def troubles(answers: list[Answer]) -> list[str]:
    """What must never be: a process that failed, a plan that the checker refuses."""
    return [str(one["failed"]) for one in answers if "failed" in one] + [
        fault for one in answers for fault in one.get("faults", ())
    ]
