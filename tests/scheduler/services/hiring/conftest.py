"""The company, connected to each hiring system in turn, or to one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.servers.hiring.ashby import AshbyServer
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.connectors.servers.hiring.lever import LeverServer
from tests.scheduler.services.hiring.kit import Hiring, connected

SYSTEMS = (GreenhouseServer, LeverServer, AshbyServer)


@pytest.fixture(params=SYSTEMS, ids=lambda s: s.system)
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hiring]:
    with connected(tmp_path, request.param) as hiring:
        yield hiring


@pytest.fixture
def hiring(tmp_path: Path) -> Iterator[Hiring]:
    with connected(tmp_path, GreenhouseServer) as found:
        yield found
