"""Limits are kept: clock and stop end even one large loop at once, and an answer says what ended it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.solver.families import make
from benchmarks.solver.huge import huge
from benchmarks.solver.plant import plant
from solver.ground.budget import Budget
from solver.many.batch import pack
from solver.problem.plan import Limits, Status
from solver.problem.values import Problem
from solver.questions.alternatives import alternatives
from solver.questions.explain import explain
from solver.questions.solve import solve
from solver.rules.check import Judge, faults

ROOT = Path(__file__).resolve().parents[2]

LARGE = huge(1, loops=3, pool=250)
"""Twelve sessions a loop on two days: the relaxation alone takes seconds."""

SLACK = 6.0
"""Seconds: many times what it takes, since machines are shared; without limits it would take minutes."""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.mark.parametrize("loops", (1, 3))
def test_a_large_problem_ends_at_its_limit_with_an_answer(loops: int) -> None:
    it = huge(1, loops=loops, pool=250)
    began = time.perf_counter()
    result = solve(it, Limits(seconds=0.5))
    assert time.perf_counter() - began < 0.5 + SLACK
    assert result.cut and result.status in (Status.FEASIBLE, Status.UNKNOWN)
    assert faults(it, result) == ()


@pytest.mark.parametrize("ask", (solve, explain, alternatives))
def test_stop_ends_any_question_at_once(ask: Callable[..., object]) -> None:
    told = time.perf_counter() + 0.3
    assert seconds(lambda: ask(LARGE, stop=lambda: time.perf_counter() > told)) < 0.3 + SLACK


@pytest.mark.parametrize("kind", ("pool_busy", "order_lock"))
def test_an_explanation_that_is_cut_keeps_what_it_has_found(kind: str) -> None:
    """Where the whole takes longer, the limit is kept, and what is there was still shown."""
    it: Problem = plant(kind, "multiday", 0).problem
    began = time.perf_counter()
    found = explain(it, Limits(seconds=0.4))
    assert time.perf_counter() - began < 0.4 + SLACK
    told = found.loops.get("c0")
    assert found.cut or (told is not None and told.fixes)


# As in the service's solving processes OR-Tools is there before the memory is limited.
TIGHT = """
import resource
import solver.exact.model
from benchmarks.solver.huge import huge
from solver import Limits, solve
from solver.rules.check import faults

it = huge(1, loops=2, pool=100)
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + (48 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
result = solve(it, Limits(seconds=20))
print(result.limit, result.status.value, len(faults(it, result)))
"""


def test_a_process_without_memory_answers_that_this_ended_it() -> None:
    """The tables of a loop of twelve sessions need more than 48 MB."""
    done = subprocess.run(
        [sys.executable, "-c", TIGHT], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    limit, status, wrong = done.stdout.split()
    assert (limit, wrong) == ("memory_mb", "0") and status in ("feasible", "unknown")


@pytest.mark.parametrize(
    ("limits", "stop", "limit"),
    [
        (Limits(seconds=0.2), None, "seconds"),
        (Limits(seconds=60), lambda: True, "stop"),
        (Limits(seconds=60, deterministic=0.02), None, "deterministic"),
    ],
)
def test_an_answer_without_a_proof_says_what_ended_it(
    limits: Limits, stop: Callable[[], bool] | None, limit: str
) -> None:
    assert solve(make("M", 1), limits, stop=stop).limit == limit
    assert solve(make("XS", 0)).limit is None


def test_nothing_new_is_begun_once_memory_has_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact model is built in native code, which has ended the process where an allocation failed."""

    def built(*_: object) -> None:
        raise AssertionError("an exact model was begun without memory")

    for room in ("batch", "completion", "neighbourhood"):
        monkeypatch.setattr(f"solver.many.{room}.build", built)
    it = make("M", 1)
    budget = Budget(Limits(seconds=60))
    budget.end("memory_mb")
    result = pack(it, Judge(it), budget, None)
    assert result.limit == "memory_mb" and result.status in (Status.FEASIBLE, Status.UNKNOWN)
    assert faults(it, result) == ()
