"""The Google connector keeps what every calendar promises: over real sockets, with the real client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.conformance import CalendarConformance
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.google_harness import GoogleHarness


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server
        assert server.world.problems == []  # every request and answer fits Google's description


class TestTyped(CalendarConformance):
    @pytest.fixture
    def harness(self, server: GoogleServer) -> Iterator[GoogleHarness]:
        harness = GoogleHarness(server)
        yield harness
        harness.close()


class TestFreeBusy(CalendarConformance):
    @pytest.fixture
    def harness(self, server: GoogleServer) -> Iterator[GoogleHarness]:
        harness = GoogleHarness(server, "free_busy")
        yield harness
        harness.close()


class TestImpersonating(CalendarConformance):
    """Acting as the owner of each calendar, on a service that likes small and empty pages."""

    @pytest.fixture
    def harness(self, server: GoogleServer) -> Iterator[GoogleHarness]:
        server.world.page_size, server.world.empty_pages = 2, True
        harness = GoogleHarness(server, impersonate=True)
        yield harness
        harness.close()
