"""The Outlook connector holds what every calendar promises, on a stand-in over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.types import Verdict
from tests.connectors.conformance import CalendarConformance
from tests.connectors.conformance_kit import EXPECTED, at, known
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.graph_harness import GraphHarness, graph_harness


class TestTyped(CalendarConformance):
    @pytest.fixture
    def harness(self) -> Iterator[GraphHarness]:
        with graph_harness("typed") as harness:
            yield harness

    @pytest.mark.parametrize("kind", sorted(EXPECTED))
    def test_what_takes_time(self, harness: GraphHarness, kind: Kind) -> None:
        """As everywhere, but Exchange knows no focus time: it is plainly busy."""
        harness.add(harness.people[0], Foreign(kind, at(0, 9), at(0, 10)))
        answer = known(harness.calendar, harness.people[0])
        expected = {Verdict.BUSY} if kind is Kind.FOCUS else EXPECTED[kind]
        assert [(b.start, b.end, b.key) for b in answer.busy] == [(at(0, 9), at(0, 10), None)]
        assert {b.verdict for b in answer.busy} == expected


class TestFreeBusy(CalendarConformance):
    @pytest.fixture
    def harness(self) -> Iterator[GraphHarness]:
        with graph_harness("free_busy") as harness:
            yield harness

    def test_a_working_location_tells_the_place(self, harness: GraphHarness) -> None:
        """Better than asked for: getSchedule tells working elsewhere without showing events."""
        harness.add(harness.people[0], Foreign(Kind.ELSEWHERE, at(0, 9), at(0, 17)))
        answer = known(harness.calendar, harness.people[0])
        assert not answer.typed
        assert [(p.start, p.end, p.where) for p in answer.places] == [(at(0, 9), at(0, 17), "elsewhere")]
