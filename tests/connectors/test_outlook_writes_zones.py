"""Bookings where Exchange has other zone rules than we have, or does not know the zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import Invalid, Unreadable
from tests.connectors.conformance_kit import at, make
from tests.connectors.servers.graph_harness import GraphHarness, graph_harness


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness() as harness:
        yield harness


def items(harness: GraphHarness) -> list:  # type: ignore[type-arg]
    return list(harness.server.world.mailboxes[harness.organizer].items.values())


def test_exchange_with_older_zone_rules_gets_the_event_in_utc(harness: GraphHarness) -> None:
    harness.server.routes.stale_zones["W. Europe Standard Time"] = timedelta(hours=1)
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    event = harness.calendar.get(booked.ref)
    assert (event.start, event.end, event.etag) == (intent.start, intent.end, booked.etag)
    moved = replace(intent, start=at(3, 9), end=at(3, 10))
    again = harness.calendar.reschedule(booked.ref, moved, booked.etag)
    event = harness.calendar.get(booked.ref)
    assert (event.start, event.end, event.etag) == (moved.start, moved.end, again.etag)


@pytest.mark.parametrize("code", ["TimeZoneNotSupportedException", "ErrorPropertyValidationFailure"])
@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("America/Vancouver", "British Columbia Standard Time"),
        ("America/Edmonton", "Alberta Standard Time"),
        ("America/Winnipeg", "Manitoba Standard Time"),
        ("Africa/Casablanca", "Morocco Standard Time"),
    ],
)
def test_a_tenant_that_does_not_know_the_zone_gets_the_event_in_utc(
    harness: GraphHarness, code: str, zone: str, name: str
) -> None:
    harness.server.routes.unknown_zones[name] = code
    intent = make(harness, zone=zone)
    booked = harness.calendar.book(harness.organizer, intent)
    (item,) = items(harness)
    assert (item.start, item.end, item.zone) == (intent.start, intent.end, "UTC")
    moved = replace(intent, start=at(3, 9), end=at(3, 10))
    harness.calendar.reschedule(booked.ref, moved, booked.etag)
    (item,) = items(harness)
    assert (item.start, item.end, item.zone) == (moved.start, moved.end, "UTC")
    assert harness.server.count("create") == harness.server.count("update") == 2, "once refused, once in UTC"


def test_a_refusal_that_has_nothing_to_do_with_zones_is_told_as_it_is(harness: GraphHarness) -> None:
    harness.server.faults.refuse = [(400, "ErrorInvalidRequest", None)] * 3
    with pytest.raises(Invalid, match="ErrorInvalidRequest"):
        harness.calendar.book(harness.organizer, make(harness))


def test_a_service_that_keeps_another_time_whatever_is_said_is_an_error(harness: GraphHarness) -> None:
    shift = timedelta(hours=1)
    harness.server.routes.stale_zones |= {"W. Europe Standard Time": shift, "UTC": shift}
    with pytest.raises(Unreadable, match="another time"):
        harness.calendar.book(harness.organizer, make(harness))
