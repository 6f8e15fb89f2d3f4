"""Events moved by hand: answers follow, putting back heals, and every loop in the way hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.bookings import SeatState
from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.loops import Application, Candidate, Loop, LoopState
from scheduler.services.afterwards import accepting, conflicts, replies
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look, replied
from tests.stories.test_afterwards import edit

OTTO = Application(
    "app-2", Candidate("Otto Ost", "otto@example.org", "Europe/Berlin"), "Backend Engineer", "hana", "rolf"
)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def moved(kit: Kit, summary: str, start: datetime, minutes: int = 45) -> None:
    """Somebody drags an event to another time, and we read it."""

    def change(_: icalendar.Calendar, event: icalendar.Event) -> None:
        event["DTSTART"].dt = start
        event["DTEND"].dt = start + timedelta(minutes=minutes)

    edit(kit, summary, change)
    replies.sync(kit.app)
    kit.run()


def kinds(kit: Kit, loop: Loop) -> list[str]:
    return [r.kind for r in look(kit, loop.id).reasons]


def test_put_back_means_nothing_is_left_to_decide(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    manager = booked(kit, loop.id)["manager"]
    later = manager.span.start + timedelta(hours=3)
    moved(kit, "Manager", later)
    assert kinds(kit, loop) == ["moved"]
    there = booked(kit, loop.id)["manager"].elsewhere
    assert there is not None and there.start == later
    moved(kit, "Manager", manager.span.start)
    found, now = look(kit, loop.id), booked(kit, loop.id)["manager"]
    assert (found.state, found.reasons, now.flag, now.elsewhere) == (LoopState.CONFIRMED, (), "", None)


def test_of_two_that_were_moved_the_other_is_still_to_decide(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    rows = booked(kit, loop.id)
    moved(kit, "Manager", rows["manager"].span.start + timedelta(hours=3))
    moved(kit, "Deep", rows["deep"].span.start + timedelta(days=1), 120)
    moved(kit, "Manager", rows["manager"].span.start)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert [(r.kind, r.interviews) for r in found.reasons] == [("moved", ("deep",))]


def test_answers_follow_an_event_that_was_moved(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    manager = booked(kit, loop.id)["manager"]
    moved(kit, "Manager", manager.span.start + timedelta(hours=3))
    replied(kit, manager, "hana", Reply.ACCEPTED)
    seat = booked(kit, loop.id)["manager"].seats[0]
    assert (seat.person, seat.state) == ("hana", SeatState.ACCEPTED)
    replied(kit, manager, "hana", Reply.DECLINED)
    assert kinds(kit, loop) == ["moved", "declined"]
    replied(kit, manager, "hana", Reply.ACCEPTED)
    assert kinds(kit, loop) == ["moved"]


def test_an_event_deleted_and_restored_is_no_longer_told_as_deleted(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    file = kit.folder / "interviews@testwerk.example.ics"
    before = file.read_bytes()
    edit(kit, "Manager", lambda calendar, event: calendar.subcomponents.remove(event))
    replies.sync(kit.app)
    assert kinds(kit, loop) == ["deleted"]
    file.write_bytes(before)
    replies.sync(kit.app)
    kit.run()
    # whose copy went with the event has declined, as whoever deletes an invitation does
    assert "deleted" not in kinds(kit, loop) and booked(kit, loop.id)["manager"].flag == ""


def test_moved_onto_another_of_our_interviews_both_loops_hear_of_it(kit: Kit) -> None:
    mara, otto = ask(kit), ask(kit, application=OTTO)
    replies.sync(kit.app)
    mine, other = booked(kit, mara.id)["manager"], booked(kit, otto.id)["manager"]
    moved(kit, "Manager: Mara", other.span.start)
    assert "moved" in kinds(kit, mara)
    for loop in (mara, otto):
        told = [r for r in look(kit, loop.id).reasons if r.kind == "booked_twice" and r.people == ("hana",)]
        assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
        assert len(told) == 1 and "Hana Maier" in told[0].text
        assert "Mara Lind" in told[0].text and "Otto Ost" in told[0].text
    before = look(kit, otto.id)
    kit.clock.forward(minutes=20)
    replies.sync(kit.app)
    conflicts.look(kit.app, 30)
    assert look(kit, otto.id).reasons == before.reasons, "it is told once"
    moved(kit, "Manager: Mara", mine.span.start)
    assert [look(kit, loop.id).state for loop in (mara, otto)] == [LoopState.CONFIRMED] * 2


def test_moved_on_to_a_free_time_the_other_loop_is_whole_again(kit: Kit) -> None:
    mara, otto = ask(kit), ask(kit, application=OTTO)
    replies.sync(kit.app)
    other = booked(kit, otto.id)["manager"]
    moved(kit, "Manager: Mara", other.span.start)
    assert look(kit, otto.id).state is LoopState.NEEDS_ATTENTION
    moved(kit, "Manager: Mara", other.span.start + timedelta(hours=3))
    assert look(kit, otto.id).state is LoopState.CONFIRMED
    assert kinds(kit, mara) == ["moved"]


def test_a_candidate_moved_onto_their_own_other_interview_is_told(kit: Kit) -> None:
    """Nobody of the panel is in both: the candidate is."""
    again = Application("app-3", Candidate("M. Lind", "MARA@example.org", "UTC"), "Lead", "hana", "rolf")
    first = ask(kit, "round-2")
    second = ask(kit, "round-2", application=again)
    replies.sync(kit.app)
    here, there = booked(kit, first.id)["second"], booked(kit, second.id)["second"]
    assert not {s.person for s in here.seats} & {s.person for s in there.seats}
    moved(kit, "Second talk: M. Lind", here.span.start)
    assert "Lind is booked twice" in " ".join(r.text for r in look(kit, first.id).reasons)


def test_the_new_time_can_be_accepted_and_the_plan_follows(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    before = booked(kit, loop.id)
    later = before["manager"].span.start + timedelta(hours=1)
    moved(kit, "Manager", later)
    replied(kit, before["manager"], "hana", Reply.ACCEPTED)
    accepting.accept(kit.app, loop.id, "person:rolf")
    kit.run()
    after = booked(kit, loop.id)
    assert (look(kit, loop.id).state, look(kit, loop.id).reasons) == (LoopState.CONFIRMED, ())
    assert after["manager"].span.start == later and after["manager"].flag == ""
    assert after["debrief"].span.start >= after["manager"].span.end
    assert after["deep"] == before["deep"]
    replies.sync(kit.app)
    assert after["manager"].event_id == before["manager"].event_id
    assert booked(kit, loop.id)["manager"].seats[0].state is SeatState.ACCEPTED
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_a_time_that_a_rule_forbids_is_not_accepted(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    before = booked(kit, loop.id)["manager"]
    later = before.span.start + timedelta(hours=2)
    add_entries(kit.folder, "hana@testwerk.example", [Entry("Board", later, later + timedelta(hours=1))])
    moved(kit, "Manager", later)
    with pytest.raises(NotAllowed, match="Hana Maier") as refused:
        accepting.accept(kit.app, loop.id, "person:rolf")
    assert refused.value.rule == "busy"
    assert str(refused.value).endswith(
        "It concerns Hana Maier; put the event back, or have the loop repaired"
    )
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    assert booked(kit, loop.id)["manager"].span == before.span


def test_a_time_that_the_candidate_does_not_offer_is_not_accepted(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    moved(kit, "Manager", booked(kit, loop.id)["manager"].span.start + timedelta(days=2))
    with pytest.raises(NotAllowed, match="Mara Lind") as refused:
        accepting.accept(kit.app, loop.id, "person:rolf")
    assert refused.value.rule == "availability"
    assert str(refused.value).endswith("; put the event back, or have the loop repaired")


def test_an_order_that_is_broken_is_not_accepted(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    rows = booked(kit, loop.id)
    moved(kit, "Deep", rows["manager"].span.end + timedelta(hours=1), 120)
    with pytest.raises(NotAllowed, match="Deep dive"):
        accepting.accept(kit.app, loop.id, "person:rolf")


def test_another_loop_that_has_the_person_is_in_the_way(kit: Kit) -> None:
    mara, otto = ask(kit), ask(kit, application=OTTO)
    replies.sync(kit.app)
    moved(kit, "Manager: Mara", booked(kit, otto.id)["manager"].span.start)
    with pytest.raises(NotAllowed, match="Hana Maier"):
        accepting.accept(kit.app, mara.id, "person:rolf")


def test_there_has_to_be_something_to_accept(kit: Kit) -> None:
    loop = ask(kit)
    with pytest.raises(WrongState, match="none of its events was moved"):
        accepting.accept(kit.app, loop.id, "person:rolf")
    with pytest.raises(Missing):
        accepting.accept(kit.app, "lp_nobody", "person:rolf")
