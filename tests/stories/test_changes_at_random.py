"""A few of the games of `tests/stories/changes_at_random.py`; `./dev chaos edits` plays many."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from tests.scheduler.kit import make
from tests.stories.changes_at_random import busy_people, play


def test_random_changes_of_random_loops(tmp_path: Path) -> None:
    told = Counter[str]()
    for seed in (0, 1, 5):  # two that are booked, one on offer
        kit = make(tmp_path / str(seed))
        busy_people(kit, Random(seed))
        told += play(kit, seed, 8)
    assert told["done booked"] and told["done on offer"] and told["refused"] and told["not meant"], told
