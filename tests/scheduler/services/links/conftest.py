"""A company for links."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scheduler.kit import Kit, make


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)
