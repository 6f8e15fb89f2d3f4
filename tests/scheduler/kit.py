"""A whole app for tests: real tables, real calendar files, real services; jobs run when asked."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.local.calendar import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.mail import LocalMessenger
from connectors.types import RoomInfo
from scheduler.domain.company import Company
from scheduler.domain.people import Mode, Room
from scheduler.services.app import App
from scheduler.services.company.read import read_company
from scheduler.services.solving import Solver, ask, pack
from scheduler.services.telling import hooks
from scheduler.storage.database import Database, Tx
from scheduler.workers.tasks import failed, tasks
from solver import Ending, Result

NOW = datetime.fromisoformat("2026-03-09T07:00:00+00:00")
"""A Monday morning; three weeks before Europe's clocks change."""

COMPANY = Path(__file__).parent / "company.yaml"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class InProcess(Solver):
    """The same questions without a child process: fast enough to ask in every test."""

    def warm_up(self) -> None:
        """There is nothing to warm."""

    def _ask(self, question: str, *args: Any, tell: Any = None) -> Any:
        return pack(*args, tell=tell) if question == "pack" else ask(question, *args)

    def _each(self, question: str, wanted: Callable[[], bool], *args: Any) -> Generator[Result, None, Ending]:
        ending: Ending = yield from ask(question, *args)
        return ending


@dataclass
class ListJobs:
    """Jobs as a list: enqueued with the transaction that made them, run by `Kit.run`."""

    waiting: list[tuple[str, dict[str, Any], float]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def enqueue(
        self,
        tx: Tx,
        name: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        delay: float = 0.0,
        priority: int = 0,
    ) -> None:
        if key is not None and key in self.keys:
            return
        if key is not None:
            self.keys.add(key)
        self.waiting.append((name, dict(payload), delay))


@dataclass
class Kit:
    app: App
    jobs: ListJobs
    clock: Clock
    folder: Path
    calendar: LocalCalendar
    company: Company
    again: list[tuple[str, float]] = field(default_factory=list)

    def run(self, limit: int = 50) -> None:
        """Run jobs until none waits; one that asks to come back later is put aside in ``again``."""
        table = tasks(self.app)
        for _ in range(limit):
            if not self.jobs.waiting:
                return
            name, payload, _ = self.jobs.waiting.pop(0)
            wait = table[name](payload)
            if wait is not None:
                self.again.append((name, wait))
        raise AssertionError(f"jobs never end: {self.jobs.waiting}")

    def give_up(self, name: str, payload: Mapping[str, Any], error: str) -> None:
        failed(self.app, name, payload, error)


@functools.cache
def _migrated() -> Path:
    """A database at the newest schema, made once per test process: copying it is quicker by far."""
    folder = Path(tempfile.mkdtemp(prefix="loopwright-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    db = Database(f"sqlite:///{folder / 'empty.sqlite3'}")
    db.migrate()
    db.dispose()
    return folder / "empty.sqlite3"


def _info(room: Room) -> RoomInfo:
    return RoomInfo(room.account.address, room.name, room.capacity, room.site, tuple(sorted(room.features)))


def make(folder: Path, text: str | None = None, now: datetime = NOW) -> Kit:
    """A loaded company with empty calendars in ``folder``; ``text`` is its file (YAML)."""
    company = read_company(text or COMPANY.read_text(encoding="utf-8"), "yaml", "company.yaml")
    clock = Clock(now)
    calendars, outbox = folder / "calendars", folder / "outbox"
    calendars.mkdir(mode=0o700, parents=True)
    outbox.mkdir(mode=0o700)
    zones = {s.id: s.zone for s in company.sites}
    create_calendar(calendars, company.organizer.address, company.name, "UTC")
    for person in company.people:
        create_calendar(calendars, person.account.address, person.name, person.zone)
    for room in company.rooms:
        create_calendar(calendars, room.account.address, room.name, zones[room.site], _info(room))
    shutil.copy(_migrated(), folder / "loopwright.sqlite3")
    db = Database(f"sqlite:///{folder / 'loopwright.sqlite3'}")
    local = LocalCalendar(calendars, clock=clock)
    jobs = ListJobs()
    app = App(
        db=db,
        calendars={("local", Mode.TYPED): local, ("local", Mode.FREE_BUSY): local},
        messenger=LocalMessenger(outbox, sender=company.organizer.address, sender_name=company.name),
        solver=InProcess(),
        jobs=jobs,
        clock=clock,
        deployment="test",
        hook_hosts=frozenset({"127.0.0.1"}),
    )
    db.wake = lambda tx, first: hooks.wake(app, tx, first)
    with db.write() as tx:
        tx.company.replace(company, clock())
    return Kit(app, jobs, clock, calendars, local, company)
