"""Golden instances and their proven answers: the prices were proven by the naive model too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from solver.problem.codec import problem_from_json
from solver.problem.plan import Limits, Status
from solver.problem.values import Problem
from solver.questions.explain import explain
from solver.questions.solve import solve
from solver.rules.check import faults

GOLDEN = Path(__file__).parent / "golden"

PROVEN = {
    "S-101": (Status.OPTIMAL, 7605),
    "S-102": (Status.OPTIMAL, 3660),
    "S-103": (Status.OPTIMAL, 5580),
    "multiday-101": (Status.OPTIMAL, 7155),
    "fine-101": (Status.INFEASIBLE, 300_000),
    "infeasible-hm_away-101": (Status.INFEASIBLE, 600_000),
    "infeasible-order_lock-101": (Status.INFEASIBLE, 600_000),
}
PLACED = {"superday-101": 40, "M-101": 14, "dst-101": 3}
"""Batches: loops that are placed at least with a little work, the same on every machine."""


def golden(name: str) -> Problem:
    return problem_from_json(json.loads(gzip.decompress((GOLDEN / f"{name}.json.gz").read_bytes())))


@pytest.mark.parametrize("name", PROVEN)
def test_a_golden_loop_has_its_proven_answer(name: str) -> None:
    it = golden(name)
    result = solve(it, Limits(seconds=60))
    assert (result.status, result.cost, result.bound) == (*PROVEN[name], PROVEN[name][1])
    assert faults(it, result) == ()


@pytest.mark.parametrize(
    "name", [name for name, (status, _) in PROVEN.items() if status is Status.INFEASIBLE]
)
def test_an_impossible_golden_loop_is_explained(name: str) -> None:
    (told,) = explain(golden(name), Limits(seconds=60)).loops.values()
    assert not told.alone and told.gaps and told.fixes


@pytest.mark.parametrize("name", PLACED)
def test_a_golden_batch_is_placed(name: str) -> None:
    it = golden(name)
    result = solve(it, Limits(seconds=300, deterministic=0.5))
    assert faults(it, result) == ()
    assert sum(plan is not None for plan in result.plan.loops.values()) >= PLACED[name]


def test_every_golden_instance_is_among_them() -> None:
    assert {path.name.removesuffix(".json.gz") for path in GOLDEN.iterdir()} == PROVEN.keys() | PLACED.keys()
