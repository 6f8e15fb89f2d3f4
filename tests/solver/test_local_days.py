"""Small problems about local days and touching times, each with what is right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from solver.problem.codec import problem_from_json
from solver.problem.plan import Status
from solver.questions.solve import solve

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(
    ("name", "starts"),
    [("s01-cap-two-local-days", {720, 900}), ("s03-touching", {600}), ("s04-over-local-midnight", {810})],
)
def test_what_fits_is_found(name: str, starts: set[int]) -> None:
    result = solve(problem_from_json(json.loads((CASES / f"{name}.json").read_text())))
    assert result.status is Status.OPTIMAL
    assert {a.start for plan in result.plan.loops.values() if plan for a in plan.sessions.values()} == starts


def test_a_cap_counts_on_the_local_day_on_which_an_interview_begins() -> None:
    """One a day, and the next begins right after midnight where the person is: that is another day."""
    it = problem_from_json(json.loads((CASES / "s04-over-local-midnight.json").read_text()))
    [first] = it.loops
    [session] = first.sessions

    def beside(start: int) -> Status:
        interval = ((start, start + 60),)
        other = replace(
            first,
            id="c1",
            availability=interval,
            preferred=interval,
            sessions=(replace(session, id="c1.x"),),
        )
        found = solve(replace(it, loops=(first, other)))
        return Status.OPTIMAL if all(found.plan.loops.values()) else Status.INFEASIBLE

    assert beside(870) is Status.OPTIMAL
    assert beside(690) is Status.INFEASIBLE
