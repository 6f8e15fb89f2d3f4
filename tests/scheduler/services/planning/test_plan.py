"""What becomes of a loop that is planned, told by what the solver answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.loops import LoopState
from tests.scheduler.kit import COMPANY, make
from tests.stories.kit import ask


@pytest.mark.parametrize("prices", ["unscheduled: 77", "unscheduled: 0", "finish: 10000000"])
def test_where_every_plan_is_too_dear_a_person_is_told_which_price_to_change(
    tmp_path: Path, prices: str
) -> None:
    """The calendars have room: nothing is impossible, and nothing is offered."""
    text = COMPANY.read_text(encoding="utf-8").replace("policy:\n", f"policy:\n  prices: {{{prices}}}\n")
    loop = ask(make(tmp_path, text))
    assert loop.state is LoopState.NEEDS_ATTENTION
    (reason,) = loop.reasons
    assert reason.kind == "too_dear"
    assert "raise policy.prices.unscheduled" in reason.text
