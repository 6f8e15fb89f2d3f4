"""Short games of the state machine over everything that people do and every point where the process may end."""

from __future__ import annotations

import pytest
from hypothesis import Phase

from scheduler.domain.loops import Loop
from tests.broken.variants import VARIANTS
from tests.chaos.machine import Company, games


@pytest.mark.timeout(600)
def test_whatever_happens_in_whatever_order_every_promise_holds() -> None:
    games(6, 14)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["ledger row after the write", "no deterministic id"])
def test_a_guard_that_is_taken_out_is_noticed(name: str) -> None:
    """By the promises alone: no test that knows the guard."""
    variant = next(v for v in VARIANTS if v.name == name)
    with variant.applied(), pytest.raises(AssertionError, match=r"(?m)^I\d+ "):
        games(12, 20, 1, phases=[Phase.generate], database=None, report_multiple_bugs=False)


def test_a_repair_whose_hold_expires_keeps_the_times_that_its_interviews_have() -> None:
    """Found by a game: the times of a loop in which everybody still sat were anybody's."""
    game = Company()
    game.open()
    game.time_passes(minutes=20)
    game.meet(which=0, interview=1, person=0)
    game.work(jobs=1)
    (loop,) = _loops(game)
    assert loop.state == "booking"
    game.time_passes(minutes=45)
    game.every_promise_holds()
    (loop,) = _loops(game)
    assert (loop.state, [r.kind for r in loop.reasons]) == ("needs_attention", ["hold_expired"])
    assert "the new times are kept" in loop.reasons[0].text
    game.teardown()


def _loops(game: Company) -> list[Loop]:
    with game.kit.app.db.read() as tx:
        return list(tx.loops.list())
