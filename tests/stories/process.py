"""A whole process for the kill tests: `python -m tests.stories.process FOLDER WHAT`.

It opens the deployment in ``FOLDER`` as `loopwright work` does, asks for what is wanted (asking twice
is the same), works until nothing is left to do, and prints the loop's state.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from scheduler import config, wiring
from scheduler.cli.serve import working
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.time import Span
from scheduler.services.afterwards import replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel
from scheduler.services.planning import plan as planning
from scheduler.wiring import Runtime
from tests.scheduler.kit import NOW, Clock
from tests.stories.kit import DAYS, MARA

PATIENCE = 60.0
RESTING = frozenset(
    {LoopState.CONFIRMED, LoopState.CANCELLED, LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION}
)


def runtime(folder: Path) -> Runtime:
    """The deployment as its own settings make it, with the clock of the stories."""
    settings = config.load(data=folder, deployment="test", poll_seconds=900)
    return wiring.build(settings, clock=Clock(NOW))


def main(folder: Path, what: str) -> None:
    made = runtime(folder)
    wiring.migrate(made)
    with working(made, fast=True):
        mode = BookMode.PROPOSE if what == "propose" else BookMode.BOOK
        wanted = LoopRequest(MARA, "onsite", DAYS, "Europe/Berlin", mode, stage_visit="app-1:on-site:1")
        loop = requests.ask(made.app, wanted, "person:rolf")
        settle(made, loop)
        if what == "cancel":
            cancel.cancel(made.app, loop.id, "person:rolf")
        if what == "follow":
            replies.sync(made.app)
        print(settle(made, loop).state.value)
    made.close()


def settle(made: Runtime, loop: Loop, patience: float = PATIENCE) -> Loop:
    """Wait until the loop rests and its ledger is empty."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with made.app.db.read() as tx:
            found = tx.loops.get(loop.id)
            due = tx.ledger.due(NOW.replace(year=2100))
            assert found is not None
            offered = planning.looking(tx, found)[1] is not None  # and nothing more is looked for
        if (found.state in RESTING or offered) and not due:
            return found
        time.sleep(0.05)
    raise SystemExit(f"the loop is still {found.state.value} after {patience} s: {due[:2]}")


def taken(made: Runtime, loop: str) -> list[Span]:
    with made.app.db.read() as tx:
        return [i.span for i in tx.interviews.of_loop(loop)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
