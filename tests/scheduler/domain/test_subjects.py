"""Whose time it is, as a value and as the text that is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.subjects import Subject, Whose

SUBJECTS = st.builds(Subject, st.sampled_from(Whose), st.text(min_size=1))


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject.person("anna"), "person:anna"),
        (Subject.room("oak"), "room:oak"),
        (Subject(Whose.CANDIDATE, "9f2c"), "candidate:9f2c"),
        (Subject.room("2:07"), "room:2:07"),
    ],
)
def test_a_subject_is_kept_as_its_text(subject: Subject, text: str) -> None:
    assert (str(subject), Subject.parse(text)) == (text, subject)


@given(SUBJECTS)
def test_any_id_survives(subject: Subject) -> None:
    assert Subject.parse(str(subject)) == subject


@given(st.lists(SUBJECTS))
def test_subjects_sort_as_their_texts_do(subjects: list[Subject]) -> None:
    assert [str(s) for s in sorted(subjects)] == sorted(map(str, subjects))


@pytest.mark.parametrize("text", ["", "anna", "person", "person:", ":anna", "Person:anna", "loop:1"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no person, room or candidate|without an id"):
        Subject.parse(text)
