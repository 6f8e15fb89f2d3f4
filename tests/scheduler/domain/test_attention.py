"""What people said of a matter counts for its cause, and who has it for as long as the case lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.attention.matters import Care, Kind, Matter, Standing, kept

NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOME = Matter(
    "loop_infeasible:lp_1",
    Kind.INFEASIBLE,
    "loop:lp_1",
    NOW - HOUR,
    "nobody is free",
    "rolf",
    NOW + HOUR,
    "lp_1",
)


def _care(matter: Matter = SOME, **said: Any) -> Care:
    return replace(Care(matter.id, matter.cause, matter.since, NOW, "api:token"), **said)


def test_what_was_closed_comes_back_when_its_cause_changes() -> None:
    closed = _care(closed_at=NOW, reason="other")
    assert kept(SOME, closed, NOW).standing is Standing.CLOSED
    for changed in (
        replace(SOME, text="a room is missing"),
        replace(SOME, due=NOW + 2 * HOUR),
        replace(SOME, people=("anna",)),
        replace(SOME, since=NOW),
    ):
        assert kept(changed, closed, NOW).standing is Standing.OPEN
    assert kept(replace(SOME, owner="hana"), closed, NOW).standing is Standing.CLOSED, (
        "whose it is, is no cause"
    )


def test_what_was_snoozed_comes_back_in_time() -> None:
    snoozed = _care(snoozed_until=NOW + HOUR)
    assert kept(SOME, snoozed, NOW).standing is Standing.SNOOZED
    assert kept(SOME, snoozed, NOW + HOUR).standing is Standing.OPEN


def test_who_has_taken_it_has_it_for_the_whole_case() -> None:
    taken = _care(taken_by="hana", taken_at=NOW)
    changed = replace(SOME, text="something else as well")
    assert (kept(changed, taken, NOW).standing, kept(changed, taken, NOW).owner) == (Standing.TAKEN, "hana")
    again = replace(SOME, since=NOW)
    assert (kept(again, taken, NOW).standing, kept(again, taken, NOW).owner) == (Standing.OPEN, "rolf")


_moments = st.none() | st.integers(-100, 100).map(lambda n: NOW + n * HOUR)


@given(_moments, _moments, st.sampled_from(["", "hana"]), st.booleans(), st.booleans())
def test_nothing_is_hidden_without_a_word_that_counts(
    snoozed: datetime | None, closed: datetime | None, taken: str, same_cause: bool, same_case: bool
) -> None:
    care = _care(snoozed_until=snoozed, closed_at=closed, taken_by=taken)
    care = replace(care, cause=care.cause if same_cause else "other")
    care = replace(care, since=care.since if same_case else NOW - 2 * HOUR)
    found = kept(SOME, care, NOW)
    hidden = found.standing in (Standing.SNOOZED, Standing.CLOSED)
    assert hidden == (
        same_case and same_cause and (closed is not None or (snoozed is not None and snoozed > NOW))
    )
    assert found.owner == (taken if taken and same_case else "rolf")


@given(st.lists(_moments, min_size=2, max_size=8))
def test_what_is_due_first_comes_first(dues: list[datetime | None]) -> None:
    matters = sorted(
        (replace(SOME, id=str(n), due=due) for n, due in enumerate(dues)), key=lambda m: m.urgency
    )
    found = [m.due for m in matters]
    known = [due for due in found if due is not None]
    assert found == sorted(known) + [None] * (len(found) - len(known))
