"""A stop is heard whenever it is asked for, before the search has begun as well."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from ortools.sat.python import cp_model

from solver.exact.model import _Watch


class Forgetful:
    """Like CP-SAT, it forgets the stops that come before its search has begun; so many here."""

    def __init__(self, forgets: int) -> None:
        self.forgets, self.asked = forgets, 0
        self.stopped = threading.Event()

    def stop_search(self) -> None:
        self.asked += 1
        if self.asked > self.forgets:
            self.stopped.set()


@pytest.mark.parametrize("forgets", [0, 1, 5])
def test_a_search_is_asked_to_stop_until_it_hears(forgets: int) -> None:
    solver = Forgetful(forgets)
    with _Watch(cast(Any, solver), lambda: True):
        assert solver.stopped.wait(30), f"asked {solver.asked} times"


def test_a_stop_is_not_taken_back() -> None:
    """Who says stop once has said it: the answer to a second question does not matter."""
    solver, answers = Forgetful(2), iter([False, True])
    with _Watch(cast(Any, solver), lambda: next(answers, False)):
        assert solver.stopped.wait(30)


def test_nothing_is_stopped_that_nobody_asks_to_stop() -> None:
    solver = Forgetful(0)
    with _Watch(cast(Any, solver), lambda: False):
        assert not solver.stopped.wait(0.2)
    with _Watch(cast(Any, solver), None):
        assert not solver.stopped.wait(0.05)


def test_the_real_search_hears_a_stop_from_before_it_began() -> None:
    """Pigeons and holes: it would search for longer than anybody waits."""
    model = cp_model.CpModel()
    x = [[model.new_bool_var(f"{p} {h}") for h in range(13)] for p in range(14)]
    for row in x:
        model.add_bool_or(row)
    for hole in range(13):
        for one in range(14):
            for other in range(one):
                model.add_bool_or([x[one][hole].negated(), x[other][hole].negated()])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.cp_model_presolve = False
    solver.parameters.symmetry_level = 0
    solver.parameters.max_time_in_seconds = 60.0
    solver.stop_search()
    with _Watch(solver, lambda: True):
        assert solver.solve(model) == cp_model.UNKNOWN
    assert solver.wall_time < 30
