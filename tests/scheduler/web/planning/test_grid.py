"""Where things stand in the picture of a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.time import Span
from scheduler.services.booking.offers import Seated, Told
from scheduler.web.plans import grid
from scheduler.web.plans.grid import HEAD, HOUR, days

BERLIN = ZoneInfo("Europe/Berlin")


def told(
    id: str, start: str, minutes: int, people: str, room: str | None = None, kind: str = "interview"
) -> Told:
    at = datetime.fromisoformat(start).replace(tzinfo=BERLIN)
    span = Span(at, at + timedelta(minutes=minutes))
    seats = tuple(Seated(p, p.title(), "lead", True) for p in people.split())
    planned = PlannedInterview(id, span, (tuple(people.split()),), None, room)
    return Told(planned, id.title(), kind, "on_site", "Europe/Berlin", span.start, span.end, room, seats)


def test_columns_are_the_candidate_people_and_rooms_and_blocks_are_as_long_as_their_interviews() -> None:
    plan = [
        told("a", "2026-03-11T09:30", 60, "ann ben", "Oak"),
        told("b", "2026-03-11T11:00", 45, "ben", "Elm"),
    ]
    (day,) = days(plan, [plan], BERLIN)
    assert [(c.kind, c.id) for c in day.columns] == [
        ("candidate", ""), ("person", "ann"), ("person", "ben"), ("room", "Oak"), ("room", "Elm"),
    ]  # fmt: skip
    assert len({c.x for c in day.columns}) == 5 and day.columns[0].x == grid.SIDE
    first = [b for b in day.boxes if b.told.planned.interview == "a"]
    assert [b.kind for b in first] == ["candidate", "person", "person", "room"]
    assert {(b.y, b.height) for b in first} == {(HEAD + HOUR // 2, HOUR - 1)}
    assert [when.at.strftime("%H:%M") for when in day.ticks] == ["09:00", "10:00", "11:00", "12:00"]
    inside = all(b.x + b.width <= day.right and b.y + b.height <= day.height for b in day.boxes)
    assert inside and day.width == day.right + grid.SIDE


def test_the_debrief_is_not_the_candidates() -> None:
    plan = [
        told("a", "2026-03-11T09:00", 60, "ann"),
        told("debrief", "2026-03-11T10:00", 30, "ann", kind="debrief"),
    ]
    (day,) = days(plan, [plan], BERLIN)
    assert [b.kind for b in day.boxes if b.told.kind == "debrief"] == ["person"]


def test_all_plans_share_one_scale_and_a_day_is_the_viewers() -> None:
    early = [told("a", "2026-03-11T08:00", 60, "ann")]
    late = [told("a", "2026-03-12T16:30", 60, "ann")]
    (one,), (other,) = (days(plan, [early, late], BERLIN) for plan in (early, late))
    assert one.height == other.height and len(one.ticks) == 11
    assert other.boxes[0].y - one.boxes[0].y == round(8.5 * HOUR)
    tokyo = ZoneInfo("Asia/Tokyo")
    (there,) = days(late, [late], tokyo)
    assert f"{there.day}" == "2026-03-13" and there.ticks[0].at.hour == 0
    night = [told("a", "2026-03-11T15:30", 60, "ann")]
    (over,) = days(night, [night], tokyo)
    assert f"{over.day}" == "2026-03-11" and [t.at.hour for t in over.ticks] == [23, 0, 1]
    assert over.boxes[0].height == HOUR - 1


def test_a_short_interview_has_room_for_a_line() -> None:
    plan = [replace(told("a", "2026-03-11T09:00", 5, "ann"))]
    (day,) = days(plan, [plan], BERLIN)
    assert day.boxes[0].height >= 11 and day.boxes[0].lines == 1
