"""A recruiter asks for a loop; minutes later everybody has an invitation."""

from __future__ import annotations

import email
from email import policy
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.bookings import SeatState
from scheduler.domain.errors import Taken
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.time import zone
from scheduler.services.booking import cancel, choose
from scheduler.services.telling import agenda
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, events, look, replied


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def sound(kit: Kit) -> None:
    """The promises of the tables hold, and each interview has its one event."""
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []
        live = [i for loop in tx.loops.list() for i in tx.interviews.of_loop(loop.id)]
    assert sorted(str(e["UID"]).split("@")[0] for e in events(kit, "interviews@testwerk.example")) == sorted(
        i.event_id for i in live
    )


def test_an_asked_for_loop_ends_in_invitations(kit: Kit) -> None:
    loop = ask(kit)
    assert loop.state is LoopState.CONFIRMED
    rows = booked(kit, loop.id)
    assert set(rows) == {"tech", "deep", "lunch", "manager", "debrief"}
    assert {s.person for s in rows["debrief"].seats if s.required} >= {
        s.person for spec in ("tech", "deep", "manager") for s in rows[spec].seats if s.required
    } | {"hana", "rolf"}
    lunch = rows["lunch"].span.start.astimezone(zone("Europe/Berlin"))
    assert 11.5 <= lunch.hour + lunch.minute / 60 <= 13
    ordered = sorted(i.span for i in rows.values())
    assert all(a.end <= b.start for a, b in pairwise(ordered))
    assert rows["debrief"].span == ordered[-1]
    sound(kit)


def test_the_candidate_is_written_to_apart_and_never_hears_of_the_debrief(kit: Kit) -> None:
    loop = ask(kit)
    for event in events(kit, "interviews@testwerk.example"):
        assert "mara@example.org" not in event.to_ical().decode()
    mails = [
        email.message_from_bytes(f.read_bytes(), policy=policy.default)
        for f in sorted((kit.folder.parent / "outbox").glob("*.eml"))
    ]
    assert len(mails) == 5  # four interviews and the agenda
    assert all(m["To"].addresses[0].addr_spec == "mara@example.org" for m in mails)
    assert not [m for m in mails if "debrief" in m.as_string().lower()]
    with kit.app.db.read() as tx:
        people = {p.id: p for p in tx.people.list()}
        rooms = {r.id: r for r in tx.rooms.list()}
    lines = agenda.for_candidate(loop, MARA, booked(kit, loop.id).values(), people, rooms)
    assert [line.title for line in lines] == ["Technical", "Deep dive", "Team lunch", "Manager"]
    assert lines[0].start.utcoffset() == lines[0].start.astimezone(zone("Europe/Berlin")).utcoffset()


