"""What a worker of the kill matrix does: asks, cancels or follows, and works until nothing is left to do."""

from __future__ import annotations

import logging
import os
import time

from scheduler.cli.serve import working
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.services.afterwards import replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel, choose, perform, reconcile
from scheduler.services.planning import plan
from scheduler.wiring import Runtime
from tests.chaos.forks import note_modules
from tests.chaos.scene import Scene, days

MARA = Application(
    "app-1", Candidate("Mara Lind", "mara@example.org", "Europe/Lisbon"), "Backend Engineer", "hana", "rolf"
)
PATIENCE = 60.0
SETTLED = (LoopState.HELD, LoopState.BOOKING, LoopState.CONFIRMED)
RESTING = (LoopState.CONFIRMED, LoopState.CANCELLED, LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION)
ACKNOWLEDGED, MODULES, UNSETTLED = "acknowledged", "modules", 3


def work(scene: Scene, what: str) -> int:
    """Ask for the loop (asking twice is the same), do what else is wanted, and settle; the exit status."""
    logging.basicConfig(level=logging.WARNING)
    perform._FIRST_WAIT = 0.2
    made = scene.runtime()
    with working(made, fast=True):
        mode = BookMode.PROPOSE if what == "offer" else BookMode.BOOK
        wanted = LoopRequest(
            MARA, "talks", days(scene.now), "Europe/Berlin", mode, stage_visit="app-1:talks:1"
        )
        loop = requests.ask(made.app, wanted, "person:rolf")
        _acknowledge(scene, loop.id)
        settled = (what != "offer" or _choose(made, loop)) and settle(made, loop)
        if what == "cancel" and settled:
            cancel.cancel(made.app, loop.id, "person:rolf")
            settled = settle(made, loop)
        if what == "follow" and settled:
            replies.sync(made.app)
            settled = settle(made, loop)
        if settled and what == "reconcile":
            for _ in range(2):
                reconcile.orphans(made.app)
        print(f"settled: {settled}", flush=True)
        note_modules(scene.folder / MODULES)
        os._exit(0 if settled else UNSETTLED)  # what is stopped in order is told elsewhere


def _choose(made: Runtime, loop: Loop) -> bool:
    """Wait until all plans of the loop are on offer, and take the best; whether that came to pass."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with made.app.db.read() as tx:
            found = tx.loops.get(loop.id)
            assert found is not None
            offer = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
            wait = found.state is LoopState.PLANNING or plan.looking(tx, found)[0]
        if not wait and offer:
            choose.choose(made.app, min(offer, key=lambda p: p.rank).id, "person:rolf")
            return True
        if found.state in SETTLED:  # it was taken before the process ended
            return True
        time.sleep(0.02)
    return False


def _acknowledge(scene: Scene, loop: str) -> None:
    """Somebody was told that it is done: from here on it may not be gone."""
    with (scene.folder / ACKNOWLEDGED).open("a") as file:
        file.write(f"{loop}\n")
        file.flush()
        os.fsync(file.fileno())


def settle(made: Runtime, loop: Loop) -> bool:
    """Wait until the loop rests and its ledger is empty; whether it did."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with made.app.db.read() as tx:
            found = tx.loops.get(loop.id)
            due = tx.ledger.due(made.app.clock().replace(year=2100))
        assert found is not None
        if found.state in RESTING and not due:
            print(f"{found.state.value}: {[r.text for r in found.reasons]}", flush=True)
            return True
        time.sleep(0.02)
    print(f"the loop is still {found.state.value}: {due[:2]}", flush=True)
    return False
