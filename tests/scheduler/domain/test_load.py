"""The Gini coefficient, against numbers of another library and against its definition."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.load import gini

# As inequalipy 1.0.5 from PyPI gives them.
THEIRS: list[tuple[Sequence[float], float]] = [
    ([1, 1, 1], 0.0),
    ([0, 0, 5], 0.6666666666666666),
    ([1, 2, 3, 4], 0.25),
    ([3, 8, 1, 0, 4, 4, 7], 0.3915343915343915),
    ([0.5, 2.5, 10], 0.4871794871794872),
]


@pytest.mark.parametrize(("values", "theirs"), THEIRS)
def test_it_is_what_another_library_says(values: Sequence[float], theirs: float) -> None:
    assert gini(values) == pytest.approx(theirs, abs=1e-12)
    assert gini(values[::-1]) == pytest.approx(theirs, abs=1e-12)


@given(st.lists(st.integers(0, 60), max_size=30))
def test_it_is_the_mean_difference_over_twice_the_mean(values: list[int]) -> None:
    n, total = len(values), sum(values)
    wanted = sum(abs(a - b) for a in values for b in values) / (2 * n * total) if total else 0.0
    assert gini(values) == pytest.approx(wanted, abs=1e-9)


def test_a_negative_amount_is_none() -> None:
    with pytest.raises(ValueError, match="no amount of work"):
        gini([3, -1])
