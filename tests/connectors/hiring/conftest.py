"""A stand-in server for each hiring system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.servers.hiring.ashby import AshbyServer
from tests.connectors.servers.hiring.base import Server
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.connectors.servers.hiring.lever import LeverServer

SERVERS = (GreenhouseServer, LeverServer, AshbyServer)


@pytest.fixture(params=SERVERS, ids=lambda s: s.system)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One of them; what it found wrong with a request fails the test."""
    with request.param().running() as running:
        yield running
    assert running.problems == []
