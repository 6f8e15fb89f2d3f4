"""Somebody adds a guest to one of our events in the organizer's calendar: whatever we change, they stay."""

from __future__ import annotations

from pathlib import Path

import icalendar
import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import conflicts, replies
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, events, look, replied

ORGANIZER = "interviews@testwerk.example"
GUEST = "dirk@testwerk.example"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def add_guest(kit: Kit, title: str) -> None:
    file = kit.folder / f"{ORGANIZER}.ics"
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    for event in calendar.walk("VEVENT"):
        if str(event["SUMMARY"]).startswith(title):
            event.add("ATTENDEE", icalendar.vCalAddress(f"mailto:{GUEST}"))
    file.write_bytes(calendar.to_ical())
    replies.sync(kit.app)
    kit.run()


def guests(kit: Kit, title: str) -> set[str]:
    (event,) = [e for e in events(kit, ORGANIZER) if str(e["SUMMARY"]).startswith(title)]
    return {str(guest).removeprefix("mailto:") for guest in event["ATTENDEE"]}


def test_when_a_repair_moves_the_interview(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    add_guest(kit, manager.title)
    meeting = Entry("Dentist", manager.span.start, manager.span.end)
    add_entries(kit.folder, "hana@testwerk.example", [meeting])
    kit.clock.forward(minutes=15)
    conflicts.look(kit.app, 30)
    kit.run()
    assert booked(kit, loop.id)["manager"].span != manager.span
    assert GUEST in guests(kit, manager.title)
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_when_another_interviewer_takes_over(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    deep = booked(kit, loop.id)["deep"]
    lead = next(s.person for s in deep.seats if s.required)
    add_guest(kit, deep.title)
    replied(kit, deep, lead, Reply.DECLINED)
    after = booked(kit, loop.id)["deep"]
    assert lead not in {s.person for s in after.seats if s.required and s.state.value != "replaced"}
    there = guests(kit, deep.title)
    assert GUEST in there
    assert f"{lead}@testwerk.example" not in there
