"""Hours over midnight, and interviews across it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.loops import LoopState
from scheduler.domain.people import Hours
from scheduler.domain.time import Span
from scheduler.services.company import words
from scheduler.services.company.faults import Said
from scheduler.services.company.fields import written
from scheduler.services.planning.windows import candidate_days
from scheduler.services.planning.worktime import hours
from tests.scheduler.kit import COMPANY, make
from tests.stories.kit import MARA, ask, booked

BERLIN = ZoneInfo("Europe/Berlin")
SOLO = (
    "templates:\n  - id: solo\n    title: Solo\n    notice_hours: 1\n    debrief: false\n    interviews:\n"
    "      - {id: talk, title: Talk, minutes: 45, modality: video, seats: [{person: anna}]}\n"
)
NIGHT = (("2026-03-16T23:30", "2026-03-17T00:30"),)


def company(said: str) -> str:
    text = COMPANY.read_text(encoding="utf-8").replace("templates:\n", SOLO, 1)
    return text.replace("{id: anna, ", f"{{id: anna, hours: {said}, ")


@pytest.mark.parametrize(
    ("said", "planned"),
    [
        ('["mon 22:00-06:00"]', True),
        ('["mon-sun 22:00-06:00"]', True),
        ('["mon 22:00-23:59", "tue 00:00-06:00"]', True),
        ('["mon 22:00-00:00", "tue 00:00-06:00"]', True),
        ('["mon 22:00-00:00"]', False),
        ('["tue 22:00-06:00"]', False),
        ('["mon 22:00-23:58", "tue 00:00-06:00"]', False),
    ],
)
def test_an_interview_lies_across_midnight_inside_hours_that_do(
    tmp_path: Path, said: str, planned: bool
) -> None:
    kit = make(tmp_path, company(said))
    loop = ask(kit, "solo", windows=NIGHT)
    assert loop.state is (LoopState.CONFIRMED if planned else LoopState.INFEASIBLE)
    if planned:
        span = booked(kit, loop.id)["talk"].span
        assert span.start < datetime(2026, 3, 16, 23, tzinfo=UTC) < span.end


def test_caps_count_it_on_the_day_on_which_it_begins(tmp_path: Path) -> None:
    kit = make(tmp_path, company('["mon-sun 22:00-06:00"], max_day: 1'))
    assert ask(kit, "solo", windows=NIGHT).state is LoopState.CONFIRMED
    later = (("2026-03-17T00:30", "2026-03-17T02:00"),)
    assert ask(kit, "solo", windows=later, application=replace(MARA, id="app-2")).state is LoopState.CONFIRMED
    before = (("2026-03-16T22:00", "2026-03-16T23:30"),)
    third = ask(kit, "solo", windows=before, application=replace(MARA, id="app-3"))
    assert third.state is LoopState.INFEASIBLE


def test_hours_over_midnight_are_told_as_they_were_written() -> None:
    [stretch] = words.hours_of("mon 22:00-06:00")
    assert stretch == Hours(0, time(22), time(6))
    assert written(stretch) == "mon 22:00-06:00"


@pytest.mark.parametrize(
    "lines",
    [
        ["mon 22:00-06:00", "tue 05:00-09:00"],
        ["sun 22:00-06:00", "mon 05:00-09:00"],
        ["mon 22:00-06:00", "mon 23:00-23:30"],
        ["mon-tue 09:00-08:00", "tue 07:00-07:30"],
    ],
)
def test_a_night_overlaps_the_next_morning(lines: list[str]) -> None:
    with pytest.raises(Said, match="overlaps"):
        words.together([words.hours_of(line) for line in lines])


def test_nights_that_touch_do_not_overlap() -> None:
    lines = ["mon-sun 22:00-06:00", "mon-sun 06:00-10:00", "mon-fri 12:00-22:00"]
    assert len(words.together([words.hours_of(line) for line in lines])) == 19


def test_a_closed_day_takes_its_part_of_the_night_only() -> None:
    night = words.hours_of("mon-tue 22:00-06:00")
    span = Span(datetime(2026, 3, 16, tzinfo=UTC), datetime(2026, 3, 19, tzinfo=UTC))

    def local(day: int, hour: int) -> datetime:
        return datetime(2026, 3, day, hour, tzinfo=BERLIN).astimezone(UTC)

    assert hours(night, BERLIN, span, {date(2026, 3, 17): time.min}) == [
        Span(local(16, 22), local(17, 0)),
        Span(local(18, 0), local(18, 6)),
    ]
    assert hours(night, BERLIN, span) == [
        Span(local(16, 22), local(17, 6)),
        Span(local(17, 22), local(18, 6)),
    ]


def test_the_night_of_a_clock_change_is_as_long_as_it_is() -> None:
    span = Span(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    [night] = hours(words.hours_of("sat 22:00-06:00"), BERLIN, span)
    assert night.end - night.start == timedelta(hours=7)


def test_a_night_offered_as_one_window_is_one_day_and_days_offered_as_one_are_not() -> None:
    span = Span(datetime(2026, 3, 15, 23, tzinfo=UTC), datetime(2026, 3, 18, 23, tzinfo=UTC))
    night = Span(datetime(2026, 3, 16, 22, tzinfo=UTC), datetime(2026, 3, 17, 1, tzinfo=UTC))
    days = candidate_days([night], BERLIN, span)
    assert any(day.start <= night.start and night.end <= day.end for day in days)
    assert [a.end for a in days[:-1]] == [b.start for b in days[1:]]
    long = Span(datetime(2026, 3, 16, 9, tzinfo=UTC), datetime(2026, 3, 17, 15, tzinfo=UTC))
    assert all(day.end - day.start == timedelta(days=1) for day in candidate_days([long], BERLIN, span))
