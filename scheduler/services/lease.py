"""Work that two processes, or two threads, must not do at once: whoever has the lease does it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from scheduler.services import progress
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.storage.database import Tx
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.lease")

LASTS = timedelta(seconds=15)
"""So long work rests where its holder ended on another machine or in a container, or was stopped;
by the time of the database, which all share."""
BEAT = LASTS.total_seconds() / 3
"""Seconds after which a lease is renewed while one step lasts: a mail server may think for minutes."""
_AGAIN = 1.0
"""Seconds until who came second asks again."""
_RUNNING: set[str] = set()
"""The holders of this process that are at their work."""


@dataclass(slots=True)
class Lease:
    """Held by one run of one process, unless it loses it.

    When it runs out is a matter of the database's time; ``since`` is when it was last renewed by our own
    clock, and ``alive`` (`time.monotonic`) when the work itself last said that it goes on. ``job`` is the
    progress of the job that it is held for, whose signs of life count as well.
    """

    app: App
    name: str
    holder: str
    since: datetime
    alive: float = field(default_factory=time.monotonic)
    job: progress.Progress | None = field(default_factory=progress.CURRENT.get)

    @property
    def hangs(self) -> bool:
        """Whether the work gave no sign of life for as long as a step may take."""
        until = self.alive + progress.STEP
        return time.monotonic() > (until if self.job is None else max(until, self.job.until))

    def renew(self) -> None:
        """Hold on while the work goes on; cheap, as most calls have nothing to do.

        Raises `Again` where somebody else has taken it over meanwhile: what is left is theirs.
        """
        self.alive = time.monotonic()
        progress.alive()
        if not timedelta() <= self.app.clock() - self.since < LASTS / 2:
            self.extend()

    def extend(self) -> None:
        """Hold on from now. Raises `Again` as `renew` does."""
        since = self.app.clock()
        with self.app.db.write() as tx:
            now = tx.leases.now(since)
            if not tx.leases.take(self.name, self.holder, now, now + LASTS):
                raise Again(_AGAIN, f"{self.name} was taken over")
        self.since = since


@contextmanager
def held(app: App, name: str) -> Iterator[Lease]:
    """Have ``name`` to ourselves for the length of the block, however long one step of it takes.

    Raises `Again` while somebody else has it. One whose holder has certainly ended is taken over at once.
    """
    with _running() as holder:
        mine, ended = Lease(app, name, holder, _take(app, name, holder)), threading.Event()
        keeper = threading.Thread(target=_keep, args=(mine, ended), name=f"lease {name}", daemon=True)
        keeper.start()
        try:
            yield mine
        finally:
            ended.set()
            keeper.join()
            with app.db.write() as tx:
                tx.leases.give_back(name, holder)


@contextmanager
def _running() -> Iterator[str]:
    """A holder that is at its work. It is known as such before anybody can see it in the table: what stands
    there and does not run is over."""
    holder = holder_of(secrets.token_hex(4))
    _RUNNING.add(holder)
    try:
        yield holder
    finally:
        _RUNNING.discard(holder)


def _take(app: App, name: str, holder: str) -> datetime:
    """Have it from the instant that is returned, by our own clock. Raises `Again`."""
    since = app.clock()
    with app.db.write() as tx:
        now = tx.leases.now(since)
        if not tx.leases.take(name, holder, now, now + LASTS) and not _taken_over(tx, name, holder, now):
            raise Again(_AGAIN, f"somebody is at {name}")
    return since


def _taken_over(tx: Tx, name: str, holder: str, now: datetime) -> bool:
    """Whether who has it has certainly ended, so that it is ours at once."""
    had = tx.leases.holder(name)
    if had is not None and (is_gone(had) or _is_over(had)):
        tx.leases.give_back(name, had)
        return tx.leases.take(name, holder, now, now + LASTS)
    return False


def _keep(mine: Lease, ended: threading.Event) -> None:
    """Renews while the work goes on. It stops with the process, as the work does: a lease lives no longer;
    and where a step hangs, so that somebody else may take it over."""
    while not ended.wait(BEAT):
        if mine.hangs:
            log.error("%s hangs: its lease is not renewed any more", mine.name)
            return
        try:
            mine.extend()
        except Again:
            return  # the work is told by its own `renew`
        except Unavailable as error:
            log.warning("%s is not renewed just now: %s", mine.name, error)


def holder_of(run: str) -> str:
    """How one run of this process is called as a holder."""
    return f"{_here()}/{run}"


@cache
def place() -> str:
    """Where a process number tells a process: one host since it was started, and in a container its own
    numbers. The name alone does not: copies of a machine, and containers on a host's network, share it."""
    return "~".join((socket.gethostname(), *filter(None, (_started(), _numbers()))))


def _started() -> str:
    """Which start of the machine this is; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _numbers() -> str:
    """Which set of process numbers ours is from (Linux: PID namespace); empty where there is but one."""
    try:
        return Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return ""


def _here() -> str:
    return f"{place()}/{os.getpid()}/{_token(os.getpid())}"


@cache
def _token(_process: int) -> str:
    """Tells this process from an earlier one with the same number."""
    return secrets.token_hex(4)


def _is_over(holder: str) -> bool:
    """Whether it was this process and its work is over: it could not say so, since the disk was full."""
    return holder.startswith(f"{_here()}/") and holder not in _RUNNING


def is_gone(holder: str) -> bool:
    """Whether a holder has certainly ended: a process of this place whose number nobody has, or this one has
    now. Of another place nothing is certain; its lease runs out by itself."""
    where, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if where != place() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return not holder.startswith(f"{_here()}/")
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
