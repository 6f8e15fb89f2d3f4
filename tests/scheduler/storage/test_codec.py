"""Every domain value that is kept as JSON comes back equal, and nothing else comes back at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.domain.bookings import Interview, LedgerRow, Reservation
from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput
from scheduler.domain.fixes.saying import Said
from scheduler.domain.loops import Application, Loop
from scheduler.domain.proposals import Proposal
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.time import Span
from scheduler.storage.codec import decode, encode
from tests.scheduler.storage import samples

_instants = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001
    datetime(2190, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
_spans = st.builds(
    lambda start, length: Span(start, start + timedelta(minutes=length)), _instants, st.integers(1, 600)
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
st.register_type_strategy(datetime, _instants)
st.register_type_strategy(Span, _spans)
st.register_type_strategy(
    Subject, st.builds(Subject, st.sampled_from(Whose), st.text(min_size=1, max_size=9))
)
st.register_type_strategy(Said, st.builds(Said, st.text(), st.dictionaries(st.text(), _json, max_size=3)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize("kind", [Company, Application, Loop, Proposal, Interview, Reservation])
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_was_encoded_comes_back_equal(kind: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert decode(kind, json.loads(json.dumps(encode(value)))) == value


@given(st.dictionaries(st.text(), _json, max_size=3))
def test_free_json_comes_back_as_it_is(payload: Mapping[str, Any]) -> None:
    row = samples.write(payload=payload)
    assert decode(LedgerRow, json.loads(json.dumps(encode(row)))) == row


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    when: datetime
    size: int = 1


@dataclass(frozen=True)
class Whole:
    name: str
    parts: tuple[Part, ...] = ()
    pair: tuple[str, int] | None = None
    colours: frozenset[Colour] = frozenset()
    sizes: Mapping[Colour, float] = field(default_factory=dict)
    day: date | None = None
    clock: time | None = None
    span: Span | None = None
    whose: Mapping[Subject, int] = field(default_factory=dict)
    next: Whole | None = None
    sure: bool = False


WHOLE = Whole(
    "w",
    (Part(samples.NOW), Part(samples.NOW, 2)),
    ("a", 1),
    frozenset({Colour.RED, Colour.BLUE}),
    {Colour.RED: 1.5, Colour.BLUE: 2.0},
    date(2026, 3, 29),
    time(9, 30),
    samples.span(0, 5),
    {Subject.room("oak"): 1},
    Whole("inner"),
    True,
)


def test_the_json_form_is_plain_and_sorted() -> None:
    coded = encode(WHOLE)
    assert coded["parts"][1] == {"when": "2026-03-02T09:00:00+00:00", "size": 2}
    assert coded["colours"] == ["blue", "red"]
    assert coded["sizes"] == {"red": 1.5, "blue": 2.0}
    assert coded["whose"] == {"room:oak": 1}
    assert (coded["day"], coded["clock"]) == ("2026-03-29", "09:30:00")
    assert decode(Whole, coded) == WHOLE


def test_an_older_row_without_a_field_takes_the_default() -> None:
    assert decode(Whole, {"name": "w", "parts": [{"when": "2026-03-02T09:00:00+00:00"}]}) == Whole(
        "w", (Part(samples.NOW),)
    )


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"name": "w", "colour": "red"}, "w.colour: Whole has no such field; remove it"),
        ({}, "w.name: is missing"),
        ([], "w: [] is not an object"),
        ({"name": 1}, "w.name: 1 is not text"),
        ({"name": None}, "w.name: None is not text"),
        ({"name": "w", "sure": 1}, "w.sure: 1 is not true or false"),
        ({"name": "w", "parts": {}}, "w.parts: {} is not a list"),
        ({"name": "w", "parts": [{"when": "soon"}]}, "w.parts[0].when: 'soon' is not an instant with its offset"),
        ({"name": "w", "parts": [{"when": "2026-03-02T09:00:00"}]}, "w.parts[0].when: '2026-03-02T09:00:00' is not an instant with its offset"),
        ({"name": "w", "parts": [{"when": "2026-03-02T09:00:00Z", "size": True}]}, "w.parts[0].size: True is not a whole number"),
        ({"name": "w", "parts": [{"when": "2026-03-02T09:00:00Z", "size": 1.0}]}, "w.parts[0].size: 1.0 is not a whole number"),
        ({"name": "w", "pair": ["a"]}, "w.pair: ['a'] is not a list of 2"),
        ({"name": "w", "colours": ["green"]}, "w.colours[0]: 'green' is not one of red, blue"),
        ({"name": "w", "sizes": {"red": "big"}}, "w.sizes.red: 'big' is not a number"),
        ({"name": "w", "sizes": {"green": 1}}, "w.sizes: 'green' is not one of red, blue"),
        ({"name": "w", "sizes": {"red": True}}, "w.sizes.red: True is not a number"),
        ({"name": "w", "day": "2026-02-30"}, "w.day: '2026-02-30' is not a date"),
        ({"name": "w", "clock": 9}, "w.clock: 9 is not a time of day"),
        ({"name": "w", "span": {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T09:00:00Z"}}, "w.span: a span ends after it starts"),
        ({"name": "w", "whose": {"oak": 1}}, "w.whose: 'oak' is not a person, a room or a candidate, as in person:anna"),
        ({"name": "w", "next": {"name": "x", "next": {}}}, "w.next.next.name: is missing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_its_path(data: Any, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode(Whole, data, "w")
    assert caught.value.text.startswith(line)


def test_a_type_without_a_json_form_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="no JSON form for the type"):
        decode(complex, "1")
    with pytest.raises(TypeError, match=r"only X \| None"):
        decode(int | str, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has no JSON form"):
        encode(object())
    with pytest.raises(TypeError, match="not text"):
        encode({1: 2})
    with pytest.raises(TypeError, match="no time zone"):
        encode(datetime(2026, 1, 1))  # noqa: DTZ001
