"""What a folder of calendar files costs: ``python -m benchmarks.local_calendars [CALENDARS]``.

Makes a folder of calendars (200 by default; each with 60 single events within a month and six series
that began up to two years ago) and prints: reading everybody's two weeks for the first time and again,
booking, moving and cancelling an interview of four people and a room with every write on the disk, and
a round of `changes` over 300 events with and without news. Seconds of one process on one core.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.local import LocalCalendar
from connectors.local.folder import Entry, add_entries, answer, create_calendar
from connectors.types import Attendee, EventIntent, Known, Reply, Role, RoomInfo, Window

ZONE = "Europe/Berlin"
MONDAY = datetime(2026, 10, 19, tzinfo=ZoneInfo(ZONE))
WINDOW = Window(MONDAY, MONDAY + timedelta(days=14))
HUB = "interviews@acme.example"


def person(number: int) -> str:
    return f"person-{number}@acme.example"


def entries(chance: random.Random) -> Iterator[Entry]:
    for number in range(60):
        start = MONDAY + timedelta(days=chance.randrange(-14, 16), hours=chance.randrange(8, 18))
        yield Entry(f"Meeting {number}", start, start + timedelta(minutes=30))
    for number in range(6):
        start = (MONDAY - timedelta(days=chance.randrange(60, 700))).replace(hour=9 + number)
        rule = "FREQ=WEEKLY;BYDAY=MO,WE" if number % 2 else "FREQ=DAILY"
        skip = (start + timedelta(days=7),)
        yield Entry(f"Series {number}", start, start + timedelta(minutes=30), rule=rule, skip=skip)


@contextmanager
def timed(what: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"{what:<58} {time.perf_counter() - wall:8.3f} s  (cpu {time.process_time() - cpu:.3f})")


def each(what: str, calls: list[Callable[[], object]]) -> None:
    taken = []
    cpu = time.process_time()
    for call in calls:
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    worst = sorted(taken)[int(len(taken) * 0.95)]
    mean = (time.process_time() - cpu) * 1000 / len(calls)
    print(f"{what:<58} {statistics.median(taken):8.1f} ms (95 % under {worst:.1f}; cpu {mean:.1f})")


def intent(number: int, people: int) -> EventIntent:
    start = MONDAY + timedelta(days=number % 10, hours=8 + number % 10)
    guests = [Attendee(person((number * 7 + k) % people)) for k in range(4)]
    guests.append(Attendee("room@acme.example", role=Role.ROOM))
    return EventIntent(
        f"bench/{number}/0", "Interview", start, start + timedelta(hours=1), ZONE, tuple(guests)
    )


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, chance = Path(name), random.Random(1)
        for number in range(count):
            create_calendar(folder, person(number), f"Person {number}", ZONE)
            add_entries(folder, person(number), entries(chance))
        create_calendar(folder, HUB, "Interviews", ZONE)
        create_calendar(folder, "room@acme.example", "Room", ZONE, RoomInfo("room@acme.example", "Room"))
        size = sum(path.stat().st_size for path in folder.glob("*.ics"))
        print(f"{count} calendars, {size / 1e6:.1f} MB")
        everybody = [person(number) for number in range(count)]
        calendar = LocalCalendar(folder, clock=lambda: datetime(2026, 10, 1, tzinfo=UTC))
        for what in ("for the first time", "again"):
            with timed(f"two weeks of everybody, {what}"):
                found = calendar.availability(everybody, WINDOW)
            assert all(isinstance(answer_, Known) for answer_ in found.values())
        wanted = [intent(number, count) for number in range(300)]
        each("book 4 people and a room", [lambda w=w: calendar.book(HUB, w) for w in wanted])  # type: ignore[misc]
        each("book again (nothing to do)", [lambda w=w: calendar.book(HUB, w) for w in wanted])  # type: ignore[misc]
        with timed("changes, first round of 300 events"):
            page = calendar.changes(HUB, None, WINDOW)
            while page.more:
                page = calendar.changes(HUB, page.next, WINDOW)
        with timed("changes, no news"):
            page = calendar.changes(HUB, page.next, WINDOW)
        answer(folder, person(0), "bench/0/0", Reply.ACCEPTED)
        with timed("changes, one answer"):
            assert len(calendar.changes(HUB, page.next, WINDOW).upserts) == 1
        events = [calendar.find(HUB, w.key) for w in wanted[:50]]
        moves = [
            (e, replace(w, start=w.start + timedelta(days=1), end=w.end + timedelta(days=1)))
            for e, w in zip(events, wanted[:50], strict=True)
            if e is not None
        ]
        each("move", [lambda e=e, w=w: calendar.reschedule(e.ref, w, e.etag) for e, w in moves])  # type: ignore[misc]
        each("cancel", [lambda e=e: calendar.cancel(e.ref) for e, _ in moves])  # type: ignore[misc]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
