"""Short games of the state machine over everything that people do and every point where the process may end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.machine import Company

SHORT = settings(
    max_examples=6, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.timeout(600)
def test_whatever_happens_in_whatever_order_every_promise_holds() -> None:
    run_state_machine_as_test(Company, settings=SHORT)  # type: ignore[no-untyped-call]
