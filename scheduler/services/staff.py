"""Which workers are at work: each says so every few seconds, by the clock of the database.

A worker is one run of one process; whatever its setting calls it, no two runs are the same one.

Told by `tests/scheduler/services/test_staff.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.services.app import App
from scheduler.services.lease import holder_of, is_gone
from scheduler.storage.repositories.leases import Held

BEAT = 3.0
"""Seconds between two signs of life."""
SILENT = timedelta(seconds=12)
"""After so long without one a worker counts as gone, and others take over what it was at."""
_KEPT = timedelta(days=1)
_WORKER, _HANGS = "worker/", "hangs/"


@dataclass(frozen=True, slots=True)
class Staff:
    """``working`` are the runs that are at work, ``gone`` those that have certainly ended, ``silent`` those
    that said nothing for too long and may come back; ``hanging`` are the jobs that do not come back, by the
    worker that has them."""

    working: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    hanging: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def beat(app: App, run: str, hanging: Collection[str] = ()) -> None:
    """Say that this run is at work, and what does not come back in it. Raises `Unavailable`."""
    holder = holder_of(run)
    with app.db.write() as tx:
        now = tx.leases.now(app.clock())
        for name in (f"{_WORKER}{run}", *(f"{_HANGS}{run}/{job}" for job in sorted(hanging))):
            tx.leases.take(name, holder, now, now + SILENT)
        tx.leases.forget(_WORKER, now - _KEPT)
        tx.leases.forget(_HANGS, now - _KEPT)


def leave(app: App, run: str) -> None:
    """Say that this run has ended: what it left is taken up at once. Raises `Unavailable`."""
    with app.db.write() as tx:
        for row in (*tx.leases.starting_with(f"{_WORKER}{run}"), *tx.leases.starting_with(f"{_HANGS}{run}/")):
            tx.leases.give_back(row.name, row.holder)


def look(app: App) -> Staff:
    """Who is at work now. Raises `Unavailable`."""
    with app.db.read() as tx:
        now = tx.leases.now(app.clock())
        workers, hangs = tx.leases.starting_with(_WORKER), tx.leases.starting_with(_HANGS)
    gone = {_run(row) for row in workers if is_gone(row.holder)}
    working = {_run(row) for row in workers if row.until > now} - gone
    hanging: dict[str, tuple[str, ...]] = {}
    for row in hangs:
        run, _, job = row.name.removeprefix(_HANGS).partition("/")
        if row.until > now and run in working:
            hanging[run] = (*hanging.get(run, ()), job)
    silent = {_run(row) for row in workers} - gone - working
    return Staff(frozenset(working), frozenset(gone), frozenset(silent), hanging)


def _run(row: Held) -> str:
    return row.name.removeprefix(_WORKER)
