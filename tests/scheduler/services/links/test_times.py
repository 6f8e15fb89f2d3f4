"""When a candidate can come: what cannot hold the loop is refused at once, by how much; clocks that change are heeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.guests.links import CANDIDATE, Link, Purpose
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.time import Span
from scheduler.services import opening
from scheduler.services.links import times
from scheduler.services.links.times import Needed, Offered, TooShort
from tests.scheduler.kit import Kit
from tests.stories.kit import ask, look


def link_of(kit: Kit, loop_id: str) -> Link:
    with kit.app.db.write() as tx:
        _, path = opening.make(kit.app, tx, Purpose.FOLLOW, "person:rolf", loop=loop_id)
        found = opening.opened(kit.app, tx, path.rpartition("/")[2], CANDIDATE)
    assert found is not None
    return found


def test_given_and_planned_with(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ())
    times.give(kit.app, link_of(kit, loop.id), "Europe/Lisbon", [Offered("2026-03-11", "08:00", "16:00")])
    kit.run()
    now = look(kit, loop.id)
    assert now.state is LoopState.PROPOSED
    assert now.windows == (Span(datetime(2026, 3, 11, 8, tzinfo=UTC), datetime(2026, 3, 11, 16, tzinfo=UTC)),)


def test_too_short_is_told_in_minutes(kit: Kit) -> None:
    loop = ask(kit, "onsite", BookMode.PROPOSE, ())
    with pytest.raises(TooShort) as refused:
        times.give(
            kit.app,
            link_of(kit, loop.id),
            "Europe/Berlin",
            [Offered("2026-03-11", "09:00", "11:00"), Offered("2026-03-12", "09:00", "10:00")],
        )
    assert (refused.value.have, refused.value.want, refused.value.on) == (120, 285, 1)
    assert look(kit, loop.id).state is LoopState.AWAITING_CANDIDATE


@pytest.mark.parametrize(
    ("need", "hours", "told"),
    [
        (Needed(195, 60, 0, 1), [2], (120, 195, 1)),
        (Needed(195, 60, 0, 1), [3.25], None),
        (Needed(195, 60, 60, 1), [4], (240, 255, 1)),
        (Needed(195, 60, 0, 2), [2, 1], (180, 195, 2)),
        (Needed(195, 60, 0, 2), [2, 1.25], None),
        (Needed(195, 60, 0, 2), [2, 1, 1], (180, 195, 2)),
        (Needed(195, 120, 0, 3), [1.5, 1.5, 1.5], (90, 120, 1)),
    ],
)
def test_what_windows_have_to_hold(
    need: Needed, hours: list[float], told: tuple[int, int, int] | None
) -> None:
    first = datetime(2026, 3, 11, 8, tzinfo=UTC)
    spans = [Span(first + timedelta(days=n), first + timedelta(days=n, hours=h)) for n, h in enumerate(hours)]
    if told is None:
        times.check(need, spans)
        return
    with pytest.raises(TooShort) as refused:
        times.check(need, spans)
    assert (refused.value.have, refused.value.want, refused.value.on) == told


def test_hours_that_cannot_be_meant_are_named_by_their_day(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ())
    link = link_of(kit, loop.id)
    with pytest.raises(BadInputs) as refused:
        times.give(
            kit.app,
            link,
            "Europe/Berlin",
            [
                Offered("2026-03-11", "09:00", ""),
                Offered("2026-03-12", "15:00", "09:00"),
                Offered("2026-03-13", "25:00", "26:00"),
                Offered("2026-03-29", "02:30", "09:00"),  # the clocks skip it
                Offered("2026-03-16", "", ""),
            ],
        )
    assert [f.field for f in refused.value.faults] == [
        f"day.2026-03-{day}" for day in ("11", "12", "13", "29")
    ]
    with pytest.raises(BadInput) as nothing:
        times.give(kit.app, link, "Europe/Berlin", [])
    assert nothing.value.field == "days"
    with pytest.raises(BadInput) as unknown:
        times.give(kit.app, link, "CET", [Offered("2026-03-11", "09:00", "17:00")])
    assert unknown.value.field == "zone"


def test_in_the_hour_that_comes_twice_only_what_is_certain_is_taken() -> None:
    """2026-10-25 in Berlin: 02:30 is at 00:30 and at 01:30 UTC."""
    (until,) = times._spans([Offered("2026-10-25", "01:00", "02:30")], "Europe/Berlin")
    (since,) = times._spans([Offered("2026-10-25", "02:30", "24:00")], "Europe/Berlin")
    assert until.end.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert since.start.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert since.end.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_the_days_that_are_asked_about_are_the_candidates(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ())
    here, there = (times.days(kit.app, loop, z) for z in ("Europe/Berlin", "Pacific/Kiritimati"))
    assert here[0].isoformat() == "2026-03-09"
    assert all(day.weekday() < 5 for day in (*here, *there))
    kit.clock.now = datetime(
        2026, 3, 9, 12, tzinfo=UTC
    )  # the next day has begun on that side of the date line
    assert times.days(kit.app, loop, "Pacific/Kiritimati")[0].isoformat() == "2026-03-10"
    assert times.days(kit.app, loop, "Pacific/Pago_Pago")[0].isoformat() == "2026-03-09"
