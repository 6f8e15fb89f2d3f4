"""One behaviour suite for every calendar: what `connectors.protocol.Calendar` promises, as tests.

Subclass `CalendarConformance` with a ``harness`` fixture (see `tests.connectors.harness`). A service
that cannot do something says so in its harness (``keyed``, ``remembers``, ``words``); no test is skipped.
"""

from __future__ import annotations

from tests.connectors.conformance_availability import AvailabilityConformance
from tests.connectors.conformance_changes import ChangesConformance, ReplyConformance
from tests.connectors.conformance_events import (
    BookingConformance,
    CancelConformance,
    FindConformance,
    RescheduleConformance,
)
from tests.connectors.harness import Harness


class CalendarConformance(
    AvailabilityConformance,
    BookingConformance,
    FindConformance,
    ReplyConformance,
    RescheduleConformance,
    CancelConformance,
    ChangesConformance,
):
    """All of it; subclass this."""

    def test_the_limits_are_told(self, harness: Harness) -> None:
        limits = harness.calendar.capabilities()
        assert limits.addresses_per_call >= 1
        assert limits.window_days >= 14
