"""Answers: taken back, from an address of before, from a room, with a word beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from connectors.local.folder import answer, create_calendar
from connectors.types import Reply
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import replies
from scheduler.services.booking import layout
from scheduler.services.company.read import read_company
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look, replied

FILE = COMPANY.read_text(encoding="utf-8")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def lead(interview: Interview) -> str:
    return next(s.person for s in interview.seats if s.required)


def spoke(kit: Kit, interview: Interview, person: str, reply: Reply, comment: str = "") -> None:
    address = f"{person}@testwerk.example"
    answer(kit.folder, address, layout.event_key("test", interview), reply, comment)
    replies.sync(kit.app)
    kit.run()


def room_says(kit: Kit, room: str, summary: str, partstat: str) -> None:
    """The mailbox of a room answers in its own calendar."""
    file = kit.folder / f"{room}@testwerk.example.ics"
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    for event in calendar.walk("VEVENT"):
        attendees = event.get("ATTENDEE", [])
        for one in attendees if isinstance(attendees, list) else [attendees]:
            if str(event["SUMMARY"]).startswith(summary) and str(one).endswith(file.stem):
                one.params["PARTSTAT"] = partstat
    file.write_bytes(calendar.to_ical())
    replies.sync(kit.app)
    kit.run()


def loaded(kit: Kit, change: Callable[[str], str]) -> None:
    with kit.app.db.write() as tx:
        tx.company.replace(read_company(change(FILE), "yaml", "company.yaml"), kit.clock())


@pytest.mark.parametrize("after_all", [Reply.ACCEPTED, Reply.TENTATIVE])
def test_declined_then_accepted_leaves_nothing_to_decide(kit: Kit, after_all: Reply) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=3)
    replied(kit, deep, lead(deep), Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    replied(kit, deep, lead(deep), after_all)
    found = look(kit, loop.id)
    assert (found.state, found.reasons, found.declined) == (LoopState.CONFIRMED, (), ())
    kit.clock.forward(seconds=1)
    replied(kit, deep, lead(deep), Reply.DECLINED)
    assert [r.kind for r in look(kit, loop.id).reasons] == ["freeze"]


def test_one_of_two_who_comes_after_all_leaves_the_other(kit: Kit) -> None:
    loop = ask(kit)
    rows = booked(kit, loop.id)
    kit.clock.now = rows["deep"].span.start - timedelta(hours=3)
    for spec in ("deep", "tech"):
        replied(kit, rows[spec], lead(rows[spec]), Reply.DECLINED)
    replied(kit, rows["deep"], lead(rows["deep"]), Reply.ACCEPTED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert {p for r in found.reasons for p in r.people} == {lead(rows["tech"])}
    assert found.declined == ((lead(rows["tech"]), "tech"),)


def test_nobody_could_take_over_and_they_come_after_all(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    replied(kit, manager, "hana", Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    replied(kit, manager, "hana", Reply.ACCEPTED)
    found = look(kit, loop.id)
    assert (found.state, found.reasons, found.declined) == (LoopState.CONFIRMED, (), ())
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_a_decline_from_the_address_that_was_invited_is_heard(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    who = lead(deep)
    old, new = f"{who}@testwerk.example", f"{who}.new@testwerk.example"
    loaded(kit, lambda text: text.replace(f"email: {old}", f"email: {new}"))
    create_calendar(kit.folder, new, who, "Europe/Berlin")
    spoke(kit, deep, who, Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert lead(booked(kit, loop.id)["deep"]) != who


def test_an_address_handed_on_answers_for_whoever_was_invited_by_it(kit: Kit) -> None:
    """Hana's old address is Nora's now, who sits in nothing of it: the decline is Hana's."""
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    loaded(
        kit,
        lambda text: text.replace("hana@testwerk", "hana.maier@testwerk").replace(
            "nora@testwerk", "hana@testwerk"
        ),
    )
    create_calendar(kit.folder, "hana.maier@testwerk.example", "Hana", "Europe/Berlin")
    spoke(kit, manager, "hana", Reply.DECLINED)
    assert look(kit, loop.id).declined == (("hana", "manager"),)


def test_a_decline_is_heard_though_the_organizer_has_another_address(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    deep = booked(kit, loop.id)["deep"]
    loaded(kit, lambda text: text.replace("interviews@testwerk", "people@testwerk"))
    create_calendar(kit.folder, "people@testwerk.example", "People", "UTC")
    spoke(kit, deep, lead(deep), Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert lead(booked(kit, loop.id)["deep"]) != lead(deep)


def test_the_calendar_of_a_former_organizer_that_is_gone_stops_nobody(kit: Kit) -> None:
    old = ask(kit, "short")
    loaded(kit, lambda text: text.replace("interviews@testwerk", "people@testwerk"))
    create_calendar(kit.folder, "people@testwerk.example", "People", "UTC")
    (kit.folder / "interviews@testwerk.example.ics").unlink()
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    spoke(kit, deep, lead(deep), Reply.DECLINED)
    assert lead(booked(kit, loop.id)["deep"]) != lead(deep)
    assert look(kit, old.id).state is LoopState.CONFIRMED


def test_a_room_that_declines_is_replaced_at_once(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    room_says(kit, str(deep.room), "Deep", "DECLINED")
    after = booked(kit, loop.id)["deep"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert after.room not in (deep.room, None) and after.span == deep.span
    assert after.seats[0].person == lead(deep)
    kit.clock.forward(seconds=1)
    room_says(kit, str(after.room), "Deep", "DECLINED")
    last = booked(kit, loop.id)["deep"]
    assert (last.room, last.span) != (deep.room, deep.span), (
        "who has refused is not asked again for that time"
    )


def test_a_room_that_takes_it_back_in_the_freeze_leaves_nothing_to_decide(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=3)
    room_says(kit, str(deep.room), "Deep", "DECLINED")
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    room_says(kit, str(deep.room), "Deep", "ACCEPTED")
    found = look(kit, loop.id)
    assert (found.state, found.reasons, found.blocked) == (LoopState.CONFIRMED, (), ())
    assert booked(kit, loop.id)["deep"].flag == ""


def test_the_words_of_a_decline_are_kept_and_told(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=3)
    spoke(kit, deep, lead(deep), Reply.DECLINED, "I am at the dentist’s until noon")
    seat = next(s for s in booked(kit, loop.id)["deep"].seats if s.person == lead(deep))
    assert (seat.state, seat.comment) == (SeatState.DECLINED, "I am at the dentist’s until noon")
    assert "I am at the dentist’s until noon" in look(kit, loop.id).reasons[0].text
    with kit.app.db.read() as tx:
        told: list[Any] = [f.data for f in tx.facts.of(f"loop:{loop.id}") if f.what == "seat_declined"]
    assert told[0]["comment"] == "I am at the dentist’s until noon"
    spoke(kit, deep, lead(deep), Reply.ACCEPTED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_words_that_nobody_could_show_are_made_harmless(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    spoke(kit, manager, "hana", Reply.DECLINED, "ill \t again " + "x" * 2000)
    seat = next(s for s in booked(kit, loop.id)["manager"].seats if s.person == "hana")
    assert seat.comment.startswith("ill again x") and len(seat.comment) == 500
