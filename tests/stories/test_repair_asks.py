"""A repair that the candidate would see waits for a yes where the loop's mode or the policy says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.errors import Taken, WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services.afterwards import conflicts, repair, replies
from scheduler.services.booking import choose
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, events, look, replied
from tests.stories.test_mails import mails

ORGANIZER = "interviews@testwerk.example"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def confirmed(kit: Kit, template: str = "onsite", mode: BookMode = BookMode.PROPOSE) -> Loop:
    """A booked loop whose organizer's calendar has been read."""
    loop = ask(kit, template, mode)
    if mode is BookMode.PROPOSE:
        choose.choose(kit.app, offers(kit, loop)[0].id, "person:rolf")
        kit.run()
    replies.sync(kit.app)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    return look(kit, loop.id)


def offers(kit: Kit, loop: Loop) -> list[Proposal]:
    with kit.app.db.read() as tx:
        return [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]


def busy_at(kit: Kit, person: str, loop: Loop, spec: str) -> None:
    span = booked(kit, loop.id)[spec].span
    add_entries(kit.folder, f"{person}@testwerk.example", [Entry("Dentist", span.start, span.end)])
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    kit.run()


def spans(kit: Kit, loop: Loop) -> dict[str, object]:
    return {spec: i.span for spec, i in booked(kit, loop.id).items()}


def waiting(kit: Kit, mode: BookMode = BookMode.PROPOSE) -> tuple[Loop, Proposal]:
    """A loop whose only repair moves the manager's interview, and that repair."""
    loop = confirmed(kit, mode=mode)
    busy_at(kit, "hana", loop, "manager")
    (offer,) = offers(kit, loop)
    return look(kit, loop.id), offer


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_another_time_waits_for_a_yes_and_nothing_changes_until_then(kit: Kit) -> None:
    loop = confirmed(kit)
    before, sent, written = spans(kit, loop), len(mails(kit)), len(events(kit, ORGANIZER))
    busy_at(kit, "hana", loop, "manager")
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    reason = found.reasons[-1]
    assert (reason.kind, reason.people, "manager" in reason.interviews) == ("repair_offered", ("hana",), True)
    assert "Manager from " in reason.text and " to " in reason.text and "Europe/Berlin" in reason.text
    (offer,) = offers(kit, loop)
    assert offer.status.startswith("repair:")
    assert spans(kit, loop) == before
    assert (len(mails(kit)), len(events(kit, ORGANIZER))) == (sent, written)
    sound(kit)
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    replies.sync(kit.app)
    kit.run()
    assert offers(kit, loop) == [offer], "nothing new has happened"


def test_a_yes_carries_it_out_as_it_was_offered(kit: Kit) -> None:
    loop, offer = waiting(kit)
    ids = {i.event_id for i in booked(kit, loop.id).values()}
    assert choose.choose(kit.app, offer.id, "person:rolf").state is LoopState.BOOKING
    kit.run()
    found = look(kit, loop.id)
    assert (found.state, found.chosen, found.reasons) == (LoopState.CONFIRMED, offer.id, ())
    assert spans(kit, loop) == {p.interview: p.span for p in offer.interviews}
    assert {i.event_id for i in booked(kit, loop.id).values()} == ids, "moved, not made again"
    assert choose.choose(kit.app, offer.id, "person:rolf").state is LoopState.CONFIRMED, "again: the same"
    assert any(str(m["Subject"]).startswith("Moved: Manager") for m in mails(kit))
    sound(kit)


