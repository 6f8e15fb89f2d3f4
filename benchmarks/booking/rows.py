"""The lines of the table: what is measured, on both builds, and what has to come of it.

A line is a `Row`; whoever adds one names a measure of `measures.py` and how its figures become one number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """``reckon(before, after)`` makes the measured number; ``must`` and ``aim`` are what it should reach."""

    what: str
    measure: str
    options: Mapping[str, Any]
    must: float
    aim: float
    reckon: Callable[[Figures, Figures], float]
    unit: str = ""
    both: bool = True
    """Whether the build before is measured as well."""
    than: Mapping[str, Any] = field(default_factory=dict)
    """What is different in the measurement that this one is divided by: of this build, instead of the build before."""
    lower: bool = False
    """Whether less is better."""

    def holds(self, number: float) -> bool:
        return number <= self.must if self.lower else number >= self.must


@dataclass
class Measured:
    row: Row
    number: float
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def cpu_ratio(before: Figures, after: Figures) -> float:
    """Median CPU seconds of a loop before ÷ after."""
    return float(median(before["cpu"]) / max(median(after["cpu"]), 0.01))


def growth(small: Figures, large: Figures) -> float:
    """Median CPU seconds of the large ÷ of the small."""
    return float(median(large["cpu"]) / max(median(small["cpu"]), 0.001))


def shrunk(before: Figures, after: Figures) -> float:
    """Median CPU seconds before ÷ after, of what may take milliseconds."""
    return float(median(before["cpu"]) / max(median(after["cpu"]), 0.001))


def sooner(before: Figures, after: Figures) -> float:
    """Seconds until all have settled, before ÷ after."""
    return float(median(before["seconds"]) / median(after["seconds"]))


def without_help(_: Figures, after: Figures) -> float:
    """Percent of what there was a plan for that is confirmed without a human; one confirmed, or placed when asked
    for again, was placeable."""
    confirmed = after["states"].count("confirmed")
    return 100.0 * confirmed / max(1, confirmed + sum(after["placed_again"]))


def plannings(_: Figures, after: Figures) -> float:
    """How often a loop was planned."""
    return float(median(after["plannings"]))


def conflicts(_: Figures, after: Figures) -> float:
    """Approvals that were answered 409."""
    return float(after["answers"].count(409))


def spent(_: Figures, after: Figures) -> float:
    """CPU seconds per confirmed loop, the worst round."""
    return float(max(after["cpu"]))


_TWENTY = {"pool": 200, "template": "onsite-loop", "number": 20, "days": 10}
_HUNDRED = {"pool": 60, "template": "short", "number": 100, "days": 10}

ROWS: dict[str, Row] = {
    "wide": Row(
        "on-site loop, pools of 200, one day: request → proposed, CPU before ÷ after",
        "loops",
        {"pool": 200, "template": "one-day", "mode": "propose", "full": 0.2},
        8,
        15,
        cpu_ratio,
    ),
    "days": Row(
        "on-site loop over several days: request → confirmed (mode book, undo 0), CPU before ÷ after",
        "loops",
        {"pool": 60, "template": "onsite-loop", "mode": "book", "full": 0.2},
        8,
        12,
        cpu_ratio,
    ),
    "day": Row(
        "the same, one-day loop, CPU before ÷ after",
        "loops",
        {"pool": 60, "template": "one-day", "mode": "book", "full": 0.2},
        1.5,
        3,
        cpu_ratio,
    ),
    "company": Row(
        "short loop: company of 10,000 ÷ company of 100 (request → confirmed, CPU)",
        "company",
        {"size": 10_000},
        1.5,
        1.1,
        growth,
        than={"size": 100},
        lower=True,
    ),
    "history": Row(
        "one event booked: 3,000 in the organizer's file ÷ 100 (CPU)",
        "history",
        {"size": 3000},
        1.5,
        1.1,
        growth,
        than={"size": 100},
        lower=True,
    ),
    "rounds": Row(
        "replies, conflicts, orphans without news, 2,000 booked interviews: CPU before ÷ after",
        "rounds",
        {"size": 2000},
        20,
        100,
        shrunk,
    ),
    "twenty": Row(
        "20 loops at once, mode book: seconds until all have settled, before ÷ after",
        "burst",
        _TWENTY,
        6,
        12,
        sooner,
    ),
    "twenty-placed": Row(
        "the same: confirmed of the placeable without a human",
        "burst",
        _TWENTY,
        100,
        100,
        without_help,
        unit=" %",
        both=False,
    ),
    "approvals": Row(
        "12 candidates on one day, approved one after the other: answers 409",
        "approvals",
        {"pool": 60, "template": "short", "number": 12},
        0,
        0,
        conflicts,
        both=False,
        lower=True,
    ),
    "hundred": Row(
        "100 loops at once over two weeks, 60 people: confirmed of the placeable without a human",
        "burst",
        _HUNDRED,
        97,
        100,
        without_help,
        unit=" %",
        both=False,
    ),
    "hundred-planned": Row(
        "the same: plannings per loop", "burst", _HUNDRED, 1.3, 1.0, plannings, both=False, lower=True
    ),
    "week": Row(
        "a week of 300 loops in 12 minutes, 10 % declines, 10 % foreign meetings: CPU seconds per confirmed loop",
        "week",
        {"pool": 100, "template": "short", "number": 300, "minutes": 12},
        1.5,
        0.7,
        spent,
        both=False,
        lower=True,
    ),
}
