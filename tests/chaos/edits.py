"""Many random changes by hand of random loops: `./dev chaos edits [--changes 200] [--seed 1]`."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from tests.scheduler.kit import make
from tests.stories.changes_at_random import busy_people, play

EACH = 10
"""Changes of one loop."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev chaos edits", description=__doc__)
    parser.add_argument("--changes", type=int, default=200, help="how many changes in all")
    parser.add_argument("--seed", type=int, default=1, help="the first game; each loop is one")
    asked = parser.parse_args(arguments)
    told = Counter[str]()
    for seed in range(asked.seed, asked.seed + -(-asked.changes // EACH)):
        with tempfile.TemporaryDirectory() as folder:
            kit = make(Path(folder) / "kit")
            busy_people(kit, Random(seed))
            try:
                told += play(kit, seed, EACH)
            except AssertionError as fault:
                print(f"seed {seed}: {fault}")
                return 1
    print(", ".join(f"{n} × {what}" for what, n in told.most_common()))
    return 0
