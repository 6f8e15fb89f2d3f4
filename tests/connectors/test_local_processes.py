"""Several processes on one folder, and processes that are killed in the middle of a write."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from connectors.types import Reply
from tests.connectors.conformance_kit import WINDOW, known, replies
from tests.connectors.local_harness import ORGANIZER, PEOPLE, ROOMS, LocalHarness
from tests.connectors.local_worker import intent

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


def worker(folder: Path, keys: str, writes: int = 0, race: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.connectors.local_worker", str(folder), keys, str(writes)]
    return subprocess.Popen(
        [*command, "race"] if race else command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (-signal.SIGKILL, "ready\n"), err


def whole(harness: LocalHarness, key: str) -> None:
    """Exactly one event with this key everywhere, and the room taken by it."""
    event = harness.calendar.find(ORGANIZER, key)
    assert event is not None
    assert harness.live(key) == 1
    for address in (*PEOPLE[:2], ROOMS[0]):
        assert harness.live_in(address, key) == 1, address
        assert [b.key for b in known(harness.calendar, address).busy] == [key]
    assert replies(event)[ROOMS[0]] is Reply.ACCEPTED


# Replacements of one booking: organizer, two people, the room, organizer (what was delivered), journal.
POINTS = [-1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_write_and_booked_again_it_is_one_event(harness: LocalHarness, point: int) -> None:
    key = "t/loop/interview/0"
    killed(worker(harness.folder, key, point))
    fresh = harness.restart()
    before = fresh.find(ORGANIZER, key)
    assert (before is None) == (point == -1), "the organizer's file is written first"
    booked = fresh.book(ORGANIZER, intent(key))
    assert fresh.get(booked.ref).etag == booked.etag
    whole(harness, key)
    assert list(harness.folder.glob(".loopwright-*")) == [], "what the dead left behind is swept"


def test_killed_and_only_looked_at_it_is_completed_too(harness: LocalHarness) -> None:
    key = "t/loop/interview/0"
    killed(worker(harness.folder, key, 2))
    assert harness.live_in(PEOPLE[1], key) == 0
    (event,) = harness.restart().find_all(ORGANIZER, WINDOW)
    assert event.key == key
    whole(harness, key)


def test_processes_that_book_the_same_key_make_one_event(harness: LocalHarness) -> None:
    key = "t/loop/interview/0"
    race(harness, [key] * 4)
    whole(harness, key)


def test_processes_that_want_the_same_room_do_not_share_it(harness: LocalHarness) -> None:
    keys = [[f"t/loop-{process}/{number}/0" for number in range(4)] for process in range(3)]
    race(harness, [",".join(some) for some in keys])
    events = harness.calendar.find_all(ORGANIZER, WINDOW)
    assert len(events) == 12
    assert Counter(replies(event)[ROOMS[0]] for event in events) == {Reply.ACCEPTED: 1, Reply.DECLINED: 11}
    for person in PEOPLE[:2]:
        assert len(known(harness.calendar, person).busy) == 12
    assert len(known(harness.calendar, ROOMS[0]).busy) == 1


def race(harness: LocalHarness, keys: list[str]) -> None:
    processes = [worker(harness.folder, some, race=True) for some in keys]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, "done\n"), err


def test_readers_never_see_half_a_file(harness: LocalHarness) -> None:
    """While one thread books and cancels, others read: every calendar is whole at every moment."""
    stop, seen = threading.Event(), Counter[str]()

    def reader() -> None:
        calendar = harness.restart()
        while not stop.is_set():
            for answer in calendar.availability([ORGANIZER, *PEOPLE, *ROOMS], WINDOW).values():
                seen[type(answer).__name__] += 1

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(25):
        booked = harness.calendar.book(ORGANIZER, intent(f"t/l/{number}/0"))
        harness.calendar.cancel(booked.ref)
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert set(seen) == {"Known"}
