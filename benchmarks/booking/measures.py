"""What can be measured of a build: functions that answer with figures. Every one makes its own scene."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cpu
import crowds
import growth
import scene

from scheduler.domain.loops import Application, BookMode, Candidate
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel

PROPOSED, CONFIRMED = (
    frozenset({"proposed", "infeasible", "needs_attention"}),
    frozenset({"confirmed", "infeasible", "needs_attention"}),
)
WINDOWS = tuple((f"2026-03-{day:02d}T09:00", f"2026-03-{day:02d}T17:00") for day in (11, 12, 13, 16, 17, 18))


def loops(
    pool: int, template: str, mode: str, loops: int, seed: int, days: int = 6, full: float = scene.FULL
) -> dict[str, Any]:
    """Loops one after the other, from the request until they are proposed, or in mode *book* confirmed.

    The first one warms up and does not count. ``cpu`` and ``seconds`` per loop, ``states`` they ended in.
    """
    found: dict[str, list[Any]] = {"cpu": [], "seconds": [], "states": []}
    with tempfile.TemporaryDirectory(prefix="loopwright-bench-") as folder:
        made = scene.make(Path(folder) / "scene", pool, seed, full=full)
        for number in range(loops + 1):
            begun, spent = time.perf_counter(), cpu.seconds()
            state = _one(made, template, BookMode(mode), number, days)
            if number:
                found["cpu"].append(round(cpu.seconds() - spent, 3))
                found["seconds"].append(round(time.perf_counter() - begun, 3))
                found["states"].append(state)
            _make_room(made, number)
        made.app.db.dispose()
    return found


def _one(made: scene.Scene, template: str, mode: BookMode, number: int, days: int) -> str:
    candidate = Candidate(f"Candidate {number}", f"c{number}@example.org", "Europe/Lisbon")
    application = Application(f"app-{number}", candidate, "Backend Engineer", "hana", "rolf")
    request = LoopRequest(application, template, WINDOWS[:days], scene.ZONE, mode)
    loop = requests.ask(made.app, request, "person:rolf")
    made.run(PROPOSED if mode is BookMode.PROPOSE else CONFIRMED, loop.id)
    state = made.state(loop.id)
    made.waiting.jobs.clear()  # what nobody waits for is not part of it
    return state


def _make_room(made: scene.Scene, number: int) -> None:
    """Cancel a loop, so that the next one finds the company as this one did."""
    with made.app.db.read() as tx:
        (loop,) = tx.loops.list(application=f"app-{number}")
    cancel.cancel(made.app, loop.id, "person:rolf")
    made.run()


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "loops": loops,
    "company": growth.company,
    "history": growth.history,
    "rounds": growth.rounds,
    "burst": crowds.burst,
    "approvals": crowds.approvals,
    "week": crowds.week,
}
