"""Days and hours of a candidate's page: on the clock there and on one's own, around changes and the date line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.time import Span
from scheduler.services.links.candidate import Choice, Meeting, Stage
from scheduler.web.candidate import shown
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.words import Words
from scheduler.web.guest.zones import Zones


def meeting(start: datetime, zone: str = "", minutes: int = 60, id: str = "talk") -> Meeting:
    return Meeting(
        id,
        "Talk",
        Span(start, start + timedelta(minutes=minutes)),
        "on_site" if zone else "video",
        zone,
        (),
        (),
    )


def told(one: Meeting, own: str, language: str = "en") -> tuple[str, str, str, str]:
    words = Words.of(language)
    when = Clock(words.locale, own, datetime(2026, 3, 9, 7, tzinfo=UTC))
    (day,) = shown.days([one], when, Zones(words.locale), words)
    (line,) = day.lines
    return day.title, line.hours, line.city, line.own


@pytest.mark.parametrize(
    ("start", "zone", "own", "seen"),
    [
        # the day before and the day after Europe's clocks change, seen from where they change on another day
        (
            (2026, 3, 27, 13),
            "Europe/Berlin",
            "America/New_York",
            ("Friday, 27 March", "14:00–15:00", "Berlin", "09:00–10:00"),
        ),
        (
            (2026, 3, 30, 12),
            "Europe/Berlin",
            "America/New_York",
            ("Monday, 30 March", "14:00–15:00", "Berlin", "08:00–09:00"),
        ),
        # both sides of the date line
        (
            (2026, 3, 11, 8),
            "Europe/Berlin",
            "Pacific/Kiritimati",
            ("Wednesday, 11 March", "09:00–10:00", "Berlin", "22:00–23:00"),
        ),
        (
            (2026, 3, 11, 8),
            "Europe/Berlin",
            "Pacific/Pago_Pago",
            ("Wednesday, 11 March", "09:00–10:00", "Berlin", "Tue 10 Mar, 21:00–22:00"),
        ),
        # a call is on one's own clock, whatever day that is
        ((2026, 3, 11, 20), "", "Pacific/Auckland", ("Thursday, 12 March", "09:00–10:00", "", "")),
        # another name for the same clock is told once
        ((2026, 3, 11, 8), "Europe/Berlin", "Europe/Madrid", ("Wednesday, 11 March", "09:00–10:00", "", "")),
    ],
)
def test_an_interview_on_two_clocks(
    start: tuple[int, int, int, int], zone: str, own: str, seen: tuple[str, ...]
) -> None:
    assert told(meeting(datetime(*start, tzinfo=UTC), zone), own) == seen


def test_options_tell_themselves_apart_and_the_nearest_comes_first() -> None:
    words = Words.of("de")
    when = Clock(words.locale, "Europe/Berlin", datetime(2026, 3, 9, 7, tzinfo=UTC))
    one = Choice(
        "a", (meeting(datetime(2026, 3, 11, 8, tzinfo=UTC)), meeting(datetime(2026, 3, 11, 10, tzinfo=UTC)))
    )
    two = Choice(
        "b", (meeting(datetime(2026, 3, 12, 8, tzinfo=UTC)), meeting(datetime(2026, 3, 13, 8, tzinfo=UTC)))
    )
    found = shown.options([one, two], "b", when, Zones(words.locale), words)
    assert [(o.id, o.title) for o in found] == [
        ("b", "Do., 12. März – Fr., 13. März"),
        ("a", "Mittwoch, 11. März, 09:00–12:00"),
    ]


def test_where_it_stands() -> None:
    words = Words.of("en")
    assert [state for _, state in shown.steps(Stage.CHOOSE, words)] == ["done", "now", "", ""]
    assert [state for _, state in shown.steps(Stage.OVER, words)] == ["done", "done", "done", "now"]
    assert shown.steps(Stage.CANCELLED, words) == []
    assert set(shown.HEADINGS) == set(Stage)
