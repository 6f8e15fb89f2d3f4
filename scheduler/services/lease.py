"""Work that two processes, or two threads, must not do at once: whoever has the lease does it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.lease")

LASTS = timedelta(seconds=20)
"""So long work rests where its holder ended on another machine or in a container, or was stopped."""
BEAT = LASTS.total_seconds() / 3
"""Seconds after which a lease is renewed while one step lasts: a mail server may think for minutes."""
_AGAIN = 1.0
"""Seconds until who came second asks again."""


@dataclass(slots=True)
class Lease:
    """Held by one run of one process until ``until``, unless it is renewed."""

    app: App
    name: str
    holder: str
    until: datetime

    def renew(self) -> None:
        """Hold on while the work goes on; cheap, as most calls have nothing to do.

        Raises `Again` where somebody else has taken it over meanwhile: what is left is theirs.
        """
        if self.until - self.app.clock() <= LASTS / 2:
            self.extend()

    def extend(self) -> None:
        """Hold on from now. Raises `Again` as `renew` does."""
        now = self.app.clock()
        with self.app.db.write() as tx:
            if not tx.leases.take(self.name, self.holder, now, now + LASTS):
                raise Again(_AGAIN, f"{self.name} was taken over")
        self.until = now + LASTS


@contextmanager
def held(app: App, name: str) -> Iterator[Lease]:
    """Have ``name`` to ourselves for the length of the block, however long one step of it takes.

    Raises `Again` while somebody else has it. One whose holder has certainly ended is taken over at once.
    """
    now, holder = app.clock(), f"{_here()}/{secrets.token_hex(4)}"
    with app.db.write() as tx:
        had = tx.leases.holder(name)
        if had is not None and _is_gone(had):
            tx.leases.give_back(name, had)
        if not tx.leases.take(name, holder, now, now + LASTS):
            raise Again(_AGAIN, f"somebody is at {name}")
    mine, ended = Lease(app, name, holder, now + LASTS), threading.Event()
    keeper = threading.Thread(target=_keep, args=(mine, ended), name=f"lease {name}", daemon=True)
    keeper.start()
    try:
        yield mine
    finally:
        ended.set()
        keeper.join()
        with app.db.write() as tx:
            tx.leases.give_back(name, holder)


def _keep(mine: Lease, ended: threading.Event) -> None:
    """Renews while the work goes on. It stops with the process, as the work does: a lease lives no longer."""
    while not ended.wait(BEAT):
        try:
            mine.extend()
        except Again:
            return  # the work is told by its own `renew`
        except Unavailable as error:
            log.warning("%s is not renewed just now: %s", mine.name, error)


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


def _is_gone(holder: str) -> bool:
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
