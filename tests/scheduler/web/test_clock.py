"""Moments as people read them, judged by the examples of the Unicode locale data for both languages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scheduler.domain.time import Span
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.words import Words

NOW = datetime.fromisoformat("2026-03-09T07:00:00+00:00")


def clock(language: str, zone: str = "Europe/Berlin") -> Clock:
    return Clock(Words.of(language).locale, zone, NOW)


@pytest.mark.parametrize(
    ("language", "day", "long", "ago"),
    [
        ("en", "Mon 9 Mar", "Monday 9 March", "in 3 days"),
        ("de", "Mo., 9. März", "Montag, 9. März", "in 3 Tagen"),
    ],
)
def test_days_in_both_languages(language: str, day: str, long: str, ago: str) -> None:
    here = clock(language)
    assert here.day(NOW).replace(",", "") == day.replace(",", "")
    assert here.long_day(here.today()).replace(",", "") == long.replace(",", "")
    assert here.ago(NOW + timedelta(days=3)) == ago


def test_every_clock_has_its_own_day_and_offset() -> None:
    late = datetime.fromisoformat("2026-03-09T22:30:00+00:00")
    here = clock("en")
    assert here.time(late) == "23:30" and here.time(late, "Asia/Kolkata") == "04:00"
    assert here.day_of(late) != here.day_of(late, "Asia/Kolkata")
    assert here.offset(late, "Asia/Kolkata") == "+05:30"
    assert "+05:30" in here.exact(late, "Asia/Kolkata")


def test_a_stretch_says_its_second_day_only_where_there_is_one() -> None:
    here = clock("en")
    hour = Span(NOW, NOW + timedelta(hours=1))
    assert here.hours(hour) == "08:00–09:00"
    assert "Tue" in here.hours(Span(NOW, NOW + timedelta(hours=20)))


def test_another_year_is_said() -> None:
    assert "2027" in clock("en").day(NOW + timedelta(days=365))
    assert "2026" not in clock("en").day(NOW)
