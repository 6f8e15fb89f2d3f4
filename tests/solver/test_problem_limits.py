"""Every number of a problem has a limit: one beyond it is refused, by the name of the limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from solver.problem.validate import LIMITS
from solver.problem.values import Gap, LongestRun, Problem
from tests.solver.build import TZ, busy, debrief, room, seat, session
from tests.solver.test_problem import one, refused, worker

CASES: dict[str, tuple[str, Callable[[], Problem]]] = {}


def far(path: str, limit: str, build: Callable[[int], Callable[[], Problem]]) -> None:
    """A case of a value one beyond its limit; steps are of 15 minutes."""
    CASES[path] = limit, build(LIMITS[limit] + 1)


far("grid", "minute", lambda n: one(_grid=n))
far("horizon", "minute", lambda n: one(_grid=900_000, _horizon=n))
far("buffer", "minute", lambda n: one(_buffer=n))
far("loops[0].max_days", "count", lambda n: one(max_days=n))
far("loops[0].max_span", "minute", lambda n: one(max_span=n))
far("loops[0].min_break", "minute", lambda n: one(min_break=n))
far("loops[0].max_day_minutes", "minute", lambda n: one(max_day_minutes=n))
far("loops[0].longest_run.minutes", "minute", lambda n: one(longest_run=LongestRun(n, 15)))
far("loops[0].longest_run.rest", "minute", lambda n: one(longest_run=LongestRun(60, n)))
far("loops[0].debrief.within", "minute", lambda n: one(debrief=debrief(within=n)))
far("loops[0].debrief.least", "steps", lambda n: one(debrief=debrief(least=15 * n)))
far("loops[0].debrief.dur", "steps", lambda n: one(debrief=debrief(dur=15 * n)))
far("loops[0].debrief.lock", "steps", lambda n: one(debrief=debrief(lock=15 * n)))
far("loops[0].debrief.previous", "steps", lambda n: one(debrief=debrief(previous=15 * n)))
far("loops[0].sessions[0].dur", "steps", lambda n: one(session("s", "ann", dur=15 * n)))
far("loops[0].availability[0]", "steps", lambda n: one(availability=((0, 15 * n),)))
far("loops[0].days[0]", "minute", lambda n: one(days=((0, n),)))
far("people[0].work[0]", "steps", lambda n: worker(work=((0, 15 * n),)))
far("people[0].held[0]", "steps", lambda n: worker(held=((0, 15 * n),)))
far("people[0].busy[0]", "minute", lambda n: worker(busy=(busy(0, n),)))
far("people[0].max_day", "count", lambda n: worker(max_day=n))
far("people[0].max_week", "count", lambda n: worker(max_week=n))
far("people[0].max_day_minutes", "count", lambda n: worker(max_day_minutes=n))
far("people[0].max_week_minutes", "count", lambda n: worker(max_week_minutes=n))
far("people[0].prior", "units", lambda n: worker(prior=n))
far("rooms[0].cap", "count", lambda n: one(_rooms=[room(cap=n)]))
far("day_bounds[Etc/UTC][0]", "steps", lambda n: one(_day_bounds={TZ: ((0, 15 * n),)}))
far(
    "loops[0].sessions[0].seats[0].rank[ann]",
    "units",
    lambda n: one(session("s", seat("ann", rank={"ann": n}))),
)
far("travel[0][2]", "minute", lambda n: one(_travel=(("here", "there", n),), _rooms=[room(site="there")]))
far(
    "loops[0].gaps[0].least",
    "minute",
    lambda n: one(session("s", "ann"), session("t", "bob"), gaps=(Gap("s", "t", n),)),
)
far(
    "loops[0].gaps[0].greatest",
    "minute",
    lambda n: one(session("s", "ann"), session("t", "bob"), gaps=(Gap("s", "t", 0, n),)),
)


@pytest.mark.parametrize("path", CASES)
def test_one_beyond_the_limit_is_refused_by_its_name(path: str) -> None:
    limit, build = CASES[path]
    error = refused(build)
    assert error.path == path
    assert f"the limit `{limit}` is {LIMITS[limit]}" in str(error)
