"""An interviewer answers by their link: comes, declines after seeing who could take over, hands over; others' are not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.types import Reply
from scheduler.domain.bookings import SeatState
from scheduler.domain.errors import BadInput, Missing, NotAllowed, WrongState
from scheduler.domain.guests.links import Link, Purpose
from scheduler.domain.loops import LoopState
from scheduler.services import opening
from scheduler.services.afterwards import replies
from scheduler.services.links import interviewer
from scheduler.services.links.interviewer import Duty, Mine
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, events, look, replied


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def link_of(kit: Kit, person: str) -> Link:
    with kit.app.db.write() as tx:
        _, path = opening.make(kit.app, tx, Purpose.ATTEND, "person:rolf", person=person)
        found = opening.opened(kit.app, tx, path.rpartition("/")[2], frozenset({Purpose.ATTEND}))
    assert found is not None
    return found


def mine(kit: Kit, link: Link) -> Mine:
    with kit.app.db.read() as tx:
        found = interviewer.mine(kit.app, tx, link)
    assert found is not None
    return found


def of(kit: Kit, link: Link, spec: str) -> Duty:
    return next(d for d in mine(kit, link).duties if d.interview.spec == spec)


def lead(kit: Kit, loop: str, spec: str) -> str:
    return next(s.person for s in booked(kit, loop)[spec].seats if s.number == 0)


def test_all_interviews_with_the_role_and_what_the_others_cover(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    emma = mine(kit, link_of(kit, "emma"))
    (watched,) = [d for d in emma.duties if d.interview.spec == "tech"]
    assert watched.observes and not watched.may_hand_over
    assert watched.application.candidate.name == "Mara Lind"
    assert "Deep dive" in [title for title, _ in watched.others]
    leading = of(kit, link_of(kit, lead(kit, loop.id, "deep")), "deep")
    assert leading.may_hand_over and not leading.observes


def test_accepting_is_kept_when_the_calendar_says_nothing(kit: Kit) -> None:
    loop = ask(kit, "short")
    link = link_of(kit, lead(kit, loop.id, "talk"))
    interviewer.accept(kit.app, link, of(kit, link, "talk").interview.id)
    replies.sync(kit.app)
    assert of(kit, link, "talk").seat.state is SeatState.ACCEPTED
    with kit.app.db.read() as tx:
        (fact,) = [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == "seat_accepted"]
    assert (fact.actor, fact.cause) == (f"person:{link.person}", "page")
    # who answers in the calendar later is heard as ever
    replied(kit, booked(kit, loop.id)["talk"], link.person, Reply.DECLINED)
    assert link.person not in {
        s.person for s in booked(kit, loop.id)["talk"].seats if s.state.value != "replaced"
    }


def test_declining_has_somebody_else_come_and_keeps_the_reason(kit: Kit) -> None:
    loop = ask(kit, "short")
    person = lead(kit, loop.id, "talk")
    link = link_of(kit, person)
    talk = of(kit, link, "talk")
    interviewer.decline(kit.app, link, talk.interview.id, "illness", "fever\nsince Monday")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    now = lead(kit, loop.id, "talk")
    assert now != person and booked(kit, loop.id)["talk"].span == talk.interview.span
    with kit.app.db.read() as tx:
        facts = {f.what: f for f in tx.facts.of(f"loop:{loop.id}")}
    assert facts["reason_given"].after == "illness"
    assert facts["seat_declined"].data["comment"] == "fever since Monday"
    assert not events(kit, f"{person}@testwerk.example")


def test_who_could_take_over_is_told_and_takes_over_at_once(kit: Kit) -> None:
    loop = ask(kit, "short")
    person = lead(kit, loop.id, "talk")
    link = link_of(kit, person)
    talk = of(kit, link, "talk")
    others = interviewer.could_take_over(kit.app, talk)
    assert others and person not in [o.person for o in others]
    to = others[0].person
    interviewer.hand_over(kit.app, link, talk.interview.id, to)
    kit.run()
    assert lead(kit, loop.id, "talk") == to
    assert booked(kit, loop.id)["talk"].span == talk.interview.span
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert events(kit, f"{to}@testwerk.example") and not events(kit, f"{person}@testwerk.example")
    with kit.app.db.read() as tx:
        (fact,) = [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == "changed_by_hand"]
    assert fact.actor == f"person:{person}"


def test_what_cannot_be_handed_over(kit: Kit) -> None:
    loop = ask(kit, "short")
    link = link_of(kit, lead(kit, loop.id, "talk"))
    talk = of(kit, link, "talk").interview
    for nobody in ("emma", "nora", "nobody"):  # not qualified, of no pool of the seat, of nowhere
        with pytest.raises((NotAllowed, BadInput)):
            interviewer.hand_over(kit.app, link, talk.id, nobody)
    manager = link_of(kit, "hana")
    debrief = of(kit, manager, "debrief")
    assert not interviewer.could_take_over(kit.app, debrief)
    with pytest.raises(NotAllowed):
        interviewer.hand_over(kit.app, manager, debrief.interview.id, "ben")
    assert booked(kit, loop.id)["talk"].seats == talk.seats


def test_others_interviews_and_past_ones_are_nobodys(kit: Kit) -> None:
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    stranger = link_of(kit, "nora")
    for id in (talk.id, f"{talk.id}x", "", loop.id):
        with pytest.raises(Missing):
            interviewer.accept(kit.app, stranger, id)
        with pytest.raises(Missing):
            interviewer.decline(kit.app, stranger, id, "", "")
    link = link_of(kit, lead(kit, loop.id, "talk"))
    kit.clock.now = talk.span.start
    with pytest.raises(Missing):
        interviewer.decline(kit.app, link, talk.id, "", "")


def test_who_declined_does_not_come_back_by_the_page(kit: Kit) -> None:
    loop = ask(kit, "short")
    link = link_of(kit, lead(kit, loop.id, "talk"))
    talk = of(kit, link, "talk").interview
    with pytest.raises(BadInput):
        interviewer.decline(kit.app, link, talk.id, "no such reason", "")
    interviewer.decline(kit.app, link, talk.id, "", "")
    with pytest.raises(WrongState):
        interviewer.accept(kit.app, link, talk.id)


def test_who_has_left_has_no_page(kit: Kit) -> None:
    link = link_of(kit, "anna")
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lw_people SET active = 0 WHERE id = 'anna'")
    with kit.app.db.read() as tx:
        assert interviewer.mine(kit.app, tx, link) is None
