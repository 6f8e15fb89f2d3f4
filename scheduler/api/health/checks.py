"""What a deployment needs, each thing tried for itself, in a thread of its own and with a time limit.

Told by `tests/scheduler/api/test_health.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.errors import ConnectorError
from scheduler.config import Settings
from scheduler.services import meters, staff
from scheduler.services.afterwards import push
from scheduler.services.app import App
from scheduler.services.booking import reconcile
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.health")

LIMIT = 2.0
"""Seconds that whoever asks waits; what is not found out by then is told as such."""
LATE = 900.0
"""Seconds that a write may wait before the deployment calls itself unready."""
LEAST_FREE = 16_000_000
"""Bytes without which a disk counts as full: SQLite and the calendar files are rewritten in whole."""
_TRIED = 65_536
_KEPT = 5.0
"""Seconds for which what is known is not looked for again."""
ASIDE = frozenset({"calendars", "workers"})
"""What is told and does not make a deployment unready: requests are taken, and jobs wait or are done elsewhere."""
_TRIED_KEPT = 1.0
"""Seconds for which an attempt answers everybody: strangers may ask, and each attempt writes."""
_CALENDARS_KEPT = 60.0
"""The same for the calendar service, which counts calls."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of trying one thing: one line, and the way out where it is not good."""

    name: str
    ok: bool
    text: str
    fix: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> str:
        return f"{self.name}: {self.text}" + (f"; {self.fix}" if self.fix else "")


@dataclass(frozen=True, slots=True)
class Found:
    """All of them; ``age`` in seconds is that of the oldest, ``None`` where something was never looked at."""

    checks: Sequence[Check]
    age: float | None = None

    @property
    def ready(self) -> bool | None:
        if self.age is None:
            return None
        return all(check.ok for check in self.checks if check.name not in ASIDE)

    @property
    def figures(self) -> dict[str, Any]:
        return {name: value for check in self.checks for name, value in check.figures.items()}


