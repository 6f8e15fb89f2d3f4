"""A worker for the takeover stories: `python -m tests.stories.worker FOLDER DATABASE NAME [POINT]`.

It works as `loopwright work` does, with the clock of the stories and quicker beats. The first time that it
comes to POINT of the booking, it stops itself as by `kill -STOP` (``stop:K6``), or finds the disk full for a
few seconds (``full:K6``); an empty DATABASE is the one in the folder.
"""

from __future__ import annotations

import logging
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from connectors.local.store import Folder
from scheduler import config, wiring
from scheduler.cli.serve import working
from scheduler.services import lease, staff
from scheduler.services.booking import choose, perform, settle
from scheduler.services.planning import plan
from scheduler.wiring import Runtime
from tests.scheduler.kit import NOW, Clock, InProcess

BEAT, SILENT, FULL = 0.5, 6.0, 5.0


QUICKLY = "&options=-c%20idle_in_transaction_session_timeout%3D8000"
"""PostgreSQL ends the transaction of a stopped worker after so many milliseconds."""


def quicker() -> None:
    staff.BEAT, staff.SILENT = BEAT, timedelta(seconds=SILENT)
    lease.LASTS, lease.BEAT = timedelta(seconds=SILENT), BEAT


def running() -> Callable[[], datetime]:
    """A clock that starts with the stories and goes on."""
    begun = time.monotonic()
    return lambda: NOW + timedelta(seconds=time.monotonic() - begun)


def deployment(
    folder: Path, database: str, name: str = "loop-0", clock: Callable[[], datetime] | None = None
) -> Runtime:
    settings = config.load(
        data=folder, database=database, worker=name, deployment="test", poll_seconds=900, watch_days=0
    )
    made = wiring.build(settings, clock=clock or Clock(NOW))
    return replace(made, app=replace(made.app, solver=InProcess()))


def stopping() -> Callable[[], None]:
    """Stop this process while none of its threads has the calendars' lock: it would keep it."""
    gate, usual = threading.RLock(), Folder.locked

    @contextmanager
    def locked(folder: Folder) -> Iterator[None]:
        with gate, usual(folder):
            yield

    Folder.locked = locked  # type: ignore[method-assign]

    def stop() -> None:
        with gate:
            # To this thread: of a signal to the process the kernel may tell another thread first, and this one goes on.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    return stop


def fill() -> None:
    """No file may be written any more, wherever it lies, as on a full disk, until the room is back."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, usual[1]))
    threading.Timer(FULL, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, usual)).start()


def at(point: str, happens: Callable[[], None]) -> None:
    """Let it happen once where the services would die at this point."""
    left = [point]

    def reached(name: str) -> None:
        if name in left:
            left.remove(name)
            happens()

    for module in (plan, choose, settle, perform):
        module.failpoint = reached  # type: ignore[attr-defined]


def main(folder: Path, database: str, name: str, point: str = "") -> None:
    quicker()
    what, _, where = point.partition(":")
    if where:
        at(where, fill if what == "full" else stopping())
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    made = deployment(folder, database and database + QUICKLY, name, running())
    wiring.migrate(made)
    with working(made, fast=True):
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
