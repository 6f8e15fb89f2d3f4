"""Work that two processes, or two threads, must not do at once: whoever has the lease does it."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from scheduler.services.again import Again
from scheduler.services.app import App

LASTS = timedelta(seconds=20)
"""So long work rests where its holder ended on another machine, or was stopped."""
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
        now = self.app.clock()
        if self.until - now > LASTS / 2:
            return
        with self.app.db.write() as tx:
            if not tx.leases.take(self.name, self.holder, now, now + LASTS):
                raise Again(_AGAIN, f"{self.name} was taken over")
        self.until = now + LASTS


@contextmanager
def held(app: App, name: str) -> Iterator[Lease]:
    """Have ``name`` to ourselves for the length of the block.

    Raises `Again` while somebody else has it. One whose holder has certainly ended is taken over at once.
    """
    now, holder = app.clock(), f"{_here()}/{secrets.token_hex(4)}"
    with app.db.write() as tx:
        had = tx.leases.holder(name)
        if had is not None and _is_gone(had):
            tx.leases.give_back(name, had)
        if not tx.leases.take(name, holder, now, now + LASTS):
            raise Again(_AGAIN, f"somebody is at {name}")
    try:
        yield Lease(app, name, holder, now + LASTS)
    finally:
        with app.db.write() as tx:
            tx.leases.give_back(name, holder)


def _here() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{_token(os.getpid())}"


@cache
def _token(_process: int) -> str:
    """Tells this process from an earlier one with the same number, as in a container that was restarted."""
    return secrets.token_hex(4)


def _is_gone(holder: str) -> bool:
    """Whether a holder has certainly ended: a process of this host whose number nobody has, or this one has
    now. Of another host nothing is certain; its lease runs out by itself."""
    host, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdigit():
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
