"""The page on the format says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from solver.problem import values as problem
from solver.problem.validate import LIMITS
from solver.rules import book as rules

PAGE = (Path(__file__).parents[2] / "docs" / "instance-format.md").read_text(encoding="utf-8")
VALUES = (
    problem.Problem,
    problem.Person,
    problem.Room,
    problem.Loop,
    problem.Session,
    problem.Seat,
    problem.Shadow,
    problem.Lock,
    problem.Debrief,
    problem.Gap,
    problem.LongestRun,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_field_is_on_the_page(value: type) -> None:
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", PAGE))))
    assert {field.name for field in fields(value)} <= words  # type: ignore[arg-type]


def test_every_rule_is_on_the_page_in_its_own_words() -> None:
    for name, sentence in rules.HARD.items():
        assert f"| `{name}` | {sentence} |" in PAGE
    for name, sentence in rules.PRICED.items():
        assert f"| `{name}` | {getattr(problem.Weights(), name)} | {sentence} |" in PAGE
    assert set(rules.PRICED) == {weight.name for weight in fields(problem.Weights)}


def test_every_limit_is_on_the_page() -> None:
    for name, most in LIMITS.items():
        assert re.search(rf"\| `{name}`: .* \| {most:,} \|".replace(",", " "), PAGE), name
