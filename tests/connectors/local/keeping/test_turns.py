"""Files that take turns hold what files written anew would, and nobody who looks at an older one sees it change."""

from __future__ import annotations

import mmap
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import ConnectorError
from connectors.local import LocalCalendar, store
from connectors.local.folder import answer, create_calendar
from connectors.local.keeping import pieces, turns
from connectors.types import Attendee, EventIntent, Reply, Window
from tests.connectors.local_harness import NOW

ORGANIZER, ADA = "interviews@acme.example", "ada@acme.example"
ZONE = "Europe/Berlin"
WINDOW = Window(NOW, NOW + timedelta(days=30))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONG", 0)
    monkeypatch.setattr(pieces, "SIZE", 256)


def intent(number: int) -> EventIntent:
    start = NOW + timedelta(days=1, hours=number)
    who = (Attendee(ADA, "Ada"),)
    return EventIntent(f"test/l{number}/talk/0", "Talk", start, start + timedelta(hours=1), ZONE, who)


def made(folder: Path) -> LocalCalendar:
    folder.mkdir()
    for address in (ORGANIZER, ADA):
        create_calendar(folder, address, address, ZONE)
    return LocalCalendar(folder, clock=lambda: NOW)


def history(calendar: LocalCalendar, folder: Path) -> dict[str, bytes]:
    """What stands in the files after a bit of everything."""
    booked = [calendar.book(ORGANIZER, intent(number)) for number in range(6)]
    answer(folder, ADA, intent(0).key, Reply.ACCEPTED)
    moved = replace(intent(2), start=NOW + timedelta(days=3), end=NOW + timedelta(days=3, hours=1))
    calendar.reschedule(booked[2].ref, moved, booked[2].etag)
    calendar.cancel(booked[4].ref, "not needed")
    calendar.find_all(ORGANIZER, WINDOW)
    LocalCalendar(folder, clock=lambda: NOW).book(ORGANIZER, intent(7))
    return {path.name: path.read_bytes() for path in folder.glob("*.ics")}


def test_they_hold_what_files_written_anew_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []
    real = turns.taken

    def counted(aside: Path, temporary: Path, data: Sequence[bytes]) -> bool:
        taken.append(real(aside, temporary, data))
        return taken[-1]

    monkeypatch.setattr(turns, "taken", counted)
    found = history(made(tmp_path / "turns"), tmp_path / "turns")
    assert taken.count(True) > 10
    monkeypatch.setattr(turns, "LONG", 10**9)
    assert history(made(tmp_path / "anew"), tmp_path / "anew") == found


def test_only_what_changed_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = made(tmp_path / "folder")
    for number in range(20):
        calendar.book(ORGANIZER, intent(number))
    size, real, written = (tmp_path / "folder" / f"{ORGANIZER}.ics").stat().st_size, os.pwrite, 0

    def counted(descriptor: int, data: memoryview, at: int) -> int:
        nonlocal written
        written += len(data)
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", counted)
    monkeypatch.setattr(turns, "LONG", size)
    calendar.book(ORGANIZER, intent(20))
    assert 0 < written < size / 3


@contextmanager
def reads(path: Path) -> Iterator[Callable[[], bytes]]:
    with path.open("rb", buffering=0) as file:
        yield lambda: os.pread(file.fileno(), 10**6, 0)


@contextmanager
def maps(path: Path) -> Iterator[Callable[[], bytes]]:
    with path.open("rb") as file:
        found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with found:
        yield lambda: bytes(found)


@contextmanager
def links(path: Path) -> Iterator[Callable[[], bytes]]:
    """As a backup by hard links does."""
    (backup := path.parent / "backup").mkdir()
    os.link(path, backup / path.name)
    yield (backup / path.name).read_bytes


@pytest.mark.parametrize("looked", [reads, maps, links])
def test_who_looks_at_an_older_one_never_sees_it_change(
    tmp_path: Path, looked: Callable[[Path], AbstractContextManager[Callable[[], bytes]]]
) -> None:
    calendar = made(tmp_path / "folder")
    path = tmp_path / "folder" / f"{ORGANIZER}.ics"
    calendar.book(ORGANIZER, intent(0))
    before = path.read_bytes()
    with looked(path) as look:
        for number in range(1, 4):
            calendar.book(ORGANIZER, intent(number))
        assert look() == before


