"""What is over is moved out of the organizer's file: nothing is lost, nobody is told, no key is free again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.errors import Conflict, Gone, Transient, Unreadable
from connectors.local import store
from connectors.types import Attendee, EventIntent, Reply, Role
from tests.connectors.conformance_kit import DAY, WINDOW, at, known, make, replies
from tests.connectors.harness import Foreign, Kind
from tests.connectors.local_harness import ORGANIZER, PEOPLE, ROOMS, LocalHarness

BEFORE = at(3, 0)


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


def interview(harness: LocalHarness, number: int, day: int) -> EventIntent:
    intent = make(harness, key=f"t/loop-1/interview-{number}/0")
    guests = (*intent.attendees, Attendee(ROOMS[0], role=Role.ROOM))
    return replace(intent, start=at(day, 10), end=at(day, 11), attendees=guests)


def uids(path: Path) -> list[str]:
    return sorted(
        str(event["UID"]) for event in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    )


def archived(harness: LocalHarness, address: str, month: str = "2026-10") -> list[str]:
    path = harness.folder / "archive" / f"{address}.{month}.ics"
    return uids(path) if path.exists() else []


def test_what_is_over_lies_in_the_file_of_its_month(harness: LocalHarness) -> None:
    past = harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    struck = harness.calendar.book(ORGANIZER, interview(harness, 2, 2))
    harness.calendar.cancel(struck.ref)
    coming = harness.calendar.book(ORGANIZER, interview(harness, 3, 4))
    harness.add(ORGANIZER, Foreign(Kind.BUSY, at(1, 15), at(1, 16)))
    theirs = [event for event in uids(harness.path(ORGANIZER)) if not event.endswith("@loopwright")]

    assert harness.calendar.archive(ORGANIZER, BEFORE) == 3  # two of the organizer, the room's copy of one

    left = uids(harness.path(ORGANIZER))
    assert left == sorted([*theirs, f"{coming.ref.id}@loopwright"])
    assert archived(harness, ORGANIZER) == sorted(
        [f"{past.ref.id}@loopwright", f"{struck.ref.id}@loopwright"]
    )
    assert archived(harness, ROOMS[0]) == [f"{past.ref.id}@loopwright"]
    assert uids(harness.path(PEOPLE[0])) == sorted(
        [f"{past.ref.id}@loopwright", f"{coming.ref.id}@loopwright"]
    )
    assert harness.calendar.archive(ORGANIZER, BEFORE) == 0


def test_nobody_is_told_and_answers_go_on(harness: LocalHarness) -> None:
    past = harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    coming = harness.calendar.book(ORGANIZER, interview(harness, 2, 4))
    first = harness.calendar.changes(ORGANIZER, None, WINDOW)
    harness.calendar.archive(ORGANIZER, BEFORE)

    news = harness.calendar.changes(ORGANIZER, first.next, WINDOW)
    assert (news.upserts, news.removals, news.reset) == ((), (), False)
    afresh = harness.calendar.changes(ORGANIZER, None, WINDOW)
    assert [event.key for event in afresh.upserts] == [coming_key(2)]
    assert harness.live_in(PEOPLE[0], coming_key(1)) == 1, "the copy of what took place stays"
    harness.answer(PEOPLE[0], coming.ref, Reply.ACCEPTED)
    assert replies(harness.calendar.get(coming.ref))[PEOPLE[0]] is Reply.ACCEPTED
    with pytest.raises(Gone):
        harness.calendar.get(past.ref)


def coming_key(number: int) -> str:
    return f"t/loop-1/interview-{number}/0"


def test_its_key_stays_taken(harness: LocalHarness) -> None:
    intent = interview(harness, 1, 1)
    harness.calendar.book(ORGANIZER, intent)
    harness.calendar.archive(ORGANIZER, BEFORE)
    with pytest.raises(Conflict, match="archive"):
        harness.calendar.book(ORGANIZER, intent)
    assert harness.live_in(ORGANIZER, intent.key) == 0


@pytest.mark.parametrize("write", range(7))
def test_killed_at_any_write_the_next_run_completes_it(
    harness: LocalHarness, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    past = harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    replace, extend, count = store.replace, store.extend, 0

    def counted(real: Callable[..., None]) -> Callable[..., None]:
        def fails(*what: object) -> None:
            nonlocal count
            count += 1
            if count == write + 1:
                raise OSError(28, "No space left on device")
            real(*what)

        return fails

    monkeypatch.setattr(store, "replace", counted(replace))
    monkeypatch.setattr(store, "extend", counted(extend))
    try:
        harness.calendar.archive(ORGANIZER, BEFORE)
        stopped = False
    except Transient:
        stopped = True
    monkeypatch.setattr(store, "replace", replace)
    monkeypatch.setattr(store, "extend", extend)
    assert stopped == (write < 6), count

    harness.calendar.changes(ORGANIZER, None, WINDOW)  # a round of answers in between
    harness.calendar.archive(ORGANIZER, BEFORE)
    mine = f"{past.ref.id}@loopwright"
    assert (archived(harness, ORGANIZER), archived(harness, ROOMS[0])) == ([mine], [mine])
    assert (uids(harness.path(ORGANIZER)), uids(harness.path(ROOMS[0]))) == ([], [])
    assert uids(harness.path(PEOPLE[0])) == [mine], "nobody's invitation was withdrawn"


def test_what_a_human_made_repeat_or_doubled_is_left_alone(harness: LocalHarness) -> None:
    booked = harness.calendar.book(ORGANIZER, make(harness))
    path = harness.path(ORGANIZER)
    path.write_bytes(path.read_bytes().replace(b"END:VEVENT", b"RRULE:FREQ=DAILY;COUNT=9\r\nEND:VEVENT"))
    assert harness.calendar.archive(ORGANIZER, BEFORE) == 0
    assert uids(path) == [f"{booked.ref.id}@loopwright"]


def test_a_deletion_is_still_a_deletion(harness: LocalHarness) -> None:
    harness.calendar.book(ORGANIZER, make(harness))
    harness.calendar.archive(ORGANIZER, BEFORE)
    coming = harness.calendar.book(ORGANIZER, interview(harness, 2, 4))
    harness.delete(coming.ref)
    harness.calendar.changes(ORGANIZER, None, WINDOW)
    assert harness.live_in(PEOPLE[0], coming_key(2)) == 0


def test_an_archive_that_is_no_calendar_is_named_and_nothing_moves(harness: LocalHarness) -> None:
    harness.calendar.book(ORGANIZER, make(harness))
    (harness.folder / "archive").mkdir()
    (harness.folder / "archive" / f"{ORGANIZER}.2026-10.ics").write_text("notes\n")
    with pytest.raises(Unreadable, match=r"archive/interviews@acme\.example\.2026-10\.ics"):
        harness.calendar.archive(ORGANIZER, BEFORE)
    assert len(uids(harness.path(ORGANIZER))) == 1


def test_rooms_stay_free_or_taken_as_they_were(harness: LocalHarness) -> None:
    harness.calendar.book(ORGANIZER, interview(harness, 1, 1))
    coming = interview(harness, 2, 4)
    harness.calendar.book(ORGANIZER, coming)
    harness.calendar.archive(ORGANIZER, BEFORE)
    assert [block.key for block in known(harness.calendar, ROOMS[0]).busy] == [coming.key]


def test_an_organizer_without_a_file_has_nothing_to_archive(harness: LocalHarness) -> None:
    assert harness.calendar.archive("nobody@elsewhere.example", DAY + timedelta(days=9)) == 0
