"""A round over an organizer's events does again only what may have become different."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local import LocalCalendar, delivery, files
from connectors.local.folder import answer, create_calendar
from connectors.types import Attendee, EventIntent, Page, Reply, Role, Window
from tests.connectors.local_harness import NOW

ORGANIZER = "interviews@acme.example"
PEOPLE = ("ada@acme.example", "ben@acme.example", "cem@acme.example")
WINDOW = Window(NOW, NOW + timedelta(days=30))


@pytest.fixture
def calendar(tmp_path: Path) -> LocalCalendar:
    for address in (ORGANIZER, *PEOPLE):
        create_calendar(tmp_path, address, address, "Europe/Berlin")
    made = LocalCalendar(tmp_path, clock=lambda: NOW)
    for number in range(9):
        start = NOW + timedelta(days=1, hours=number)
        who = (Attendee(PEOPLE[number % 3], "", Role.REQUIRED),)
        made.book(
            ORGANIZER,
            EventIntent(key(number), "Talk", start, start + timedelta(hours=1), "Europe/Berlin", who),
        )
    return made


def key(number: int) -> str:
    return f"test/l{number}/talk/0"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the events that are compared with their copies from now on."""
    found: list[str] = []
    real = delivery._Round.settle

    def note(round_: delivery._Round, stored: delivery.Stored) -> delivery.Stored:
        found.append(stored.key)
        return real(round_, stored)

    monkeypatch.setattr(delivery._Round, "settle", note)
    return found


def changes(calendar: LocalCalendar, cursor: str | None) -> Page:
    return calendar.changes(ORGANIZER, cursor, WINDOW)


def test_a_round_without_news_compares_nothing(calendar: LocalCalendar, settled: list[str]) -> None:
    first = changes(calendar, None)
    assert len(first.upserts) == len(settled) == 9
    settled.clear()
    second = changes(calendar, first.next)
    assert (second.upserts, second.removals, settled) == ((), (), [])
    assert len(calendar.find_all(ORGANIZER, WINDOW)) == 9
    assert settled == []


def test_an_answer_is_heard_and_others_are_left_alone(
    calendar: LocalCalendar, tmp_path: Path, settled: list[str]
) -> None:
    first = changes(calendar, None)
    settled.clear()
    answer(tmp_path, PEOPLE[1], key(4), Reply.DECLINED, "not then")
    (told,) = changes(calendar, first.next).upserts
    assert (told.key, told.attendees[0].reply) == (key(4), Reply.DECLINED)
    assert set(settled) == {key(4)}


def test_who_throws_a_copy_away_is_heard_every_time(calendar: LocalCalendar, tmp_path: Path) -> None:
    page = changes(calendar, None)
    path = tmp_path / f"{PEOPLE[2]}.ics"
    text = path.read_bytes().decode()
    begin = text.index("BEGIN:VEVENT")
    gone = text[begin : text.index("END:VEVENT", begin) + len("END:VEVENT\r\n")]
    path.write_bytes(text.replace(gone, "").encode())
    page = changes(calendar, page.next)
    assert [e.attendees[0].reply for e in page.upserts] == [Reply.DECLINED]
    path.write_bytes(text.encode())
    page = changes(calendar, page.next)
    assert [e.attendees[0].reply for e in page.upserts] == [Reply.NEEDS_ACTION]


def test_a_file_that_rests_is_not_read_by_a_round_and_always_before_a_decision(
    calendar: LocalCalendar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ago = time.time_ns() - 3_600_000_000_000
    real = files.Files._open
    opened: list[str] = []

    def note(self: files.Files, path: Path, owner: str) -> object:
        opened.append(owner)
        return real(self, path, owner)

    monkeypatch.setattr(files.Files, "_open", note)
    monkeypatch.setattr(files, "RESTED", -1)  # as if time had passed
    for address in (ORGANIZER, *PEOPLE):
        os.utime(tmp_path / f"{address}.ics", ns=(ago, ago))
    page = changes(calendar, None)
    opened.clear()
    changes(calendar, page.next)
    assert opened == []
    calendar.availability(PEOPLE, WINDOW)
    assert opened == list(PEOPLE)


def test_a_file_written_in_the_tick_of_its_reading_is_read_again(
    calendar: LocalCalendar, tmp_path: Path
) -> None:
    """Same inode, size and times: what stands there just now is never taken for what was read."""
    page = changes(calendar, None)
    path = tmp_path / f"{PEOPLE[0]}.ics"
    status = path.stat()
    text = path.read_bytes().decode()
    assert "PARTSTAT=NEEDS-ACTION" in text
    with path.open("r+", newline="") as file:
        file.write(text.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED;A=B", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    (told,) = changes(calendar, page.next).upserts
    assert told.attendees[0].reply is Reply.ACCEPTED
