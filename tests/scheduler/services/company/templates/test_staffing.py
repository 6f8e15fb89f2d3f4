"""Whether seats can be filled by different people, against trying everything."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.services.company.templates.staffing import short_of_people

PEOPLE = "abcde"


def by_trying(wanted: list[tuple[str, int, set[str]]]) -> bool:
    places = [people for _, count, people in wanted for _ in range(count)]
    return len(places) <= len(PEOPLE) and any(
        all(p in people for p, people in zip(row, places, strict=True))
        for row in permutations(PEOPLE, len(places))
    )


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(1, 2), st.sets(st.sampled_from(PEOPLE), min_size=1)),
        max_size=4,
    )
)
def test_it_is_short_exactly_where_no_assignment_exists(wanted: list[tuple[str, int, set[str]]]) -> None:
    short = short_of_people(wanted)
    assert (short is None) == by_trying(wanted)
    if short is not None:
        ids, number, people = short
        assert len(people) < number
        assert set(ids) <= {id for id, _, _ in wanted}
        assert people == sorted(people)


def test_the_group_that_is_short_is_named() -> None:
    assert short_of_people(
        [("a", 1, {"x", "y"}), ("b", 1, {"x"}), ("c", 1, {"z"}), ("d", 1, {"x", "y"})]
    ) == (
        ["a", "b", "d"],
        3,
        ["x", "y"],
    )


def test_two_hundred_seats_in_a_row_are_no_trouble() -> None:
    chain = [(f"i{n}", 1, {f"p{n}", f"p{n + 1}"}) for n in range(199)]
    assert short_of_people([*chain, ("last", 1, {"p0"})]) is None
