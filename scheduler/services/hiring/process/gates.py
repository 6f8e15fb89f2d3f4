"""Gates that wait for a decision: what there is to remind of after the last interview.

Told by `tests/scheduler/services/hiring/process/test_deciding.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from scheduler.domain.hiring.processes import process_of
from scheduler.domain.loops import Application, Loop
from scheduler.services.app import App
from scheduler.services.asking import leaving
from scheduler.services.hiring.process.standing import DECIDED
from scheduler.storage.database import Tx

_LOOKED_BACK, _MOST = timedelta(days=30), 200


@dataclass(frozen=True, slots=True)
class Undecided:
    """An application whose interviews of ``stage`` are over; ``loop`` is the last of them."""

    application: Application
    stage: str
    loop: Loop


def undecided(app: App, tx: Tx) -> Iterator[Undecided]:
    """Those of the last thirty days, the latest first. Costs nothing where no process is described."""
    processes = tx.company.policy().processes if tx.company.loaded_at() else ()
    if not processes:
        return
    seen = set[str]()
    for loop in tx.loops.completed(app.clock() - _LOOKED_BACK, _MOST):
        stage = loop.labels.get(leaving.STAGE, "")
        if not stage or loop.application in seen:
            continue
        seen.add(loop.application)
        application = tx.applications.get(loop.application)
        process = process_of(processes, application.job) if application else None
        known = process.of(stage) if process else None
        last = tx.facts.last(f"application:{loop.application}", {leaving.ENTERED, DECIDED})
        here = last is not None and last.what == leaving.ENTERED and last.after == stage
        if application is not None and known is not None and known.gate and here:
            yield Undecided(application, stage, loop)