def test_people_who_swap_at_the_same_time_wait_for_nobody(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, next(s.person for s in talk.seats), Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    after = booked(kit, loop.id)["talk"]
    assert (after.span, after.seats == talk.seats) == (talk.span, False)
    assert not offers(kit, loop)


def test_a_room_of_the_same_site_waits_for_nobody(kit: Kit) -> None:
    """The candidate comes to the same place at the same time."""
    loop = confirmed(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    add_entries(kit.folder, f"{talk.room}@testwerk.example", [Entry("Fair", talk.span.start, talk.span.end)])
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    kit.run()
    after = booked(kit, loop.id)["talk"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert (after.span, after.room == talk.room) == (talk.span, False)


def test_a_debrief_that_moves_alone_waits_for_nobody(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    before = spans(kit, loop)
    replied(kit, booked(kit, loop.id)["debrief"], "rolf", Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    after = spans(kit, loop)
    assert {s for s in after if after[s] != before[s]} == {"debrief"}


def test_in_mode_book_it_is_carried_out_unless_the_policy_wants_a_yes(tmp_path: Path) -> None:
    text = COMPANY.read_text(encoding="utf-8")
    for name, policy in (("a", "policy:"), ("b", "policy:\n  approve_moves: true")):
        kit = make(tmp_path / name, text.replace("policy:", policy))
        loop = confirmed(kit, mode=BookMode.BOOK)
        before = spans(kit, loop)
        busy_at(kit, "hana", loop, "manager")
        asked = name == "b"
        assert bool(offers(kit, loop)) is asked
        assert (spans(kit, loop) == before) is asked
        state = LoopState.NEEDS_ATTENTION if asked else LoopState.CONFIRMED
        assert look(kit, loop.id).state is state


def test_a_time_that_is_taken_meanwhile_is_told_and_another_repair_is_offered(kit: Kit) -> None:
    loop, offer = waiting(kit)
    wanted = next(p.span for p in offer.interviews if p.interview == "manager")
    add_entries(kit.folder, "hana@testwerk.example", [Entry("School", wanted.start, wanted.end)])
    before = spans(kit, loop)
    with pytest.raises(Taken):
        choose.choose(kit.app, offer.id, "person:rolf")
    kit.run()
    assert spans(kit, loop) == before
    (fresh,) = offers(kit, loop)
    assert fresh.id != offer.id
    again = next(p.span for p in fresh.interviews if p.interview == "manager")
    assert not again.overlaps(wanted)
    choose.choose(kit.app, fresh.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    sound(kit)


def test_a_loop_that_changes_meanwhile_makes_the_offer_stale(kit: Kit) -> None:
    loop, offer = waiting(kit)
    deep = booked(kit, loop.id)["deep"]
    replied(kit, deep, next(s.person for s in deep.seats if s.required), Reply.DECLINED)
    assert not offers(kit, loop)
    assert {"repair_outdated", "declined"} <= {r.kind for r in look(kit, loop.id).reasons}
    with pytest.raises(WrongState, match="still offered"):
        choose.choose(kit.app, offer.id, "person:rolf")
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    (fresh,) = offers(kit, loop)
    assert fresh.id != offer.id
    gone = {p for p, s in look(kit, loop.id).declined if s == "deep"}
    assert not gone & {
        p for i in fresh.interviews if i.interview == "deep" for seat in i.people for p in seat
    }


def test_an_offer_whose_hour_has_come_is_not_carried_out(kit: Kit) -> None:
    loop, offer = waiting(kit)
    before = spans(kit, loop)
    first = next(p.span for p in offer.interviews if p.interview == "manager")
    kit.clock.now = first.start + timedelta(minutes=1)
    with pytest.raises(Taken):
        choose.choose(kit.app, offer.id, "person:rolf")
    assert spans(kit, loop) == before


def test_who_comes_after_all_needs_no_repair(kit: Kit) -> None:
    loop = confirmed(kit)
    before, manager = spans(kit, loop), booked(kit, loop.id)["manager"]
    deep = booked(kit, loop.id)["deep"]
    lead = next(s.person for s in deep.seats if s.required)
    other = {"anna": "ben", "ben": "anna"}[lead]
    add_entries(kit.folder, f"{other}@testwerk.example", [Entry("Dentist", deep.span.start, deep.span.end)])
    replied(kit, deep, lead, Reply.DECLINED)
    (offer,) = offers(kit, loop)
    replied(kit, deep, lead, Reply.ACCEPTED)
    found = look(kit, loop.id)
    assert (found.state, found.reasons, offers(kit, loop)) == (LoopState.CONFIRMED, (), [])
    assert (spans(kit, loop), booked(kit, loop.id)["manager"].span) == (before, manager.span)
    with pytest.raises(WrongState):
        choose.choose(kit.app, offer.id, "person:rolf")


def test_a_loop_that_was_cancelled_offers_nothing(kit: Kit) -> None:
    from scheduler.services.booking import cancel

    loop, offer = waiting(kit)
    cancel.cancel(kit.app, loop.id, "person:rolf")
    kit.run()
    assert not offers(kit, loop)
    with pytest.raises(WrongState):
        choose.choose(kit.app, offer.id, "person:rolf")
