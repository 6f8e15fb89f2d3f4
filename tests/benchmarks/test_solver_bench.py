"""The benchmarks' instances, baselines and table: seeded, calibrated, judged by the checker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from benchmarks.solver import expert, greedy, naive, report, table, worker
from benchmarks.solver.bench import Bench, geometric_mean
from benchmarks.solver.families import FAMILIES, make
from benchmarks.solver.plant import KINDS, plant
from solver.problem.plan import Status
from solver.problem.values import BusyKind, Problem
from solver.questions.solve import solve
from solver.rules.check import faults

SMALL = [name for name, spec in FAMILIES.items() if spec.loops <= 40]


@pytest.mark.parametrize("family", SMALL)
def test_a_seed_draws_the_same_instance_again_and_another_one_another(family: str) -> None:
    assert make(family, 5) == make(family, 5)
    assert make(family, 5).loops != make(family, 6).loops


def shares(problem: Problem) -> dict[BusyKind, float]:
    """Share of working time that blocks of each kind take."""
    work = sum(end - start for person in problem.people for start, end in person.work)
    return {
        kind: sum(b.end - b.start for person in problem.people for b in person.busy if b.kind is kind) / work
        for kind in BusyKind
    }


@pytest.mark.parametrize("family", ["S", "M", "multiday", "five"])
def test_calendars_are_as_full_as_those_of_the_public_samples(family: str) -> None:
    found = [shares(make(family, seed)) for seed in range(4)]
    assert mean(one[BusyKind.HARD] for one in found) == pytest.approx(0.415, abs=0.025)
    assert mean(one[BusyKind.LUNCH] for one in found) == pytest.approx(0.088, abs=0.006)
    for kind in (BusyKind.TENTATIVE, BusyKind.FOCUS):
        assert mean(one[kind] for one in found) == pytest.approx(0.058, abs=0.012)


def test_a_family_has_its_size_and_its_shape() -> None:
    for family, spec in FAMILIES.items():
        if family in SMALL:
            it = make(family, 1)
            assert (len(it.loops), len(it.people), len(it.rooms), it.grid) == (
                spec.loops,
                spec.people,
                spec.rooms,
                spec.grid,
            )
            assert all(len(loop.sessions) >= spec.interviews for loop in it.loops)


def test_a_change_of_clocks_makes_a_day_longer_or_shorter() -> None:
    lengths = {end - start for start, end in make("dst", 1).day_bounds["America/New_York"]}
    assert lengths == {1380, 1440}


@pytest.mark.parametrize("seed", range(3))
def test_the_naive_model_agrees_with_ours(seed: int) -> None:
    it = make("XS", seed)
    theirs, ours = naive.solve(it, 120), solve(it)
    assert faults(it, theirs) == faults(it, ours) == ()
    assert (theirs.status, theirs.cost) == (ours.status, ours.cost)
    assert theirs.status is Status.OPTIMAL


@pytest.mark.parametrize("kind", ["hm_away", "order_lock", "rooms_small", "capped"])
def test_the_naive_model_agrees_that_there_is_no_way(kind: str) -> None:
    it = plant(kind, "XS", 1).problem
    result = naive.solve(it, 120)
    assert result.status is Status.INFEASIBLE and faults(it, result) == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [1, 2])
def test_the_experts_model_agrees_with_ours(seed: int, days: int) -> None:
    it = make("XS", seed)
    it = replace(it, buffer=15, loops=(replace(it.loops[0], max_days=days, max_span=240, min_break=15),))
    theirs, ours = expert.solve(it, 60), solve(it)
    assert faults(it, theirs) == faults(it, ours) == ()
    assert (theirs.status, theirs.cost) == (ours.status, ours.cost)


def test_the_experts_model_refuses_what_it_does_not_say() -> None:
    with pytest.raises(ValueError, match="plain"):
        expert.solve(make("dst", 1), 1)


@pytest.mark.parametrize("family", ["XS", "M", "superday", "dst"])
def test_first_slot_that_fits_is_legal(family: str) -> None:
    it = make(family, 1)
    result = greedy.solve(it)
    assert faults(it, result) == ()


def test_a_planted_instance_differs_from_its_base_in_what_was_planted() -> None:
    for kind in KINDS:
        planted = plant(kind, "XS", 2)
        assert planted.problem != planted.base and planted.causes
        assert planted.pair == kind.startswith("pair")


def test_a_measurement_is_judged_and_weighed() -> None:
    answer = worker.measured(
        {"task": "solve", "method": "ours", "family": "XS", "seed": 1, "seconds": 30, "cpu": True}
    )
    assert answer["proven"] and answer["faults"] == [] and answer["placed"] == answer["loops"] == 1
    assert answer["memory_mb"] > 10 and answer["seconds"] > 0


def test_a_process_that_dies_is_a_trouble_and_not_a_crash() -> None:
    bench = Bench(first=1, seeds=1, quick=True, say=lambda text: None)
    answer = bench.ask("solve", method="ours", family="no such family", seed=1, seconds=5)
    assert "failed" in answer and "KeyError" in answer["failed"]


def test_the_table_says_what_was_measured(tmp_path: Path) -> None:
    row = table.Row(
        "S: naive ÷ ours", "100", "200", "150", True, ["all proven"], {"naive": [2.0], "ours": [0.02]}
    )
    files = report.write(tmp_path, [row], 7, "quick run", {'{"task": "solve"}': {"seconds": 0.02}})
    assert [path.name for path in files] == ["solver.md", "solver.json", "solver.png"]
    assert "| S: naive ÷ ours | 100 | 200 | 150 | yes |" in files[0].read_text(encoding="utf-8")
    assert files[2].stat().st_size > 1000


def test_the_geometric_mean() -> None:
    assert geometric_mean([1, 100]) == pytest.approx(10)
    assert geometric_mean([]) == 0
