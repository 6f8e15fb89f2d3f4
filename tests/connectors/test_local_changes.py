"""The journal behind `changes`: cursors, pages, windows, and what happens when it is lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.errors import CursorExpired, Invalid, NotFound, Unreadable
from connectors.local import LocalCalendar, journal, store
from connectors.local.folder import create_calendar
from connectors.local.store import STATE, Folder
from connectors.types import Event, Page, Reply, Window
from tests.connectors.conformance_kit import WINDOW, at, follow, make, replies
from tests.connectors.harness import ZONE
from tests.connectors.local_harness import NOW, ORGANIZER, PEOPLE, LocalHarness

ADA, BEN, _ = PEOPLE


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


def book(harness: LocalHarness, number: int, day: int | None = None) -> str:
    start = at(1 + number % 5 if day is None else day, 8 + number % 8)
    intent = make(harness, f"t/l/{number}/0", start=start, end=start + timedelta(minutes=30))
    return harness.calendar.book(ORGANIZER, intent).ref.id


def pages(calendar: LocalCalendar, cursor: str | None, window: Window = WINDOW) -> list[Page]:
    found = []
    while True:
        page = calendar.changes(ORGANIZER, cursor, window)
        found.append(page)
        cursor = page.next
        if not page.more:
            return found


def test_pages_are_bounded_and_only_the_first_resets(harness: LocalHarness) -> None:
    ids = {book(harness, number) for number in range(12)}
    found = pages(harness.calendar, None)
    assert [len(page.upserts) for page in found] == [5, 5, 2]
    assert [page.reset for page in found] == [True, False, False]
    assert [page.more for page in found] == [True, True, False]
    assert {event.ref.id for page in found for event in page.upserts} == ids
    later = {book(harness, number) for number in range(20, 27)}
    news = pages(harness.calendar, found[-1].next)
    assert [len(page.upserts) for page in news] == [5, 2]
    assert not any(page.reset for page in news)
    assert {event.ref.id for page in news for event in page.upserts} == later


def test_what_changes_between_two_pages_comes_at_the_end(harness: LocalHarness) -> None:
    ids = [book(harness, number) for number in range(8)]
    first = harness.calendar.changes(ORGANIZER, None, WINDOW)
    early = first.upserts[0]
    harness.answer(ADA, early.ref, Reply.ACCEPTED)
    gone = first.upserts[1]
    harness.calendar.cancel(gone.ref)
    unseen = next(id_ for id_ in ids if id_ not in {e.ref.id for e in first.upserts})
    harness.delete(replace(early.ref, id=unseen))
    known: dict[str, Event] = {e.ref.id: e for e in first.upserts}
    cursor = follow(harness.calendar, ORGANIZER, first.next, known)
    follow(harness.calendar, ORGANIZER, cursor, known)
    assert set(known) == set(ids) - {gone.ref.id, unseen}
    assert replies(known[early.ref.id])[ADA] is Reply.ACCEPTED


def test_deleted_by_a_human_is_a_removal_and_cancelled_is_told_with_its_time(harness: LocalHarness) -> None:
    one, two = book(harness, 1), book(harness, 2)
    cursor = pages(harness.calendar, None)[-1].next
    ref = harness.calendar.find_all(ORGANIZER, WINDOW)[0].ref
    harness.delete(replace(ref, id=one))
    harness.calendar.cancel(replace(ref, id=two))
    (page,) = pages(harness.calendar, cursor)
    assert page.removals == (one,)
    assert [(event.ref.id, event.cancelled) for event in page.upserts] == [(two, True)]


def test_moved_out_of_the_window_is_still_told(harness: LocalHarness) -> None:
    id_ = book(harness, 1)
    cursor = pages(harness.calendar, None)[-1].next
    ref = harness.calendar.find_all(ORGANIZER, WINDOW)[0].ref
    harness.move(ref, at(60, 9), at(60, 10))
    (page,) = pages(harness.calendar, cursor)
    assert [(event.ref.id, event.start) for event in page.upserts] == [(id_, at(60, 9))]


def test_a_later_window_tells_what_the_old_one_did_not_cover(harness: LocalHarness) -> None:
    inside, later = book(harness, 1), [book(harness, number, day=20) for number in range(2, 9)]
    known: dict[str, Event] = {}
    cursor = follow(harness.calendar, ORGANIZER, None, known)
    assert set(known) == {inside}
    moved_on = Window(WINDOW.start + timedelta(days=10), WINDOW.end + timedelta(days=10))
    news: dict[str, Event] = {}
    cursor = follow(harness.calendar, ORGANIZER, cursor, news, moved_on)
    assert set(news) == set(later)
    again: dict[str, Event] = {}
    follow(harness.calendar, ORGANIZER, cursor, again, moved_on)
    assert again == {}


def test_a_change_of_window_in_the_middle_of_a_round_waits_for_the_next(harness: LocalHarness) -> None:
    ids = {book(harness, number) for number in range(7)} | {book(harness, 7, day=20)}
    first = harness.calendar.changes(ORGANIZER, None, WINDOW)
    wide = Window(WINDOW.start, WINDOW.end + timedelta(days=20))
    known: dict[str, Event] = {e.ref.id: e for e in first.upserts}
    cursor = follow(harness.calendar, ORGANIZER, first.next, known, wide)
    assert len(known) == 7
    follow(harness.calendar, ORGANIZER, cursor, known, wide)
    assert set(known) == ids


class TestAdded:
    def test_what_is_new_is_added_and_read_as_the_whole_would_be(self, harness: LocalHarness) -> None:
        path, sizes = harness.folder / STATE / f"{ORGANIZER}.ics.json", []
        for number in range(40):
            book(harness, number)
            folder = Folder(harness.folder, 10**6, 1.0)
            found = journal.load(folder, ORGANIZER)
            assert len(found.events) == number + 1
            assert found == journal.load(harness.calendar._folder, ORGANIZER)
            sizes.append((path.stat().st_ino, path.stat().st_size))
        longer = [after[0] == before[0] and after[1] > before[1] for before, after in pairwise(sizes)]
        assert longer.count(True) > 25
        assert longer.count(False) > 2, "and made anew now and then"
        lines = path.read_text().split("\n")
        assert len(lines[0]) * 2 >= path.stat().st_size

    def test_a_line_that_was_cut_off_was_never_there(self, harness: LocalHarness) -> None:
        for number in range(8):
            book(harness, number)
        path = harness.folder / STATE / f"{ORGANIZER}.ics.json"
        size, before = path.stat().st_size, journal.load(Folder(harness.folder, 10**6, 1.0), ORGANIZER)
        id_ = book(harness, 9)
        data = path.read_bytes()
        assert data[size:].startswith(b"\n{")
        for cut in (size, size + 1, size + 40, len(data) - 1):
            path.write_bytes(data[:cut])
            harness.restart()
            assert journal.load(Folder(harness.folder, 10**6, 1.0), ORGANIZER) == before
            store.extend(path, data[size:])
            assert id_ in journal.load(Folder(harness.folder, 10**6, 1.0), ORGANIZER).events


class TestLost:
    def test_a_journal_that_cannot_be_read_is_a_lost_one(self, harness: LocalHarness) -> None:
        id_ = book(harness, 1)
        cursor = pages(harness.calendar, None)[-1].next
        (journal,) = (harness.folder / STATE).glob("*.json")
        for damage in (
            "",
            "{",
            "[]",
            '{"epoch":1}',
            "[" * 100_000,
            json.dumps({"epoch": "x", "events": {"a": {}}}),
        ):
            journal.write_text(damage)
            with pytest.raises(CursorExpired):
                harness.calendar.changes(ORGANIZER, cursor, WINDOW)
            (page,) = pages(harness.calendar, None)
            assert [event.ref.id for event in page.upserts] == [id_]
            cursor = page.next

    def test_a_cursor_of_another_folder_or_organizer(self, harness: LocalHarness, tmp_path: Path) -> None:
        book(harness, 1)
        cursor = pages(harness.calendar, None)[-1].next
        other = LocalHarness(tmp_path / "other", harness._patch)
        with pytest.raises(CursorExpired):
            other.calendar.changes(ORGANIZER, cursor, WINDOW)
        create_calendar(harness.folder, "debriefs@acme.example", "Debriefs", ZONE)
        with pytest.raises(CursorExpired):
            harness.calendar.changes("debriefs@acme.example", cursor, WINDOW)

    def test_a_folder_put_back_from_a_backup(self, harness: LocalHarness, tmp_path: Path) -> None:
        book(harness, 1)
        old = pages(harness.calendar, None)[-1].next
        shutil.copytree(harness.folder, tmp_path / "backup")
        lost = book(harness, 2)
        newer = pages(harness.calendar, old)[-1].next
        shutil.rmtree(harness.folder)
        shutil.copytree(tmp_path / "backup", harness.folder)
        calendar = LocalCalendar(harness.folder, zone=ZONE, clock=lambda: NOW)
        book(harness, 3)
        with pytest.raises(CursorExpired):
            calendar.changes(ORGANIZER, newer, WINDOW)
        known: dict[str, Event] = {}
        follow(calendar, ORGANIZER, None, known)
        assert lost not in known
        assert len(known) == 2

    def test_only_so_many_old_cursors_are_remembered(
        self, harness: LocalHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("connectors.local.journal._MARKS", 3)
        cursors = []
        for number in range(5):
            book(harness, number)
            cursors.append(pages(harness.calendar, None)[-1].next)
        with pytest.raises(CursorExpired):
            harness.calendar.changes(ORGANIZER, cursors[0], WINDOW)
        assert len(harness.calendar.changes(ORGANIZER, cursors[3], WINDOW).upserts) == 1


def test_an_organizer_that_cannot_be_read_is_no_empty_calendar(harness: LocalHarness) -> None:
    book(harness, 1)
    cursor = pages(harness.calendar, None)[-1].next
    good = harness.path(ORGANIZER).read_bytes()
    harness.path(ORGANIZER).write_bytes(good[:-40])
    with pytest.raises(Unreadable):
        harness.calendar.changes(ORGANIZER, cursor, WINDOW)
    harness.path(ORGANIZER).unlink()
    with pytest.raises(NotFound):
        harness.calendar.changes(ORGANIZER, cursor, WINDOW)
    harness.path(ORGANIZER).write_bytes(good)
    assert harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts == ()


def test_the_journal_holds_no_names_and_no_texts(harness: LocalHarness) -> None:
    harness.calendar.book(ORGANIZER, make(harness, title="Secret-Title", description="Secret-Text"))
    (journal,) = (harness.folder / STATE).glob("*.json")
    assert "Secret" not in journal.read_text()
    assert "Ada" not in journal.read_text()


def test_a_page_size_must_be_positive(harness: LocalHarness) -> None:
    with pytest.raises(Invalid, match="page_size"):
        LocalCalendar(harness.folder, page_size=0)
