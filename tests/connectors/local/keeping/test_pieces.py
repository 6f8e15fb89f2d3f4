"""A text in pieces is read and edited as one string would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.local.keeping import pieces
from connectors.local.keeping.pieces import Text

CHARACTERS = st.text(st.sampled_from("ab\r\né日\udce4"), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def small() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "SIZE", 8)
        yield


@given(st.data(), CHARACTERS)
def test_edits_slices_and_bytes_are_those_of_a_string(data: st.DataObject, start: str) -> None:
    whole, text = start, Text(start)
    for _ in range(data.draw(st.integers(1, 5), "edits")):
        offsets = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6), "offsets"))
        spans = list(zip(offsets[::2], offsets[1::2], strict=False))
        changes = [(begin, end, data.draw(CHARACTERS, "put")) for begin, end in spans]
        before, old = str(text), text
        for begin, end, put in reversed(changes):
            whole = whole[:begin] + put + whole[end:]
        text = text.edited(changes)
        assert (str(text), str(old)) == (whole, before)
        assert b"".join(text.data) == whole.encode("utf-8", "surrogateescape")
    begin, end = (data.draw(st.integers(0, len(whole) + 3), name) for name in ("from", "to"))
    assert len(text) == len(whole)
    assert text[begin:end] == whole[begin:end]
    assert text.count("\n", begin, end) == whole.count("\n", begin, end)


def test_what_an_edit_does_not_touch_is_shared_and_pieces_stay_large() -> None:
    text = Text("x" * 800)
    for number in range(200):
        text, before = text.edited([(len(text) - 2, len(text) - 2, f"event {number}")]), text
        assert [id(piece) for piece in text.data[:50]] == [id(piece) for piece in before.data[:50]]
    for _ in range(100):
        text = text.edited([(5, 17, "")])
    assert len(text.data) <= len(text) // 4 + 1
