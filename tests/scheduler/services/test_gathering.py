"""Many at once in one process: who waits for whom, and what is done together afterwards."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.gathering import Gathering, Turns
from scheduler.storage.errors import Unavailable

NINE = datetime(2026, 3, 11, 9, tzinfo=UTC)
ANNA, BEN = Subject.person("anna"), Subject.person("ben")
PATIENCE = 20.0


def span(minutes: int) -> Span:
    return Span(NINE + timedelta(minutes=minutes), NINE + timedelta(minutes=minutes + 45))


@pytest.mark.parametrize("took", [True, False])
def test_who_wants_the_same_time_waits_and_hears_what_became_of_it(took: bool) -> None:
    turns, done = Turns(PATIENCE), []

    def second() -> None:
        with turns.of("two", [(ANNA, span(30)), (BEN, span(60))]) as turn:
            done.append(("second", turn.waited, turn.lost))

    with turns.of("one", [(ANNA, span(0)), (BEN, span(0))]) as turn:
        assert not turn.waited
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        if took:
            turn.took()
        done.append(("first", False, []))
    thread.join(PATIENCE)
    assert done == [("first", False, []), ("second", True, [(ANNA, span(30))] if took else [])]


def test_the_same_loop_waits_for_itself_and_has_lost_nothing() -> None:
    turns, found = Turns(PATIENCE), []

    def again() -> None:
        with turns.of("one", [(ANNA, span(0))]) as turn:
            found.append((turn.waited, turn.lost))

    with turns.of("one", [(ANNA, span(0))]) as turn:
        thread = threading.Thread(target=again)
        thread.start()
        thread.join(0.05)
        turn.took()
    thread.join(PATIENCE)
    assert found == [(True, [])]


@pytest.mark.parametrize("wanted", [[(ANNA, span(45))], [(BEN, span(0))], []])
def test_nobody_waits_for_another_time_or_another_person(wanted: list[tuple[Subject, Span]]) -> None:
    turns = Turns(PATIENCE)
    with turns.of("one", [(ANNA, span(0))]), turns.of("two", wanted) as turn:
        assert not turn.waited


def test_a_turn_ends_also_where_it_fails_and_nobody_waits_for_ever() -> None:
    turns = Turns(patience=0.01)
    with pytest.raises(ValueError, match="no"), turns.of("one", [(ANNA, span(0))]):
        raise ValueError("no")
    with turns.of("one", [(ANNA, span(0))]) as turn:
        assert not turn.waited
        with turns.of("two", [(ANNA, span(0))]) as again:
            assert again.waited and not again.lost, "after the patience it is tried all the same"


def test_what_comes_in_together_is_done_together_and_the_rest_before_the_end() -> None:
    later, done = Gathering(quiet=0.05), []
    ended = threading.Event()

    def work(items: Sequence[Any]) -> None:
        done.append(list(items))
        ended.set()

    for n in range(20):
        later.add("counted", work, n)
    assert ended.wait(PATIENCE)
    later.add("counted", work, 20)
    later.close()
    assert done == [list(range(20)), [20]]


def test_what_the_database_does_not_take_is_tried_again_and_a_mistake_stops_nobody_else() -> None:
    later, done = Gathering(quiet=0.0), []
    ended = threading.Event()

    def refused_once(items: Sequence[Any]) -> None:
        done.append(list(items))
        if len(done) == 1:
            raise Unavailable("locked")
        ended.set()

    def mistaken(items: Sequence[Any]) -> None:
        raise ValueError("a mistake")

    later.add("mistaken", mistaken, 1)
    later.add("refused", refused_once, 1)
    assert ended.wait(PATIENCE)
    later.close()
    assert done == [[1], [1]]
