"""The Google connector keeps what every calendar promises: over real sockets, with the real client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.conformance import CalendarConformance
from tests.connectors.servers.google_harness import GoogleHarness, google


class TestTyped(CalendarConformance):
    @pytest.fixture
    def harness(self) -> Iterator[GoogleHarness]:
        with google() as harness:
            yield harness


class TestFreeBusy(CalendarConformance):
    @pytest.fixture
    def harness(self) -> Iterator[GoogleHarness]:
        with google("free_busy") as harness:
            yield harness


class TestImpersonating(CalendarConformance):
    """Acting as the owner of each calendar, on a service that likes small and empty pages."""

    @pytest.fixture
    def harness(self) -> Iterator[GoogleHarness]:
        with google(impersonate=True) as harness:
            harness.server.world.page_size, harness.server.world.empty_pages = 2, True
            yield harness
