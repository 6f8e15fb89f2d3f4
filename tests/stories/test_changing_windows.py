"""Other windows or another horizon of a booked loop: what is booked outside of them moves, or is why it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.loops import LoopState
from scheduler.services.changing import asked
from tests.scheduler.kit import Kit, make
from tests.stories.kit import booked, look
from tests.stories.test_changing import applied, confirmed, sound, tried

FRIDAY = asked.Windows((("2026-03-13T09:00", "2026-03-13T17:00"),), "Europe/Berlin")
TOO_SHORT = asked.Windows((("2026-03-11T15:00", "2026-03-11T17:00"),), "Europe/Berlin")
WIDER = asked.Windows((("2026-03-11T09:00", "2026-03-13T17:00"),), "Europe/Berlin")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_what_is_booked_outside_of_other_windows_is_told_as_what_has_to_move(kit: Kit) -> None:
    loop = confirmed(kit)
    found = tried(kit, loop, FRIDAY)
    assert found.verdict == "allowed", found.refused
    moved = {s.interview for s in found.steps if s.what == "time"}
    assert moved == set(booked(kit, loop.id))
    assert not any(s.asked for s in found.steps)
    done = applied(kit, loop, found, FRIDAY)
    assert done.state is LoopState.CONFIRMED
    assert {i.span.start.day for i in booked(kit, loop.id).values()} == {13}
    sound(kit)


def test_windows_that_hold_what_is_booked_move_nothing(kit: Kit) -> None:
    loop = confirmed(kit)
    found = tried(kit, loop, WIDER)
    assert (found.verdict, found.steps) == ("allowed", ())
    assert applied(kit, loop, found, WIDER).windows != loop.windows


@pytest.mark.parametrize(
    ("changes", "words", "fix"),
    [
        ((TOO_SHORT,), "outside of what the candidate offers", "offer that time as well"),
        (
            (asked.Horizon("2026-03-09T09:00", "2026-03-10T09:00", "Europe/Berlin"),),
            "outside of the loop's horizon",
            "let the horizon reach that far",
        ),
        ((asked.Lock("tech", time=True), FRIDAY), "does not offer that time", "or unlock it"),
        (
            (
                asked.Lock("tech", time=True),
                FRIDAY,
                asked.Horizon("2026-03-12T09:00", "2026-03-23T09:00", "Europe/Berlin"),
            ),
            "beyond the loop's horizon",
            "change the horizon, or unlock it",
        ),
    ],
)
def test_what_cannot_move_is_why_it_is_refused(
    kit: Kit, changes: tuple[asked.Change, ...], words: str, fix: str
) -> None:
    loop = confirmed(kit)
    found = tried(kit, loop, *changes)
    assert (found.verdict, found.version) == ("refused", "")
    (first,) = [r for r in found.refused if r.rule == "availability" and r.interview == "tech"]
    assert first.text.startswith("Technical, Wednesday 11 March 09:00–10:00: ")
    assert words in first.text and fix in first.fix
    assert all(r.fix for r in found.refused)


def test_what_has_begun_stays_where_it_is(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    kit.clock.forward(days=2, hours=1, minutes=30)
    assert before["tech"].span.start < kit.clock() < before["deep"].span.start
    afternoon = asked.Windows((("2026-03-11T09:45", "2026-03-11T17:00"),), "Europe/Berlin")
    found = tried(kit, look(kit, loop.id), afternoon)
    assert (found.verdict, found.steps) == ("allowed", ())
