"""The process lives, whatever the database does; and a deployment that cannot work says what is wrong."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from connectors.errors import Transient
from scheduler.api.health import checks
from scheduler.domain.bookings import LedgerRow, Write
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Mode
from scheduler.services import staff
from scheduler.storage.database import Database
from tests.postgres_server import PostgresServer
from tests.scheduler.api.client import Client
from tests.scheduler.kit import Kit
from tests.stories.kit import ask, look


def client(kit: Kit) -> Client:
    return Client(kit, data=str(kit.folder.parent))


@contextmanager
def locked(kit: Kit) -> Iterator[None]:
    """Another process has SQLite's only writer."""
    other = sqlite3.connect(kit.folder.parent / "loopwright.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def wrong(api: Client) -> dict[str, str]:
    """What readiness says is wrong, by its name."""
    refused: dict[str, Any] = api.refused(503, "/health/ready")
    assert len(refused["detail"].splitlines()) == len(refused["errors"]), "one line each"
    return {e["field"]: e["fault"] for e in refused["errors"]}


def test_ready_says_what_was_tried(kit: Kit) -> None:
    found = client(kit).ask("/health/ready")
    assert (found["company_loaded"], found["waiting_writes"], found["notices"]) == (True, 0, "off")
    assert [(c["name"], c["ok"]) for c in found["checks"]] == [
        (name, True) for name in ("disk", "database", "backlog", "workers", "calendars")
    ]


def test_alive_tells_what_was_last_known_and_how_old_it_is(kit: Kit) -> None:
    api = client(kit)
    first = api.ask("/health")
    assert first["alive"] and first["ready"] is None and first["company_loaded"] is None
    api.ask("/health/ready")
    then = api.ask("/health")
    assert then["ready"] and then["company_loaded"] and then["waiting_writes"] == 0
    assert 0 <= then["known_seconds_ago"] < checks.LIMIT + 60


def test_a_locked_database_is_told_in_time_and_holds_up_no_sign_of_life(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LIMIT", 1.0)
    api = client(kit)
    with locked(kit):
        said = wrong(api)
        assert set(said) == {"database"} and "did not answer within" in said["database"]
        assert api.ask("/health")["alive"]
        wrong(api)
        trying = [t.name for t in threading.enumerate() if t.name == "check database"]
        assert len(trying) == 1, "however often it is asked, one waits for the database"
    _until_over("check database")
    assert client(kit).ask("/health/ready")["checks"][1]["ok"], "it is over with the lock"


def _until_over(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(60)


def test_life_needs_neither_a_thread_nor_the_database(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every thread of the API is taken, and the database cannot be reached at all."""
    api, release = client(kit), threading.Event()
    monkeypatch.setattr(Database, "read", lambda _: pytest.fail("read"))
    monkeypatch.setattr(checks.Checks, "refresh", lambda _: None)

    async def busy() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as tasks:
            for _ in range(int(limiter.total_tokens)):
                tasks.start_soon(anyio.to_thread.run_sync, release.wait)
            await anyio.sleep(0)
            with anyio.fail_after(30):
                while limiter.available_tokens:
                    await anyio.sleep(0.01)
                seen.append(await _status(api, "/api/v1/health"))
            release.set()

    seen: list[int] = []
    try:
        anyio.run(busy)
    finally:
        release.set()
    assert seen == [200]


async def _status(api: Client, path: str) -> int:
    """The status of an answer, asked in the loop that runs now."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8080")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8080),
    }
    await api.app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


def test_a_full_disk_is_told(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    free = checks.LEAST_FREE
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: SimpleNamespace(free=free - 1))
    assert "MB left" in wrong(client(kit))["disk"]


def test_a_disk_that_has_room_and_takes_nothing_is_told(kit: Kit, tmp_path: Path) -> None:
    """As with a quota or a disk that was mounted for reading: the room says nothing."""
    gone = tmp_path / "gone"
    api = Client(kit, data=str(gone))
    said = wrong(api)
    assert set(said) == {"disk"} and said["disk"].startswith("the data folder cannot be written")
    assert str(gone) not in str(api.refused(503, "/health/ready"))


def test_writes_that_wait_too_long_are_told(kit: Kit) -> None:
    loop = ask(kit, mode=BookMode.PROPOSE)
    row = LedgerRow.noted(look(kit, loop.id), "i", Write.MAIL, key="k", payload={}, order=0)
    with kit.app.db.write() as tx:
        tx.ledger.add_all([replace(row, due_at=kit.clock())])
    kit.clock.now += timedelta(seconds=checks.LATE - 1)
    assert client(kit).ask("/health/ready")["waiting_writes"] == 1
    kit.clock.now += timedelta(seconds=1)
    assert wrong(client(kit)) == {"backlog": "1 writes wait, the oldest for 900 s"}


def test_a_calendar_service_that_is_away_is_told_but_requests_are_still_taken(kit: Kit) -> None:
    class Away:
        def find(self, calendar: str, key: str) -> None:
            raise Transient("no answer from 10.0.0.1")

    away = {("local", Mode.TYPED): Away(), ("local", Mode.FREE_BUSY): Away()}
    kit.app = replace(kit.app, calendars=away)  # type: ignore[arg-type]
    (line,) = [c for c in client(kit).ask("/health/ready")["checks"] if c["name"] == "calendars"]
    assert not line["ok"] and "transient" in line["text"] and "10.0.0.1" not in line["text"]


def test_a_database_server_that_is_not_there_is_told(kit: Kit, postgres_server: PostgresServer) -> None:
    elsewhere = Database(f"postgresql://postgres@/none?host={postgres_server.folder / 'elsewhere'}")
    kit.app = replace(kit.app, db=elsewhere)
    api = client(kit)
    said = wrong(api)
    assert set(said) >= {"database", "backlog"}
    assert str(postgres_server.folder) not in str(api.refused(503, "/health/ready"))
    assert api.ask("/health")["alive"]
    elsewhere.dispose()


def test_each_look_waits_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow() -> checks.Check:
        release.wait(60)
        return checks.Check("slow", True, "came")

    probe = checks.Probe("slow", slow, kept=60.0)
    first = probe.ask()
    assert probe.ask() is first and not first.done()
    assert not probe.late().ok
    release.set()
    assert first.result(60).ok
    assert probe.ask().result(0) is first.result(0), "what was just found out is not looked for again"
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    assert probe.ask() is not first


def test_a_process_without_threads_to_spare_looks_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = checks.Probe("disk", lambda: checks.Check("disk", True, "good"), kept=0.0)

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as then:
        then.setattr(threading.Thread, "start", none_left)
        found = probe.ask()
        assert found.done() and not found.result().ok
    assert probe.ask().result(timeout=60).ok


def test_a_job_that_hangs_is_told_and_does_not_make_it_unready(kit: Kit) -> None:
    staff.beat(kit.app, "loop-0~a", ["plan lp_1"])
    (line,) = [c for c in client(kit).ask("/health/ready")["checks"] if c["name"] == "workers"]
    assert not line["ok"]
    assert line["text"].startswith("1 jobs do not come back; ") and "lp_1" not in line["text"]
