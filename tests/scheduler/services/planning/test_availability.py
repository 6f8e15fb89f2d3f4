"""Reading everybody's calendars gives signs of life, however many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.domain.people import Account
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import progress
from scheduler.services.planning import availability
from tests.scheduler.kit import make


def test_a_large_company_is_read_in_steps_and_each_is_a_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make(tmp_path)
    monkeypatch.setattr(availability, "_AT_ONCE", 2)
    signs = []
    monkeypatch.setattr(progress, "alive", lambda more=0.0: signs.append(more))
    start = datetime(2027, 1, 11, tzinfo=UTC)
    wanted = {Subject.person(str(n)): Account("local", f"nobody{n}@testwerk.example") for n in range(5)}
    found = availability.read(kit.app, wanted, Span(start, start + timedelta(days=1)))
    assert (set(found), len(signs)) == (set(wanted), 3)
