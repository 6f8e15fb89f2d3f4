"""Windows as people write them: what is understood is exact, and what is not is refused by its line."""

from __future__ import annotations

from datetime import date

import pytest
from dateutil import parser as other_reader

from scheduler.web.frame.words import Words
from scheduler.web.new.written import months, read, weekdays

TODAY = date(2026, 11, 26)
EN, DE = Words.of("en"), Words.of("de")


@pytest.mark.parametrize(
    "text",
    [
        "Mon 30 Nov 9:00-17:00",
        "Monday, 30th of November 2026, 9am to 5pm",
        "November 30, 9-17",
        "Nov 30th: 9.00 – 17.00",
        "2026-11-30 09:00-17:00",
        "30.11. 9-17 Uhr",
        "Mo 30.11.2026 9:00-17:00",
        "Montag, den 30. November von 9 bis 17 Uhr",
        "am 30. Nov. zwischen 9 und 17 Uhr",
        "> * on Monday 30 Nov between 9 a.m. and 5 p.m.",
        "Mon 30 Nov, 9-5pm",
    ],
)
def test_one_day_in_many_ways(text: str) -> None:
    found = read(text, TODAY, EN)
    assert found.faults == () and found.windows == (("2026-11-30T09:00", "2026-11-30T17:00"),)


def test_a_text_of_several_lines_with_several_hours_in_one() -> None:
    found = read("Tue 1 Dec 9-12 and 14:30-16\n\n- Wed 2 Dec, 2-5 pm\nSat 2 Jan 22-24", TODAY, EN)
    assert found.faults == ()
    assert found.lines == (1, 1, 3, 4)
    assert found.windows == (
        ("2026-12-01T09:00", "2026-12-01T12:00"),
        ("2026-12-01T14:30", "2026-12-01T16:00"),
        ("2026-12-02T14:00", "2026-12-02T17:00"),
        ("2027-01-02T22:00", "2027-01-03T00:00"),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Tuesday afternoon", "no date"),
        ("Tue 30 Nov 9-17", "2026-11-30 is not a Tue"),
        ("Mon 30 Nov", "no hours"),
        ("Mon 30 Nov not 9-17", "“not”"),
        ("Mon 30 Nov 9-17 except 12-13", "“except”"),
        ("Mon 30 Nov 9-17 CET", "“CET”"),
        ("Mon 30 Nov 17-9", "ends before it starts"),
        ("Mon 30 Nov 9-25", "no time of day"),
        ("Mon 30 Nov 9:70-12", "no time of day"),
        ("30 Nov 13am-2pm", "no time of day"),
        ("30 Feb 9-12", "no such date"),
        ("03/04 9-12", "no date"),
        ("Mon 30 Nov 9-12 to 1 Dec", "“to”"),
        ("Mon 30 Nov after 14", "“after”"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_line(line: str, said: str) -> None:
    found = read(f"Mon 30 Nov 9-12\n{line}", TODAY, EN)
    assert found.windows == (("2026-11-30T09:00", "2026-11-30T12:00"),)
    assert len(found.faults) == 1 and found.faults[0].startswith("Line 2: ") and said in found.faults[0]


def test_another_reader_of_dates_says_the_same_of_every_day_around_today() -> None:
    for n in range(350):
        day = date.fromordinal(TODAY.toordinal() - 175 + n)
        for shape in ("%a %d %b 10:15-11:45", "%B %d, %Y 10:15-11:45", "%A %d %B 10:15-11:45"):
            text = day.strftime(shape)
            found = read(text, TODAY, EN)
            told = other_reader.parse(day.strftime("%d %B %Y"))
            assert found.faults == (), text
            assert found.windows == ((f"{told:%Y-%m-%d}T10:15", f"{told:%Y-%m-%d}T11:45"),), text


def test_months_and_days_have_short_forms_in_both_languages() -> None:
    assert {months()[n] for n in ("mar", "mär", "mrz", "march", "märz")} == {3}
    assert months()["okt"] == months()["oct"] == 10 and "ju" not in months()
    assert weekdays()["di"] == weekdays()["tue"] == 1 and weekdays()["so"] == weekdays()["sunday"] == 6
    assert set(months().values()) == set(range(1, 13)) and set(weekdays().values()) == set(range(7))
