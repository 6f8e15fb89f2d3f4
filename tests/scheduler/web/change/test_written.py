"""Changes in an address are read as they were written, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import BadInput
from scheduler.services.changing import asked
from scheduler.web.change.written import MOST, added, address, read, written


def test_each_kind() -> None:
    texts = ["move~talk~2026-03-10T09:00", "seat~talk~0~anna~bob", "seat~talk~1~anna~", "free~talk~bob"]
    texts += ["lock~talk~time", "unlock~talk~people"]
    assert read(texts) == (
        asked.Move("talk", "2026-03-10T09:00"),
        asked.Give("talk", "anna", 0, "bob"),
        asked.Give("talk", "anna", 1, None),
        asked.Free("talk", "bob"),
        asked.Lock("talk", time=True),
        asked.Unlock("talk", people=True),
    )


@given(st.text(max_size=40))
def test_anything_else_is_told(text: str) -> None:
    try:
        read([text])
    except BadInput as error:
        assert error.field == "c"


@pytest.mark.parametrize(
    "text", ["", "move", "move~talk", "seat~talk~x~anna~", "lock~talk~all", "cancel~talk~now"]
)
def test_what_no_page_has_written(text: str) -> None:
    with pytest.raises(BadInput, match="is no change"):
        read([text])


def test_too_many() -> None:
    with pytest.raises(BadInput, match=f"more than {MOST}"):
        read(["lock~talk~time"] * (MOST + 1))


def test_a_later_word_about_the_same_takes_the_place_of_the_earlier() -> None:
    texts = ["move~a~1", "seat~a~0~x~", "lock~a~time", "move~b~1"]
    assert added(texts, "move~a~2") == ["seat~a~0~x~", "lock~a~time", "move~b~1", "move~a~2"]
    assert added(texts, "seat~a~0~y~") == ["move~a~1", "lock~a~time", "move~b~1", "seat~a~0~y~"]
    assert added(texts, "unlock~a~time") == ["move~a~1", "seat~a~0~x~", "move~b~1", "unlock~a~time"]
    assert added(texts, "seat~a~1~y~") == [*texts, "seat~a~1~y~"]


def test_an_address_keeps_what_a_sign_would_end() -> None:
    found = address("lp_1", [written("move", "talk", "2026-03-10T09:00+01:00")], interview="a&b", week="")
    assert found == "/loops/lp_1/change?interview=a%26b&c=move~talk~2026-03-10T09%3A00%2B01%3A00"
