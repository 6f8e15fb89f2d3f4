"""Faults made by another hand than ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import icalendar

from tests.scheduler.kit import Kit


@contextmanager
def organizer_file(kit: Kit) -> Iterator[icalendar.Calendar]:
    """The organizer's calendar file, written back with the icalendar library."""
    path = kit.folder / f"{kit.company.organizer.address}.ics"
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    yield calendar
    path.write_bytes(calendar.to_ical())
