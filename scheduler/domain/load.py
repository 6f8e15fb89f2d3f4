"""How much is asked of whom, and how evenly.

Told by `tests/scheduler/domain/test_load.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """What one person has in one ISO week of their own zone (``2026-W11``).

    ``interviews`` are those that count against the caps, ``held`` and ``confirmed`` how many of them are which, and
    ``fullest_day`` the most of one day; ``minutes`` is all time in interviews, debriefs and lunches too. ``declines``,
    ``swapped_by_hand`` (a person said so) and ``swapped_by_machine`` happened in that week, whenever the interview is. ``open_minutes`` are
    working hours, without lunch, that nothing of ours takes; what else is in their calendar is not looked at.
    """

    person: str
    week: str
    interviews: int
    held: int
    confirmed: int
    minutes: int
    fullest_day: int
    cap_week: int
    cap_day: int
    declines: int
    swapped_by_hand: int
    swapped_by_machine: int
    open_minutes: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How unevenly a group shares its work: Gini coefficients, 0 where all have the same."""

    people: int
    interviews: float
    minutes: float


def gini(values: Sequence[float]) -> float:
    """The Gini coefficient of amounts that are not negative: the mean difference of two of them over twice their
    mean, 0 where all are the same (or there are none), at most 1 − 1/n where one has everything.

    Raises `ValueError` for a negative amount."""
    ordered = sorted(values)
    if ordered and ordered[0] < 0:
        raise ValueError(f"{ordered[0]} is no amount of work")
    total, n = sum(ordered), len(ordered)
    if not total:
        return 0.0
    return sum((2 * rank - n - 1) * value for rank, value in enumerate(ordered, 1)) / (n * total)