class Probe:
    """One thing that is tried by at most one thread at a time, however many ask and however long it takes."""

    def __init__(self, name: str, attempt: Callable[[], Check], kept: float) -> None:
        self.name, self._attempt, self._kept = name, attempt, kept
        self._lock = threading.Lock()
        self._running: Future[Check] | None = None
        self._began = 0.0
        self.last: tuple[float, Check] | None = None

    def ask(self) -> Future[Check]:
        """What comes of it: of the attempt that goes on, of the last where it was just made, or of a new one."""
        with self._lock:
            if self._running is not None and not self._running.done():
                return self._running
            found: Future[Check] = Future()
            if self.last is not None and time.monotonic() - self.last[0] < self._kept:
                found.set_result(self.last[1])
                return found
            self._running, self._began = found, time.monotonic()
        thread = threading.Thread(target=self._try, args=(found,), name=f"check {self.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there may be too many; whoever asks next tries again
            found.set_result(Check(self.name, False, "no thread could be begun to look", "the log says why"))
            log.exception("%s could not be checked", self.name)
        return found

    def late(self) -> Check:
        """What is said while the attempt goes on for longer than anybody waits."""
        seconds = time.monotonic() - self._began
        return Check(self.name, False, f"did not answer within {seconds:.0f} s", _LATE.get(self.name, ""))

    def _try(self, found: Future[Check]) -> None:
        try:
            check = self._attempt()
        except Unavailable as error:  # what it says may name files and hosts: it is for the log
            log.warning("%s: %s", self.name, error)
            check = Check(self.name, False, "the database does not serve just now", "the log says why")
        except Exception:  # a check that fails is a finding, whatever it was
            log.exception("%s could not be checked", self.name)
            check = Check(self.name, False, "could not be checked", "the log says why")
        self.last = (time.monotonic(), check)
        found.set_result(check)


_LATE = {
    "database": "somebody has it locked, or every connection is in use: end what holds it",
    "backlog": "the database cannot be read",
    "workers": "the database cannot be read",
    "disk": "the disk does not answer",
    "calendars": "the calendar service is slow",
}


class Checks:
    """Every check of one process."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.probes = (
            Probe("disk", lambda: disk(folders(app, settings)), _TRIED_KEPT),
            Probe("database", lambda: database(app), _TRIED_KEPT),
            Probe("backlog", lambda: backlog(app), _TRIED_KEPT),
            Probe("workers", lambda: workers(app), _TRIED_KEPT),
            Probe("calendars", lambda: calendars(app), _CALENDARS_KEPT),
        )

    def known(self) -> Found:
        """What was last found out; waits for nothing."""
        last = [probe.last for probe in self.probes]
        now = time.monotonic()
        age = None if None in last else max(now - entry[0] for entry in last if entry is not None)
        return Found([entry[1] for entry in last if entry is not None], age)

    def refresh(self) -> None:
        """Look again, in the background, unless that was just done."""
        now = time.monotonic()
        for probe in self.probes:
            if probe.last is None or now - probe.last[0] > _KEPT:
                probe.ask()

    async def all(self) -> Found:
        """Try everything now, at most `LIMIT` seconds long."""
        asked = [asyncio.wrap_future(probe.ask()) for probe in self.probes]
        await asyncio.wait(asked, timeout=LIMIT)
        pairs = zip(self.probes, asked, strict=True)
        return Found([future.result() if future.done() else probe.late() for probe, future in pairs], 0.0)


def folders(app: App, settings: Settings) -> dict[str, Path]:
    """Where this deployment writes files: its data, and the database where that is a file."""
    found = {"the data folder": settings.data}
    own = app.db.folder
    return (
        found
        if own is None or own.resolve() == settings.data.resolve()
        else {**found, "the database's folder": own}
    )


def disk(places: Mapping[str, Path]) -> Check:
    """Whether there is room, and a file can be written: quotas and read-only disks have room too. Whoever asks
    may be a stranger, so that no path is named."""
    for name, place in places.items():
        try:
            free = shutil.disk_usage(place).free
            if free < LEAST_FREE:
                return Check("disk", False, f"{name} has {free / 1e6:.1f} MB left", "free some space")
            with tempfile.TemporaryFile(
                dir=place
            ) as file:  # without a name where the system can: nothing stays
                file.write(b"\0" * _TRIED)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            fix = "free some space, or let the service write there"
            return Check("disk", False, f"{name} cannot be written: {error.strerror}", fix)
    return Check("disk", True, f"{' and '.join(places)} can be written")


def database(app: App) -> Check:
    """Whether its schema is ours, and whether it takes a write that stays."""
    now, newest = app.db.schema()
    if now != newest:
        fault = "the database has no schema yet" if now is None else "the database has another schema"
        return Check("database", False, fault, "run `loopwright migrate`")
    with app.db.write() as tx:
        tx.leases.take("readiness", "anybody", app.clock(), app.clock())
    return Check("database", True, f"schema {now}, can be written")


def backlog(app: App) -> Check:
    """How many writes to calendars wait, and how long the oldest has."""
    now, newest = app.db.schema()
    if now != newest:
        return Check("backlog", True, "there is none without a schema", figures=_NOTHING)
    with app.db.read() as tx:
        loaded = tx.company.loaded_at() is not None
        notices = push.state(app, tx).status
    count, seconds = reconcile.backlog(app)
    figures = {
        "company_loaded": loaded,
        "waiting_writes": count,
        "waiting_seconds": seconds,
        "notices": notices,
        "jobs": jobs(app),
    }
    text = f"{count} writes wait, the oldest for {seconds:.0f} s"
    if seconds >= LATE:
        return Check("backlog", False, text, "see `loopwright doctor`; does a worker run?", figures)
    return Check("backlog", True, text, figures=figures)


_NOTHING = {
    "company_loaded": False,
    "waiting_writes": 0,
    "waiting_seconds": 0.0,
    "notices": "off",
    "jobs": {},
}


def jobs(app: App) -> dict[str, dict[str, Any]]:
    """How many jobs of each kind wait, and for how long the oldest has."""
    queued = app.jobs.queued() if isinstance(app.jobs, meters.Tells) else {}
    now = datetime.now(UTC)
    return {
        kind: {"waiting": q.waiting, "oldest_seconds": max(0.0, (now - q.oldest).total_seconds())}
        for kind, q in sorted(queued.items())
    }


def workers(app: App) -> Check:
    """Whether every job comes back, and how many workers are at work."""
    if app.db.schema()[0] != app.db.schema()[1]:
        return Check("workers", True, "there is none without a schema")
    found = staff.look(app)
    hanging = sum(len(jobs) for jobs in found.hanging.values())
    if hanging:
        fix = "they are done anew; restart the worker that `loopwright doctor` names"
        return Check("workers", False, f"{hanging} jobs do not come back", fix)
    return Check("workers", True, f"{len(found.working)} at work")


def calendars(app: App) -> Check:
    """Whether the organizer's calendar, on which everything is booked, answers."""
    if app.db.schema()[0] is None:
        return Check("calendars", True, "no company is loaded")
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return Check("calendars", True, "no company is loaded")
        organizer = tx.company.organizer()
    try:
        app.calendar(organizer).find(organizer.address, f"{app.deployment}/ready/none/0")
    except ConnectorError as error:
        text = f"the organizer's calendar ({organizer.provider}) does not answer: {error.code}"
        return Check("calendars", False, text, "see `loopwright doctor`")
    return Check("calendars", True, f"the organizer's calendar ({organizer.provider}) answers")
