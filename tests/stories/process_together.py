"""A whole process for the kill tests of batches: `python -m tests.stories.process_together FOLDER`.

Asks for three loops at once, works until all of them rest, and prints their states.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from scheduler import wiring
from scheduler.cli.serve import working
from scheduler.domain.loops import BookMode, Candidate
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from tests.stories.kit import DAYS, MARA
from tests.stories.process import PATIENCE, runtime, settle

LOOPS = 3


def main(folder: Path) -> None:
    made = runtime(folder)
    wiring.migrate(made)
    asked = []
    for n in range(LOOPS):
        candidate = Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
        someone = replace(MARA, id=f"app-{n}", candidate=candidate)
        wanted = LoopRequest(
            someone, "short", DAYS, "Europe/Berlin", BookMode.BOOK, stage_visit=f"app-{n}:talks:1"
        )
        asked.append(requests.ask(made.app, wanted, "person:rolf"))
    with working(made, fast=True):
        print(*(settle(made, loop, LOOPS * PATIENCE).state.value for loop in asked))
    made.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
