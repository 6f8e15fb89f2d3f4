"""A day of a smaller company; `./dev chaos day` plays that of ten thousand people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.big_company import SMALL
from tests.chaos.day import CHANGED, Day


@pytest.mark.timeout(600)
def test_every_promise_holds_every_hour_of_a_day(tmp_path: Path) -> None:
    day = Day(SMALL, 1, tmp_path)
    assert day.play() == []
    assert day.happened["asked"] == SMALL.loops
    assert len(day.changed) >= CHANGED * SMALL.loops - 1, "something happens to almost a third"
