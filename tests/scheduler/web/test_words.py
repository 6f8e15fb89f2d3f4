"""Every text of the pages is marked for the catalogues, and the product's own words have one."""

from __future__ import annotations

import pytest

from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import LoopState
from scheduler.domain.templates import SeatKind
from scheduler.web.frame import terms
from scheduler.web.frame.words import LANGUAGES, Words
from solver import Weights
from tests.scheduler.web.catalogue import marked


def test_the_texts_are_found() -> None:
    assert len(marked()) > 150


def test_every_state_and_every_kind_of_seat_has_a_word() -> None:
    assert set(terms.STATES) == set(LoopState)
    assert set(terms.SEATS) == set(SeatState) and set(terms.KINDS) == set(SeatKind)


def test_every_priced_rule_has_its_words() -> None:
    assert set(Weights.__slots__) - set(terms.RULES) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_that_is_not_known_is_shown_as_it_is(language: str) -> None:
    known = terms.Terms(Words.of(language))
    assert known.rule("new_rule") == "new rule" and known.fact("new_fact") == "new fact"
    assert known.state("confirmed") and known.tone("confirmed") == "green" and known.tone("held") == "grey"
