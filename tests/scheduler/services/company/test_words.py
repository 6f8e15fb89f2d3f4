"""Single values as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from scheduler.domain.people import Hours
from scheduler.domain.templates import ClockWindow
from scheduler.services.company import words
from scheduler.services.company.faults import Said


def day(number: int, start: str, end: str) -> Hours:
    return Hours(number, time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-fri 09:00-17:30", [day(n, "09:00", "17:30") for n in range(5)]),
        ("Tue,Thu 8:00-12:00", [day(1, "08:00", "12:00"), day(3, "08:00", "12:00")]),
        ("sat 10:00 - 14:00", [day(5, "10:00", "14:00")]),
        (
            "mon–tue,sun 09:00–10:00",
            [day(0, "09:00", "10:00"), day(1, "09:00", "10:00"), day(6, "09:00", "10:00")],
        ),
    ],
)
def test_hours(text: str, expected: list[Hours]) -> None:
    assert list(words.hours_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mon-fri 09:00", "is not understood"),
        ("mon-fri", "is not understood"),
        ("09:00-17:00", "is not understood"),
        ("mon-fri 9-17", "is not understood"),
        ("mo-fr 09:00-17:00", "'mo' in 'mo-fr 09:00-17:00' is not a weekday"),
        ("mon- 09:00-17:00", "'' in 'mon- 09:00-17:00' is not a weekday"),
        ("fri-mon 09:00-17:00", "runs backwards"),
        ("mon,mon 09:00-17:00", "names a day twice"),
        ("mon-wed,tue 09:00-17:00", "names a day twice"),
        ("mon 09:00-09:00", "is empty"),
        ("mon 09:00-24:00", "24:00 in 'mon 09:00-24:00' is not a time of day"),
        ("mon 09:60-10:00", "09:60 in 'mon 09:60-10:00' is not a time of day"),
        (900, "900 is not a text"),
        (None, "nothing is not a text"),
    ],
)
def test_hours_that_are_none(text: Any, fault: str) -> None:
    with pytest.raises(Said) as caught:
        words.hours_of(text)
    assert fault in caught.value.fault
    assert caught.value.fix


def test_stretches_of_a_week_are_sorted_and_may_touch() -> None:
    lines = [words.hours_of("tue 13:00-17:00"), words.hours_of("mon-tue 09:00-13:00")]
    assert words.together(lines) == (
        day(0, "09:00", "13:00"),
        day(1, "09:00", "13:00"),
        day(1, "13:00", "17:00"),
    )


def test_stretches_that_overlap_are_refused() -> None:
    with pytest.raises(Said, match="tue 12:00-17:00 overlaps 09:00-13:00"):
        words.together([words.hours_of("mon-tue 09:00-13:00"), words.hours_of("tue 12:00-17:00")])


def test_window_and_lunch() -> None:
    assert words.window_of("11:30-14:00") == ClockWindow(time(11, 30), time(14))
    assert words.lunch_of("12:00-12:45") == (time(12), time(12, 45))
    assert words.lunch_of(False) is False
    with pytest.raises(Said, match="ends before it starts"):
        words.window_of("14:00-11:30")
    with pytest.raises(Said, match="is not understood"):
        words.lunch_of("noon")
    with pytest.raises(Said, match="is not a text"):
        words.lunch_of(True)


def test_plain_addresses_are_kept() -> None:
    for address in ("anna@example.com", "a.b+c@sub.example.co", "c_188@resource.example", "o'hara@x.example"):
        assert words.email_of(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "Anna <anna@example.com>",
        "anna@example.com, ben@example.com",
        "anna@example.com;ben@example.com",
        "anna",
        "@example.com",
        "anna@",
        "anna@@example.com",
        "an na@example.com",
        "anna@example.com\nBcc: x@y.example",
        "anna..b@example.com",
        ".anna@example.com",
        "anna.@example.com",
        "anna@-example.com",
        "änna@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 260,
        "",
    ],
)
def test_anything_but_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(Said, match="is not one plain e-mail address"):
        words.email_of(text)


def test_ids() -> None:
    assert words.id_of("onsite-loop_2.b") == "onsite-loop_2.b"
    for text in ("", "a b", "-a", "a/b", "a:b", "ä", "a" * 65):
        with pytest.raises(Said, match="is not an id"):
            words.id_of(text)


def test_one_line_of_text() -> None:
    assert words.line_of("  Panel ") == "Panel"
    for text, fault in (("  ", "is empty"), ("a\nb", "several lines"), ("x" * 201, "201 characters")):
        with pytest.raises(Said, match=fault):
            words.line_of(text)


@pytest.mark.parametrize("check", [words.zone_of])
@pytest.mark.parametrize("text", ["Europe/Berln", "CET/Berlin", "localtime", "", "../etc/passwd"])
def test_unknown_zones_are_refused(check: Callable[[str], str], text: str) -> None:
    with pytest.raises(Said, match="unknown time zone"):
        check(text)
    assert check("Europe/Berlin") == "Europe/Berlin"


def test_countries() -> None:
    assert words.country_of("DE") == "DE"
    assert words.country_of("DE-BE") == "DE-BE"
    for text, fault in (
        ("GERMANY", "is not a country code"),
        ("de", "is not a country code"),
        ("XX", "is not a country code"),
        ("DE-ZZ", "DE has no subdivision 'ZZ'"),
        ("DE-", "is not a country code"),
    ):
        with pytest.raises(Said, match=fault):
            words.country_of(text)


def test_links_lead_to_the_web() -> None:
    assert words.link_of("https://example.com/a?b=c#d") == "https://example.com/a?b=c#d"
    for text in (
        "javascript:alert(1)",
        "example.com",
        "https://",
        "https://a b",
        "ftp://x.example",
        "https://x\n",
    ):
        with pytest.raises(Said, match="is not a web address"):
            words.link_of(text)
