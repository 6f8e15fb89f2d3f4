"""The words by which people look, and whom a fact is about."""

from __future__ import annotations

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.finding import looked_for, people_of, words_of, words_of_application
from scheduler.domain.loops import Application, Candidate
from tests.scheduler.kit import NOW


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Björn Östlund", ["bjorn", "ostlund"]),
        ("O'Neil, Maria-José", ["jose", "maria", "neil", "o"]),
        ("STRASSE straße", ["strasse"]),
        ("\uff21\uff44\uff41 ①", ["1", "ada"]),
        ("a_b\u200bc", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_words_are_compared_without_accents_and_case(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_name_without_spaces_is_found_by_its_endings() -> None:
    candidate = Candidate("山田太郎", "y@example.org", "Asia/Tokyo")
    found = words_of_application(Application("app-1", candidate, "Designer", "hana", "rolf"))
    assert {"山田太郎", "田太郎", "太郎", "郎", "y", "designer", "app", "1"} <= set(found)
    assert "esigner" not in found


def test_nothing_and_too_much_are_no_text_to_look_for() -> None:
    assert looked_for(" Ada  ADA ") == ["ada"]
    for text in (" -", "a b c d e f g h i"):
        with pytest.raises(BadInput, match=r"^text: "):
            looked_for(text)


def test_a_fact_is_about_whoever_it_names() -> None:
    data = {"person": "anna", "people": ["bob", 3], "reasons": [{"people": ["cleo"]}, "x"], "interview": "i"}
    assert people_of(Fact(NOW, "person:dora", "x", "loop:l", data=data)) == ["anna", "bob", "cleo", "dora"]
    assert people_of(Fact(NOW, "system:booking", "x", "person:")) == []
