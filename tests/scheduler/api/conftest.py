"""A loaded company behind the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scheduler.api.client import Client
from tests.scheduler.kit import Kit, make


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def api(kit: Kit) -> Client:
    return Client(kit)
