"""Promises that are easy to break unseen: the candidate's own time, the unread, the last look, half a repair."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import icalendar
import pytest

from connectors.errors import Forbidden
from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.errors import Taken
from scheduler.domain.loops import Accommodation, BookMode, LoopState
from scheduler.services.afterwards import repair, replies
from scheduler.services.booking import choose
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, events, look, replied
from tests.stories.test_afterwards import ORGANIZER, edit, with_flaky


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_two_loops_of_one_candidate_never_meet_at_one_time(kit: Kit) -> None:
    first = ask(kit, "short", windows=DAYS[:1])
    second = ask(kit, "short", windows=DAYS[:1])
    assert second.state is LoopState.CONFIRMED, second.reasons
    spans = [i.span for loop in (first, second) for s, i in booked(kit, loop.id).items() if s != "debrief"]
    assert all(not a.overlaps(b) for n, a in enumerate(spans) for b in spans[:n])
    sound(kit)


def test_a_debrief_whose_people_cannot_be_read_is_not_offered(kit: Kit) -> None:
    (kit.folder / "rolf@testwerk.example.ics").write_bytes(b"no calendar")
    loop = ask(kit, "short")
    assert loop.state is LoopState.INFEASIBLE
    assert loop.reasons[0].kind == "unknown_calendar" and "Rolf Reck" in loop.reasons[0].text


def test_a_meeting_at_exactly_the_planned_time_is_seen_before_booking(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        offer = tx.proposals.of_loop(loop.id)[0]
    talk = next(i for i in offer.interviews if i.interview == "talk")
    person = talk.people[0][0]
    add_entries(
        kit.folder, f"{person}@testwerk.example", [Entry("Same time", talk.span.start, talk.span.end)]
    )
    with pytest.raises(Taken):
        choose.choose(kit.app, offer.id, "person:rolf")


def test_a_meeting_at_exactly_the_time_stops_the_swap_of_a_repair(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    lead = next(s.person for s in deep.seats if s.required)
    other = {"anna": "ben", "ben": "anna"}[lead]
    add_entries(kit.folder, f"{other}@testwerk.example", [Entry("Same time", deep.span.start, deep.span.end)])
    replied(kit, deep, lead, Reply.DECLINED)
    after = booked(kit, loop.id)["deep"]
    assert not after.span.overlaps(deep.span)
    sound(kit)


def test_a_repair_that_cannot_be_written_leaves_the_loop_booked(kit: Kit) -> None:
    loop = ask(kit, "short")
    before = len(events(kit, ORGANIZER))
    with_flaky(kit, *[Forbidden("read-only")] * 9)
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, next(s.person for s in talk.seats if s.required), Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and "read-only" in found.reasons[0].text
    assert len(events(kit, ORGANIZER)) == before
    with kit.app.db.read() as tx:
        assert tx.reservations.of_loop(loop.id)
    sound(kit)
    with_flaky(kit)
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    panel = {e["SUMMARY"]: e for e in events(kit, ORGANIZER)}
    now = booked(kit, loop.id)["talk"]
    person = next(s.person for s in now.seats if s.required)
    told = next(e for title, e in panel.items() if str(title).startswith("Talk"))
    assert f"{person}@testwerk.example" in told.to_ical().decode().replace("\r\n ", "")
    sound(kit)


def test_a_deleted_event_is_made_again_when_a_human_asks_for_the_repair(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)

    def delete(calendar: icalendar.Calendar, event: icalendar.Event) -> None:
        calendar.subcomponents.remove(event)

    edit(kit, "Manager", delete)
    replies.sync(kit.app)
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    found = look(kit, loop.id)
    assert found.state is LoopState.CONFIRMED, found.reasons
    assert len(events(kit, ORGANIZER)) == 5
    assert booked(kit, loop.id)["manager"].flag == ""
    sound(kit)


def test_a_companion_who_declines_is_a_matter_for_a_human(kit: Kit) -> None:
    needs = Accommodation(also=("emma",))
    loop = ask(kit, "short", application=replace(MARA, accommodation=needs))
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    assert "emma" not in {s.person for s in booked(kit, loop.id)["debrief"].seats}
    replied(kit, booked(kit, loop.id)["talk"], "emma", Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and "Emma Ernst" in found.reasons[0].text


def test_a_window_long_past_does_not_spoil_the_others(kit: Kit) -> None:
    loop = ask(kit, "short", windows=(("1972-03-01T09:00", "1972-03-01T17:00"), *DAYS))
    assert loop.state is LoopState.CONFIRMED
    assert loop.unknown == ()


def test_interviews_given_earlier_this_week_count_in_the_cap(kit: Kit) -> None:
    text = Path(__file__).parents[1].joinpath("scheduler", "company.yaml").read_text(encoding="utf-8")
    few = text.replace(
        "{id: talk, title: Talk, minutes: 45, seats: [{pool: engineers}]}",
        "{id: talk, title: Talk, minutes: 45, seats: [{person: dirk}]}",
    ).replace("email: dirk@testwerk.example}", "email: dirk@testwerk.example, max_day: 1, max_week: 1}")
    capped = make(kit.folder.parent / "capped", few)
    first = ask(capped, "short", windows=DAYS[:1])
    assert first.state is LoopState.CONFIRMED, first.reasons
    capped.clock.forward(days=2, hours=10)
    later = (("2026-03-13T09:00", "2026-03-13T17:00"),)
    second = ask(capped, "short", windows=later, application=replace(MARA, id="app-9"))
    assert second.state is LoopState.INFEASIBLE
