"""Every guard that is taken out is noticed, by the test that says so."""

from __future__ import annotations

import pytest

from tests.broken.cutting import Cut, Moved
from tests.broken.running import run
from tests.broken.variants import VARIANTS, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_guard_taken_out_is_noticed(variant: Variant) -> None:
    ended = run(variant.told_by, variant.applied())
    assert ended.by(variant.by), f"{variant.told_by} without {variant.without}: {ended}"


def test_each_variant_has_a_name_of_its_own() -> None:
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)


def test_a_test_that_passes_is_not_taken_for_one_that_fails() -> None:
    ended = run("tests/scheduler/storage/test_facts.py::test_no_facts_are_a_sound_chain[sqlite]")
    assert ended.well and not ended.by(AssertionError)


def test_a_test_that_is_not_there_is_no_failure() -> None:
    ended = run("tests/scheduler/storage/test_facts.py::test_nothing")
    assert not ended.well and not ended.by(AssertionError)


@pytest.mark.parametrize(
    "cut",
    [
        Cut("scheduler.services.lease:hold", "if", "if"),
        Cut("scheduler.services.lease:held", "a passage that is not there", ""),
        Cut("scheduler.services.lease:held", "with", "with"),
    ],
)
def test_code_that_has_moved_is_told(cut: Cut) -> None:
    with pytest.raises(Moved, match=r"^scheduler\.services\.lease:ho?e?ld: "), cut.applied():
        pass
