"""What a form sent, as a value or as faults beside its fields."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from scheduler.domain.errors import BadInput, BadInputs, WrongState
from scheduler.web.frame.forms import Filled, Form, read
from scheduler.web.frame.words import Words
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain

EN = Words.of("en")


class Sample(Form):
    name: str = Field(min_length=2, max_length=5)
    number: int = Field(1, ge=1, le=9)
    kind: Literal["", "a"] = ""
    several: list[str] = Field(default=[], max_length=2)


def faults(*pairs: tuple[str, str]) -> dict[str, str]:
    return read(Sample, list(pairs), EN).faults


def test_a_good_form_is_a_value() -> None:
    filled = read(Sample, [("name", " abc "), ("several", "x"), ("several", "y"), ("number", "")], EN)
    assert filled.value == Sample(name="abc", several=["x", "y"]) and not filled.faults
    assert filled.typed["several"] == ["x", "y"]


@pytest.mark.parametrize(
    ("pairs", "field", "said"),
    [
        ([], "name", "is needed"),
        ([("name", "  ")], "name", "is needed"),
        ([("name", "abcdef")], "name", "is too long: at most 5 characters"),
        ([("name", "abc"), ("number", "x")], "number", "is not a whole number"),
        ([("name", "abc"), ("number", "0")], "number", "is too small: at least 1"),
        ([("name", "abc"), ("kind", "b")], "kind", "is not one of what can be chosen"),
        ([("name", "abc"), ("several", "x"), ("several", "y"), ("several", "z")], "several", "at most 2"),
        ([("name", "abc"), ("other", "x")], "other", "is not a field of this form"),
    ],
)
def test_each_fault_stands_beside_its_field(pairs: list[tuple[str, str]], field: str, said: str) -> None:
    found = faults(*pairs)
    assert set(found) == {field} and said in found[field]


def test_what_a_service_refuses_goes_to_its_field_or_to_the_whole() -> None:
    filled: Filled[Sample] = Filled({"name": "abc"}, None)
    filled.refuse(BadInputs([BadInput("name", "is odd", "take another"), BadInput("elsewhere", "is wrong")]))
    assert filled.faults == {"name": "is odd; take another", "": "elsewhere: is wrong"}
    filled.refuse(WrongState("loop", "lp_1", "cancelled", "too late"))
    assert "too late" in filled.faults[""]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"me=%ff", "application/x-www-form-urlencoded", 422),
        (b"me=%00", "application/x-www-form-urlencoded", 422),
        ("me=ä".encode(), "application/x-www-form-urlencoded", 422),
        (b"&".join([b"a=1"] * 3000), "application/x-www-form-urlencoded", 422),
        (b'{"me": "rolf"}', "application/json", 415),
        (b"me=rolf", "text/plain", 415),
    ],
)
def test_what_no_page_sends_is_refused_by_a_page(kit: Kit, body: bytes, kind: str, status: int) -> None:
    answer = Plain(kit).post("/you", content=body, headers={"content-type": kind})
    assert answer.status_code == status and answer.headers["content-type"].startswith("text/html")