def test_a_proposed_loop_waits_for_a_yes_and_offers_plans_that_differ(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    assert loop.state is LoopState.PROPOSED
    with kit.app.db.read() as tx:
        offers = tx.proposals.of_loop(loop.id)
    assert len(offers) == 3
    assert [o.cost for o in offers] == sorted(o.cost for o in offers)
    assert offers[0].cost == offers[0].bound == sum(offers[0].price.values())
    assert len({o.interviews for o in offers}) == 3
    choose.choose(kit.app, offers[1].id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert booked(kit, loop.id)["talk"].span == offers[1].interviews[0].span
    assert choose.choose(kit.app, offers[1].id, "person:rolf").state is LoopState.CONFIRMED
    sound(kit)


def test_a_time_taken_meanwhile_is_never_booked(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        offer = tx.proposals.of_loop(loop.id)[0]
    panel = next(i for i in offer.interviews if i.interview == "panel")
    add_entries(kit.folder, "hana@testwerk.example", [Entry("Dentist", panel.span.start, panel.span.end)])
    with pytest.raises(Taken, match="person:hana"):
        choose.choose(kit.app, offer.id, "person:rolf")
    kit.run()
    again = look(kit, loop.id)
    assert again.state is LoopState.PROPOSED
    with kit.app.db.read() as tx:
        fresh = [o for o in tx.proposals.of_loop(loop.id) if o.state.value == "offered"]
    assert fresh
    assert all(not i.span.overlaps(panel.span) for o in fresh for i in o.interviews if i.interview == "panel")
    assert not events(kit, "interviews@testwerk.example")
    sound(kit)


def test_a_decline_is_mended_with_another_person_at_the_same_time(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    lead = next(s.person for s in before["deep"].seats if s.required)
    replied(kit, before["deep"], lead, Reply.DECLINED)
    after = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert {s: i.span for s, i in after.items() if s != "debrief"} == {
        s: i.span for s, i in before.items() if s != "debrief"
    }
    other = next(s.person for s in after["deep"].seats if s.required)
    assert other != lead and other in ("anna", "ben")
    assert other in {s.person for s in after["debrief"].seats}
    assert {i.event_id for i in after.values()} == {i.event_id for i in before.values()}
    assert not [e for e in events(kit, f"{lead}@testwerk.example") if "Deep dive" in e["SUMMARY"]]
    sound(kit)


def test_answers_are_kept_and_told_once(kit: Kit) -> None:
    loop = ask(kit)
    tech = booked(kit, loop.id)["tech"]
    person = next(s.person for s in tech.seats if s.required)
    replied(kit, tech, person, Reply.ACCEPTED)
    replied(kit, tech, person, Reply.ACCEPTED)
    seat = next(s for s in booked(kit, loop.id)["tech"].seats if s.person == person)
    assert seat.state is SeatState.ACCEPTED
    with kit.app.db.read() as tx:
        told = [f for f in tx.facts.list(1000) if f.what == "seat_accepted"]
    assert len(told) == 1


def test_a_loop_that_cannot_be_met_says_why_in_words(kit: Kit) -> None:
    berlin = zone("Europe/Berlin")
    from datetime import datetime

    away = Entry(
        "Conference",
        datetime(2026, 3, 11, 8, tzinfo=berlin),
        datetime(2026, 3, 12, 18, tzinfo=berlin),
    )
    add_entries(kit.folder, "hana@testwerk.example", [away])
    loop = ask(kit)
    assert loop.state is LoopState.INFEASIBLE
    assert any("Hana Maier" in r.text for r in loop.reasons)
    assert not events(kit, "interviews@testwerk.example")
    sound(kit)


def test_an_unreadable_calendar_makes_its_owner_unknown_and_unasked(kit: Kit) -> None:
    (kit.folder / "ben@testwerk.example.ics").write_bytes(b"\x00 this is no calendar")
    loop = ask(kit)
    assert loop.state is LoopState.CONFIRMED
    assert loop.unknown == ("ben",)
    assert "ben" not in {s.person for i in booked(kit, loop.id).values() for s in i.seats}


def test_cancelling_frees_everything_and_tells_everybody(kit: Kit) -> None:
    loop = ask(kit)
    cancel.cancel(kit.app, loop.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED
    assert not events(kit, "interviews@testwerk.example")
    assert not events(kit, "hana@testwerk.example")
    with kit.app.db.read() as tx:
        assert tx.reservations.of_loop(loop.id) == []
    again = ask(kit, application=MARA)
    assert again.state is LoopState.CONFIRMED
    sound(kit)


def test_the_second_round_is_with_other_people(kit: Kit) -> None:
    first = ask(kit, "short", windows=DAYS[:1])
    met = {s.person for i in booked(kit, first.id).values() if i.spec != "debrief" for s in i.seats}
    second = ask(kit, "round-2", windows=DAYS[1:])
    assert second.state is LoopState.CONFIRMED
    row = booked(kit, second.id)["second"]
    assert not {s.person for s in row.seats} & met
    assert {s.person for s in booked(kit, second.id)["debrief"].seats} >= {"hana", "rolf"}


def test_two_loops_never_share_a_person_at_a_time(kit: Kit) -> None:
    from dataclasses import replace

    loops = [ask(kit, application=replace(MARA, id=f"app-{n}")) for n in range(4)]
    assert sum(loop.state is LoopState.CONFIRMED for loop in loops) >= 2
    sound(kit)
    taken: dict[str, list[tuple[object, object]]] = {}
    for loop in loops:
        for interview in booked(kit, loop.id).values():
            for seat in interview.seats:
                taken.setdefault(seat.person, []).append((interview.span.start, interview.span.end))
    for spans in taken.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(spans)))  # type: ignore[operator]
