"""The conformance suite's words: one week, one interview, what a block and a round of changes are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.protocol import Calendar
from connectors.types import (
    Attendee,
    Event,
    EventIntent,
    Known,
    Reply,
    Role,
    Verdict,
    Window,
)
from tests.connectors.harness import ZONE, Harness, Kind

BERLIN = ZoneInfo(ZONE)
DAY = datetime(2026, 10, 20, tzinfo=BERLIN)  # a Tuesday, five days before the clocks go back
WINDOW = Window(DAY, DAY + timedelta(days=14))

HARD = {Verdict.BUSY}
EXPECTED: dict[Kind, set[Verdict]] = {
    Kind.BUSY: {Verdict.BUSY},
    Kind.PRIVATE: {Verdict.BUSY},
    Kind.UNANSWERED: {Verdict.UNANSWERED},
    Kind.TENTATIVE: {Verdict.TENTATIVE},
    Kind.OUT_OF_OFFICE: {Verdict.OUT_OF_OFFICE},
    Kind.FOCUS: {Verdict.FOCUS},
}
UNTYPED: dict[Kind, set[Verdict]] = {
    Kind.UNANSWERED: {Verdict.BUSY, Verdict.UNANSWERED},
    Kind.TENTATIVE: {Verdict.BUSY, Verdict.UNANSWERED, Verdict.TENTATIVE},
    Kind.OUT_OF_OFFICE: {Verdict.BUSY, Verdict.OUT_OF_OFFICE},
    Kind.FOCUS: {Verdict.BUSY},
}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Wall-clock time in `ZONE`, ``day`` days after `DAY`."""
    return (DAY + timedelta(days=day)).replace(hour=hour, minute=minute)


def make(harness: Harness, key: str = "t/loop-1/interview-1/0", **changes: object) -> EventIntent:
    """An interview of two people, Wednesday 10:00–11:00."""
    intent = EventIntent(
        key=key,
        title="Technical interview",
        start=at(1, 10),
        end=at(1, 11),
        zone=ZONE,
        attendees=(
            Attendee(harness.people[0], "Ada", Role.REQUIRED),
            Attendee(harness.people[1], "Ben", Role.OPTIONAL),
        ),
        description="Agenda",
        tags=(("loop", "loop-1"),),
    )
    return replace(intent, **changes)  # type: ignore[arg-type]


def known(calendar: Calendar, address: str, window: Window = WINDOW) -> Known:
    found = calendar.availability([address], window)[address]
    assert isinstance(found, Known), found
    return found


def blocks(answer: Known) -> list[tuple[datetime, datetime, Verdict]]:
    return [(b.start.astimezone(UTC), b.end.astimezone(UTC), b.verdict) for b in answer.busy]


def covered(answer: Known, start: datetime, end: datetime) -> bool:
    """Whether one block at least reaches over the whole of ``[start, end)``."""
    return any(b.start <= start and end <= b.end for b in answer.busy)


def replies(event: Event) -> dict[str, Reply]:
    return {a.address.casefold(): a.reply for a in event.attendees}


def follow(
    calendar: Calendar,
    organizer: str,
    cursor: str | None,
    known_events: dict[str, Event],
    window: Window = WINDOW,
) -> str:
    """What every caller does with `changes`: pages until ``more`` ends, a reset replaces what was known.

    ``known_events`` (id → live event) is changed in place; returns the cursor for the next round.
    """
    for number in range(200):
        page = calendar.changes(organizer, cursor, window)
        if page.reset and number == 0:
            known_events.clear()
        for event in page.upserts:
            if event.cancelled:
                known_events.pop(event.ref.id, None)
            else:
                known_events[event.ref.id] = event
        for gone in page.removals:
            known_events.pop(gone, None)
        cursor = page.next
        if not page.more:
            return cursor
    raise AssertionError("changes() never came to an end")


class Base:
    @pytest.fixture
    def harness(self) -> Harness:
        raise AssertionError("the subclass provides the harness fixture")
