"""Events that were forgotten are in no file any more, and nobody's other event is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
    text = path.read_text()
    begin = text.index("BEGIN:VEVENT", text.index(WORD) - 2000 if text.index(WORD) > 2000 else 0)
    pasted = text[begin : text.index("END:VEVENT", begin) + len("END:VEVENT\r\n")]
    assert "UID:" in pasted
    pasted = "".join(
        f"UID:pasted@x{line[-2:]}" if line.startswith("UID:") else line for line in pasted.splitlines(True)
    )
    path.write_text(text.replace("END:VCALENDAR", f"{pasted}END:VCALENDAR"))
    harness.calendar.archive(ORGANIZER, at(3, 0))
    assert isinstance(harness.calendar, Forgets)
    assert sum(WORD.encode() in data for data in files(harness).values()) >= 4

    count, faults = harness.calendar.forget(ORGANIZER, keys)

    assert count >= 6 and faults == []
    assert [name for name, data in files(harness).items() if WORD.encode() in data] == []
    assert [e.key for e in harness.calendar.find_all(ORGANIZER, WINDOW)] == [interview(harness, 5, 5).key]
    assert harness.calendar.get(other.ref).title == "Somebody else"
    assert b"busy" in path.read_bytes().lower() or len(path.read_bytes()) > 200
    assert harness.calendar.forget(ORGANIZER, keys) == (0, [])
    assert harness.calendar.changes(ORGANIZER, None, WINDOW).upserts[0].key == interview(harness, 5, 5).key


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_done(
    harness: LocalHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    harness.path(ROOMS[0]).write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\n")
    count, faults = harness.calendar.forget(ORGANIZER, [interview(harness, 1, 1).key])
    assert count >= 1 and len(faults) == 1 and ROOMS[0] in faults[0]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    harness.calendar.book(ORGANIZER, interview(harness, 2, 2))
    monkeypatch.setattr(store, "replace", full)
    with pytest.raises(Exception, match="No space left"):
        harness.calendar.forget(ORGANIZER, [interview(harness, 2, 2).key])
