"""Events that were forgotten are in no file any more, and nobody's other event is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import icalendar
import pytest

from connectors.local import store
from connectors.protocol import Forgets
from connectors.types import Attendee, EventIntent, Role
from tests.connectors.conformance_kit import WINDOW, at, make
from tests.connectors.harness import Foreign, Kind
from tests.connectors.local_harness import ORGANIZER, ROOMS, LocalHarness

WORD = "Kanarienvogel"


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


def interview(harness: LocalHarness, number: int, day: int, title: str = WORD) -> EventIntent:
    intent = make(harness, key=f"t/loop-1/interview-{number}/0")
    guests = (*intent.attendees, Attendee(ROOMS[0], role=Role.ROOM))
    return replace(intent, title=title, start=at(day, 10), end=at(day, 11), attendees=guests)


def files(harness: LocalHarness) -> dict[str, bytes]:
    return {
        str(p.relative_to(harness.folder)): p.read_bytes() for p in harness.folder.rglob("*") if p.is_file()
    }


def test_they_are_in_no_file_and_all_else_is_as_it_was(
    harness: LocalHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past and put away, cancelled, coming, and pasted by hand; in long files that are kept aside as well."""
    monkeypatch.setattr("connectors.local.keeping.turns.LONG", 1)
    keys = [interview(harness, n, n).key for n in (1, 2, 4)]
    harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    harness.calendar.cancel(harness.calendar.book(ORGANIZER, interview(harness, 2, 2)).ref)
    harness.calendar.book(ORGANIZER, interview(harness, 4, 4))
    other = harness.calendar.book(ORGANIZER, interview(harness, 5, 5, "Somebody else"))
    harness.add(ORGANIZER, Foreign(Kind.BUSY, at(1, 15), at(1, 16)))
    path = harness.path(ORGANIZER)
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    pasted = next(e for e in calendar.walk("VEVENT") if e["X-LOOPWRIGHT-KEY"] == keys[2])
    pasted["UID"] = "pasted@example"
    path.write_bytes(path.read_bytes().replace(b"END:VCALENDAR", pasted.to_ical() + b"END:VCALENDAR"))
    harness.calendar.archive(ORGANIZER, at(3, 0))
    assert isinstance(harness.calendar, Forgets)
    assert sum(WORD.encode() in data for data in files(harness).values()) >= 4

    count, faults = harness.calendar.forget(ORGANIZER, keys)

    assert count >= 6 and [line.partition(":")[0] for line in faults] == ["broken@acme.example.ics"]
    assert [name for name, data in files(harness).items() if WORD.encode() in data] == []
    assert [e.key for e in harness.calendar.find_all(ORGANIZER, WINDOW)] == [interview(harness, 5, 5).key]
    assert harness.calendar.get(other.ref).ref == other.ref
    left = icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    assert len(left) == 2, "one of ours and one of somebody's own"
    assert harness.calendar.forget(ORGANIZER, keys) == (0, faults)
    assert harness.calendar.changes(ORGANIZER, None, WINDOW).upserts[0].key == interview(harness, 5, 5).key


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_done(
    harness: LocalHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    harness.path(ROOMS[0]).write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\n")
    count, faults = harness.calendar.forget(ORGANIZER, [interview(harness, 1, 1).key])
    assert count >= 1 and any(ROOMS[0] in line for line in faults)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    harness.calendar.book(ORGANIZER, interview(harness, 2, 2))
    monkeypatch.setattr(store, "replace", full)
    with pytest.raises(Exception, match="No space left"):
        harness.calendar.forget(ORGANIZER, [interview(harness, 2, 2).key])