def test_another_process_that_has_it_open_keeps_what_it_opened(tmp_path: Path) -> None:
    calendar = made(tmp_path / "folder")
    calendar.book(ORGANIZER, intent(0))
    path = tmp_path / "folder" / f"{ORGANIZER}.ics"
    code = "import sys; f = open(sys.argv[1], 'rb'); print(flush=True); sys.stdin.readline(); sys.stdout.buffer.write(f.read())"
    before = path.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        for number in range(1, 4):
            calendar.book(ORGANIZER, intent(number))
        assert reader.communicate(b"\n", timeout=30)[0] == before


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 20_000])
def test_whatever_became_of_the_one_kept_aside_the_next_write_is_right(tmp_path: Path, damage: bytes) -> None:
    calendar = made(tmp_path / "folder")
    calendar.book(ORGANIZER, intent(0))
    (aside,) = (tmp_path / "folder" / store.STATE).glob(f"{ORGANIZER}*.aside")
    aside.write_bytes(damage)
    aside.chmod(0o666)
    calendar.book(ORGANIZER, intent(1))
    path = tmp_path / "folder" / f"{ORGANIZER}.ics"
    assert path.read_bytes().count(b"BEGIN:VEVENT") == 2
    assert path.read_bytes().endswith(b"END:VCALENDAR\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    calendar = made(tmp_path / "folder")
    calendar.book(ORGANIZER, intent(0))
    (aside,) = (tmp_path / "folder" / store.STATE).glob(f"{ORGANIZER}*.aside")
    aside.unlink()
    (other := tmp_path / "other").write_text("mine")
    aside.symlink_to(other)
    calendar.book(ORGANIZER, intent(1))
    assert other.read_text() == "mine"


@pytest.mark.parametrize("point", range(12))
def test_stopped_at_any_write_the_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    calendar = made(tmp_path / "folder")
    for number in range(3):
        calendar.book(ORGANIZER, intent(number))
    calls = 0

    def fails(real: Callable[..., object]) -> Callable[..., object]:
        def stopped(*what: object) -> object:
            nonlocal calls
            calls += 1
            if calls > point:
                raise OSError(28, "No space left on device")
            return real(*what)

        return stopped

    with monkeypatch.context() as patch:
        for owner, name in ((os, "pwrite"), (store, "replace"), (store, "extend"), (os, "ftruncate")):
            patch.setattr(owner, name, fails(getattr(owner, name)))
        for _ in range(2):
            try:
                calendar.book(ORGANIZER, intent(3))
            except ConnectorError:
                continue
    for path in (tmp_path / "folder").glob("*.ics"):
        assert path.read_bytes().endswith(b"END:VCALENDAR\r\n")
        assert path.read_bytes().count(b"BEGIN:VEVENT") == path.read_bytes().count(b"END:VEVENT") >= 3
    calendar.book(ORGANIZER, intent(3))
    assert (tmp_path / "folder" / f"{ORGANIZER}.ics").read_bytes().count(b"BEGIN:VEVENT") == 4


def test_what_another_program_saves_meanwhile_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booked by what was read last: right before the file is replaced it is seen that it is not that any more."""
    calendar = made(tmp_path / "folder")
    calendar.book(ORGANIZER, intent(0))
    path = tmp_path / "folder" / f"{ORGANIZER}.ics"
    event = b"BEGIN:VEVENT\r\nUID:mine\r\nDTSTART:20261013T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
    times, data = path.stat(), path.read_bytes()
    path.write_bytes(data.replace(b"END:VCALENDAR", event))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    path.chmod(0o640)
    calendar.book(ORGANIZER, intent(1))
    assert path.read_bytes().count(b"UID:mine") == 1
    assert path.read_bytes().count(b"BEGIN:VEVENT") == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
