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


def test_who_wants_the_same_time_waits_until_the_first_is_done() -> None:
    turns, done = Turns(PATIENCE), []

    def second() -> None:
        with turns.of([(ANNA, span(30))]) as waited:
            done.append(("second", waited))

    with turns.of([(ANNA, span(0)), (BEN, span(0))]) as waited:
        assert not waited
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        done.append(("first", False))
    thread.join(PATIENCE)
    assert done == [("first", False), ("second", True)]


@pytest.mark.parametrize("wanted", [[(ANNA, span(45))], [(BEN, span(0))], []])
def test_nobody_waits_for_another_time_or_another_person(wanted: list[tuple[Subject, Span]]) -> None:
    turns = Turns(PATIENCE)
    with turns.of([(ANNA, span(0))]), turns.of(wanted) as waited:
        assert not waited


def test_a_turn_ends_also_where_it_fails_and_nobody_waits_for_ever() -> None:
    turns = Turns(patience=0.01)
    with pytest.raises(ValueError, match="no"), turns.of([(ANNA, span(0))]):
        raise ValueError("no")
    with turns.of([(ANNA, span(0))]) as waited:
        assert not waited
        with turns.of([(ANNA, span(0))]) as again:
            assert again, "after the patience it is tried all the same"


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
