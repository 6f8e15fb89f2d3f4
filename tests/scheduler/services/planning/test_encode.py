"""A loop's picture as a problem of the solver: what a company may set of it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from scheduler.domain.loops import LoopState
from scheduler.services.planning import encode, picture
from solver import Weights
from tests.scheduler.kit import COMPANY, make
from tests.stories.kit import ask


@pytest.mark.parametrize("weight", fields(Weights), ids=lambda weight: weight.name)
def test_every_price_may_be_set_by_the_company(tmp_path: Path, weight: object) -> None:
    """Also those that have a default of the scheduler's own."""
    name = getattr(weight, "name", "")
    text = COMPANY.read_text(encoding="utf-8").replace("policy:\n", f"policy:\n  prices: {{{name}: 77}}\n")
    kit = make(tmp_path, text)
    loop = ask(kit)
    wanted = LoopState.NEEDS_ATTENTION if name == "unscheduled" else LoopState.CONFIRMED
    assert loop.state is wanted
    encoded = encode.encode(picture.gather(kit.app, loop))
    assert isinstance(encoded, encode.Encoded)
    assert getattr(encoded.problem.weights, name) == 77
