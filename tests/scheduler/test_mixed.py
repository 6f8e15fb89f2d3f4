"""One loop with interviewers on Google, on Outlook and in local files: planned, booked, answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import EventRef, Role
from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import replies
from tests.scheduler.mixed import BERLIN, ORGANIZER, ROOM, Mixed, mixed, monday
from tests.stories.kit import ask, booked, look


def window() -> tuple[str, str]:
    """Monday from nine to five at the company's place."""
    start = monday()
    return f"{start:%Y-%m-%d}T09:00", f"{start:%Y-%m-%d}T17:00"


def busy_mornings(world: Mixed) -> None:
    """Anna (Outlook) is taken until eleven, Ben (Google) from noon until two."""
    start = monday()
    with world.graph.locked() as graph:
        graph.put(
            "anna@testwerk.example",
            subject="private",
            start=start + timedelta(hours=9),
            end=start + timedelta(hours=11),
        )
    world.google.world.put(
        "ben@testwerk.example",
        {
            "summary": "private",
            "start": {"dateTime": (start + timedelta(hours=12)).isoformat()},
            "end": {"dateTime": (start + timedelta(hours=14)).isoformat()},
        },
    )


@pytest.mark.parametrize("organizer_on", ["google", "outlook"])
def test_one_loop_over_three_services(tmp_path: Path, organizer_on: str) -> None:
    with mixed(tmp_path, organizer_on=organizer_on) as world:
        busy_mornings(world)
        kit = world.kit
        loop = ask(kit, "talks", windows=(window(),))
        assert loop.state is LoopState.CONFIRMED, loop.reasons
        interviews = booked(kit, loop.id)
        assert set(interviews) == {"first", "second", "debrief"}
        first, second = interviews["first"], interviews["second"]
        assert first.span.start.astimezone(BERLIN).hour >= 11
        noon = monday() + timedelta(hours=12)
        assert second.span.end <= noon or second.span.start >= noon + timedelta(hours=2)
        answered(world, organizer_on, first.event_id)
        replies.sync(kit.app)
        seats = {s.person: s.state for s in booked(kit, loop.id)["first"].seats}
        assert seats["anna"] is SeatState.ACCEPTED
        assert look(kit, loop.id).state is LoopState.CONFIRMED


@pytest.mark.parametrize("organizer_on", ["google", "outlook"])
@pytest.mark.parametrize("room_on", ["google", "outlook", "local"])
def test_a_room_on_either_service_is_free_and_invited(
    tmp_path: Path, organizer_on: str, room_on: str
) -> None:
    with mixed(tmp_path, organizer_on=organizer_on, room_on=room_on) as world:
        start, noon = monday() + timedelta(hours=8), monday() + timedelta(hours=12)
        if room_on == "google":
            body = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": noon.isoformat()}}
            world.google.world.put(ROOM, {"summary": "private", **body})
        elif room_on == "outlook":
            with world.graph.locked() as graph:
                graph.put(ROOM, subject="private", start=start, end=noon)
        else:
            add_entries(tmp_path / "calendars", ROOM, [Entry("private", start, noon)])
        loop = ask(world.kit, "talks", windows=(window(),))
        assert loop.state is LoopState.CONFIRMED, loop.reasons
        interviews = booked(world.kit, loop.id)
        assert all(i.span.start >= noon for i in interviews.values() if i.room)
        assert {i.room for i in interviews.values() if i.spec != "debrief"} == {"oak"}
        event = world.kit.app.calendar(world.kit.company.organizer).get(
            EventRef(ORGANIZER, interviews["first"].event_id)
        )
        assert {a.address: a.role for a in event.attendees}[ROOM] is Role.ROOM
        accepted(world, organizer_on, interviews["first"].event_id)
        replies.sync(world.kit.app)
        world.kit.run()
        assert look(world.kit, loop.id).state is LoopState.CONFIRMED


def accepted(world: Mixed, organizer_on: str, event: str) -> None:
    """The room's own service says yes, as the organizer's calendar shows it."""
    if organizer_on == "google":
        world.google.world.answer(ORGANIZER, event, ROOM, "accepted", "")
        return
    with world.graph.locked() as graph:
        graph.answer(ROOM, ORGANIZER, event, "accepted")


def answered(world: Mixed, organizer_on: str, event: str) -> None:
    """Anna says yes, as the organizer's calendar shows it."""
    if organizer_on == "google":
        world.google.world.answer(ORGANIZER, event, "anna@testwerk.example", "accepted", "")
        return
    with world.graph.locked() as graph:
        graph.answer("anna@testwerk.example", ORGANIZER, event, "accepted")


def test_an_outage_of_one_service_leaves_the_others_known(tmp_path: Path) -> None:
    with mixed(tmp_path) as world:
        world.graph.faults.throttle = (503, None)
        loop = ask(world.kit, "talks", windows=(window(),))
        assert loop.state is LoopState.INFEASIBLE
        text = " ".join(r.text for r in loop.reasons)
        assert "Anna" in text or "anna" in text
        assert "ben" not in text.casefold()
