"""A file that was read before is read again as if for the first time, whatever was done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.local.files import CalendarFile
from connectors.local.keeping.again import parsed_again
from connectors.local.keeping.pieces import Text
from connectors.local.text import Component, Parsed, parse

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:Europe/Berlin\r\n"
ZONE = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nEND:VTIMEZONE\r\n"
TAIL = "END:VCALENDAR\r\n"


def event(n: int, more: str = "") -> str:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\n" if n % 3 == 0 else ""
    lines = f"UID:{n}@x\r\nSUMMARY:Number {n}\r\n  folded\r\nDTSTART:20260301T100000Z\r\n"
    return f"BEGIN:VEVENT\r\n{lines}{more}{alarm}END:VEVENT\r\n"


BEFORE = HEAD + ZONE + "".join(map(event, range(6))) + TAIL


def shape(found: Parsed) -> Any:
    def one(component: Component) -> Any:
        return component, [one(child) for child in component.children]

    return found.text, [one(calendar) for calendar in found.calendars]


def read(text: str, before: Parsed | None = None, changed: tuple[int, int] | None = None) -> Any:
    try:
        return shape(parse(text) if before is None else parsed_again(before, text, changed))
    except Unreadable as error:
        return str(error)


PIECES = (
    event(90),
    event(91, "RRULE:FREQ=DAILY\r\n"),
    ZONE,
    "X-WR-TIMEZONE:Asia/Tokyo\r\n",
    " continued\r\n",
    "\r\n",
    "\r\n\tcontinued\r\n",
    "\ufeff",
    "BEGIN:VEVENT\r\n",
    "END:VEVENT\r\n",
    "END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n",
    "LOCATION:Müller\r\n",
    "x",
    "",
)


@given(
    start=st.integers(0, len(BEFORE)),
    length=st.integers(0, 400),
    put=st.lists(st.sampled_from(PIECES), max_size=2).map("".join),
    whole=st.booleans(),
)
def test_any_edit_is_read_as_the_whole_file_would_be(start: int, length: int, put: str, whole: bool) -> None:
    end = min(len(BEFORE), start + length)
    if whole:  # as programs do it: at the beginnings of lines
        start = BEFORE.rfind("\n", 0, start) + 1
        end = max(start, BEFORE.rfind("\n", 0, end) + 1)
    text = BEFORE[:start] + put + BEFORE[end:]
    assert read(text, parse(BEFORE)) == read(text)
    assert read(text, parse(BEFORE), (start, end)) == read(text), "where it is said what has changed"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (BEFORE.replace(TAIL, event(90) + TAIL), 6),
        (BEFORE.replace(event(2), ""), 4),  # the one behind begins alike
        (BEFORE.replace("Number 2", "Another one"), 5),
        (BEFORE.replace("Europe/Berlin", "Europe/Paris"), 0),
        (BEFORE.replace(ZONE, ""), 0),
        (BEFORE + BEFORE, 0),
    ],
)
def test_what_stands_keeps_what_was_worked_out_of_it(text: str, kept: int) -> None:
    before = parse(BEFORE)
    for component in before.components("VEVENT"):
        component.memo["seen"] = True
    again = parsed_again(before, text)
    assert sum("seen" in c.memo for c in again.components("VEVENT")) == kept
    assert shape(again) == shape(parse(text))


def test_what_names_its_line_late_is_worked_out_anew_where_it_moves() -> None:
    text = HEAD + event(1, "RRULE:FREQ=DAILY\r\n") + TAIL
    before = parse(text)
    for component in before.components("VEVENT"):
        component.memo["seen"] = True
    (_, moved) = parsed_again(before, text.replace(HEAD, HEAD + event(7))).components("VEVENT")
    assert moved.value("UID") == "1@x"
    assert not moved.memo
    (stays, _) = parsed_again(before, text.replace(TAIL, event(7) + TAIL)).components("VEVENT")
    assert stays.memo


def ours(n: int) -> str:
    return event(n).replace(f"UID:{n}@x", f"UID:{'0' * 24}{n:02d}@loopwright")


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.lists(st.integers(0, 5), max_size=2), st.integers(0, 5)), max_size=8
    )
)
def test_whose_event_it_is_is_known_after_edits_as_after_reading_the_file(edits: list[Any]) -> None:
    def made(text: str, before: CalendarFile | None = None) -> CalendarFile:
        return CalendarFile("a@b.example", Path("a"), Text(text), lambda: None, lambda _: None, before=before)

    def known(file: CalendarFile) -> Any:
        return {id_: [c.start for c in some] for id_, some in file._own().items() if some}

    events = [ours(n % 3) for n in range(5)]
    file = made(HEAD + "".join(events) + TAIL)
    file._own()
    for at, put, gone in edits:
        events[at : at + gone] = map(ours, put)
        text = HEAD + "".join(events) + TAIL
        file = made(text, file)
        assert known(file) == known(made(text))
