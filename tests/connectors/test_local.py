"""The folder of calendar files passes the suite that every calendar passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.conformance import CalendarConformance
from tests.connectors.local_harness import LocalHarness


class TestLocal(CalendarConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
        return LocalHarness(tmp_path / "calendars", monkeypatch)
