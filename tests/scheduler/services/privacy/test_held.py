"""Every table says whether it holds something about candidates, so that a new one is not forgotten by erasures."""

from __future__ import annotations

from scheduler.storage.repositories.privacy.held import HELD, OTHERS, SEARCHED
from scheduler.storage.tables import metadata


def test_every_table_is_named_once() -> None:
    held = [h.table.name for h in HELD]
    assert sorted([*held, *SEARCHED, *OTHERS]) == sorted(t.name for t in metadata.sorted_tables)


def test_what_an_erasure_leaves_is_a_column_of_its_table() -> None:
    for held in HELD:
        assert set(held.left or {}) | held.hidden <= set(held.table.c.keys()), held.table.name
