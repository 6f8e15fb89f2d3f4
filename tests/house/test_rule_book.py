"""A rule is a function with its formula, its place in the check, its two tests and its sentence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from solver.rules import book as rules
from solver.rules import check, prices

TESTS = Path(__file__).parents[1] / "solver"
HARD = [
    check.known,
    check.left_out,
    *check.LOOP_RULES,
    *check.PEOPLE_RULES,
    *check.ROOM_RULES,
]
PRICED = [*check.LOOP_PRICES, prices.fair, prices.unscheduled]


def written() -> set[str]:
    """Names of all test functions of the checker."""
    trees = [ast.parse(path.read_text()) for path in TESTS.glob("test_check_*.py")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_hard_rule_has_a_sentence_and_every_sentence_a_rule() -> None:
    assert {rule.__name__ for rule in HARD} == set(rules.HARD)


def test_every_priced_rule_has_a_sentence_and_every_sentence_a_rule() -> None:
    assert {rule.__name__ for rule in PRICED} == set(rules.PRICED)


@pytest.mark.parametrize("rule", [*HARD, *PRICED], ids=lambda rule: rule.__name__)
def test_a_rule_has_its_formula_and_is_tested_holding_and_broken(rule: object) -> None:
    name = rule.__name__  # type: ignore[attr-defined]
    assert rule.__doc__, f"{name} states no formula"
    for case in ("holds", "broken"):
        assert any(test.startswith(f"test_{name}_{case}") for test in written()), f"no test_{name}_{case}"


def test_sentences_are_sentences() -> None:
    for text in (*rules.HARD.values(), *rules.PRICED.values()):
        assert text[0].isupper() and text.endswith(".") and "_" not in text
