"""The company changes under what is booked: people leave, rooms close, and what was offered is too old."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.types import Reply
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.errors import Taken
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.afterwards import conflicts
from scheduler.services.booking import choose
from scheduler.services.company.load import load
from scheduler.services.company.read import read_company
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look, replied

FILE = COMPANY.read_text(encoding="utf-8")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def inactive(*ids: str) -> str:
    text = FILE
    for id in ids:
        text = text.replace(f"{{id: {id}, ", f"{{id: {id}, active: false, ")
    return text


def loaded(kit: Kit, text: str) -> None:
    """The file is loaded as the command line and the API do it."""
    kit.clock.forward(seconds=1)
    with kit.app.db.write() as tx:
        load(kit.app, tx, read_company(text, "yaml", "company.yaml"))
    kit.run()


def replaced(kit: Kit, text: str) -> None:
    """The tables are what the file says, and nobody has been told."""
    with kit.app.db.write() as tx:
        tx.company.replace(read_company(text, "yaml", "company.yaml"), kit.clock())


def lead(interview: Interview) -> str:
    return next(s.person for s in interview.seats if s.required)


def everybody(kit: Kit, loop: Loop) -> set[str]:
    return {s.person for i in booked(kit, loop.id).values() for s in i.seats}


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


@pytest.mark.parametrize("how", ["inactive", "not in the file"])
def test_who_leaves_is_replaced_as_soon_as_the_file_is_loaded(kit: Kit, how: str) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    who = lead(deep)
    text = inactive(who)
    if how == "not in the file":
        lines = [line for line in FILE.splitlines() if not line.startswith(f"  - {{id: {who},")]
        text = "\n".join(lines).replace(f"{who}, ", "").replace(f", {who}]", "]")
    loaded(kit, text)
    after = booked(kit, loop.id)["deep"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert who not in everybody(kit, loop)
    assert after.span == deep.span
    sound(kit)


def test_the_watch_finds_it_too(kit: Kit) -> None:
    loop = ask(kit)
    who = lead(booked(kit, loop.id)["deep"])
    replaced(kit, inactive(who))
    kit.clock.forward(minutes=15)
    conflicts.look(kit.app, 30)
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED and who not in everybody(kit, loop)


def test_a_repair_of_something_else_does_not_keep_who_has_left(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    gone, other = lead(before["deep"]), lead(before["tech"])
    replaced(kit, inactive(gone))
    replied(kit, before["tech"], other, Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert gone not in everybody(kit, loop)
    assert other != lead(booked(kit, loop.id)["tech"])


def test_a_trainee_who_leaves_is_no_longer_invited(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    assert "emma" in everybody(kit, loop)
    loaded(kit, inactive("emma"))
    after = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED and "emma" not in everybody(kit, loop)
    assert {s: i.span for s, i in after.items()} == {s: i.span for s, i in before.items()}


def test_a_room_out_of_use_is_replaced_or_told(kit: Kit) -> None:
    loop = ask(kit)
    room = booked(kit, loop.id)["deep"].room
    other = {"oak": "elm", "elm": "oak"}[str(room)]
    loaded(kit, inactive(str(room)))
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert {i.room for i in booked(kit, loop.id).values()} == {other, None}
    abroad = (
        "rooms:\n  - {id: pine, name: Pine, site: new-york, capacity: 6, calendar: pine@testwerk.example}\n"
    )
    loaded(kit, inactive("oak", "elm").replace("rooms:\n", abroad))
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert other.title() in " ".join(r.text for r in found.reasons)


def test_within_the_freeze_a_human_is_told(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=3)
    loaded(kit, inactive(lead(deep)))
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and {r.kind for r in found.reasons} == {"freeze"}


def test_a_hiring_manager_who_leaves_is_for_a_human(kit: Kit) -> None:
    loop = ask(kit)
    loaded(kit, inactive("hana"))
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert any(r.kind == "left" and "Hana Maier" in r.text for r in found.reasons)


def test_who_leaves_after_their_interview_stays_where_they_were(kit: Kit) -> None:
    """What has begun keeps its people; the debrief without them is a human's to decide, once."""
    loop = ask(kit)
    tech = booked(kit, loop.id)["tech"]
    kit.clock.now = tech.span.end
    who = lead(tech)
    loaded(kit, inactive(who))
    found = look(kit, loop.id)
    assert lead(booked(kit, loop.id)["tech"]) == who
    assert found.state is LoopState.NEEDS_ATTENTION


def test_a_plan_offered_before_is_not_booked_with_who_has_left(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        offer = tx.proposals.of_loop(loop.id)[0]
    who = offer.interviews[0].people[0][0]
    loaded(kit, inactive(who))
    with pytest.raises(Taken, match=who):
        choose.choose(kit.app, offer.id, "person:rolf")
    kit.run()
    with kit.app.db.read() as tx:
        plans = [p for p in tx.proposals.of_loop(loop.id) if p.id != offer.id and p.state.value == "offered"]
    assert plans and not any(who in seat for p in plans for i in p.interviews for seat in i.people)


def test_a_plan_offered_before_is_not_booked_in_a_closed_room_nor_with_its_trainee(kit: Kit) -> None:
    for gone in ("oak", "emma"):
        replaced(kit, FILE)
        loop = ask(kit, "onsite", BookMode.PROPOSE)
        with kit.app.db.read() as tx:
            offer = tx.proposals.of_loop(loop.id)[0]
        assert any(gone in (i.room, i.shadow) for i in offer.interviews)
        replaced(kit, inactive(gone))
        with pytest.raises(Taken, match=gone):
            choose.choose(kit.app, offer.id, "person:rolf")
        kit.jobs.waiting.clear()


def test_who_comes_back_in_time_is_nobodys_concern(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    replaced(kit, inactive(lead(before["deep"])))
    loaded(kit, FILE)
    conflicts.look(kit.app, 30)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert booked(kit, loop.id) == before
    assert all(s.state is SeatState.INVITED for i in before.values() for s in i.seats)
