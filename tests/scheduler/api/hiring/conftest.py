"""The API of a company that is connected to a hiring system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.scheduler.api.client import Client
from tests.scheduler.services.hiring.kit import Hiring, connected


@pytest.fixture
def hiring(tmp_path: Path) -> Iterator[Hiring]:
    with connected(tmp_path, GreenhouseServer) as found:
        yield found


@pytest.fixture
def api(hiring: Hiring) -> Iterator[Client]:
    with Client(hiring.kit) as client:
        yield client
