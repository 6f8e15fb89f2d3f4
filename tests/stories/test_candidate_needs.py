"""What a candidate needs becomes constraints of their plan, and stands in nothing that anybody else reads."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import Accommodation, BookMode, Loop, LoopState
from scheduler.services.links import needs
from scheduler.services.links.needs import Needs
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask, booked, look
from tests.stories.test_candidate_chooses import link_to, plans

CANARY = "canaryfeature"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, COMPANY.read_text(encoding="utf-8").replace("accessible", CANARY))


def agreed(kit: Kit, loop: Loop) -> Accommodation:
    with kit.app.db.read() as tx:
        found = tx.applications.get(loop.application)
    assert found is not None
    return found.accommodation


def test_what_is_not_booked_is_planned_anew_and_keeps_to_it(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    link = link_to(kit, loop)
    needs.tell(kit.app, link, Needs(extra_time=100))
    assert look(kit, loop.id).state is LoopState.PLANNING
    kit.run()
    assert {i.span.minutes for p in plans(kit, loop) for i in p.interviews if i.interview == "talk"} == {90}
    before = look(kit, loop.id).updated_at
    needs.tell(kit.app, link, Needs(extra_time=100))  # sent once more
    assert look(kit, loop.id).updated_at == before


def test_of_what_is_booked_a_person_is_asked_to_look_without_being_told_why(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    link, then = link_to(kit, loop, Purpose.FOLLOW), booked(kit, loop.id)
    needs.tell(kit.app, link, Needs(break_every=60, features=frozenset({CANARY})))
    now = look(kit, loop.id)
    assert now.state is LoopState.NEEDS_ATTENTION and booked(kit, loop.id) == then
    assert [r.kind for r in now.reasons] == [needs.NEEDS]
    assert CANARY not in now.reasons[0].text and "60" not in now.reasons[0].text


def test_what_cannot_be_chosen_is_refused_and_nothing_is_kept(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    link = link_to(kit, loop)
    for wrong in (
        Needs(extra_time=33),
        Needs(break_every=1),
        Needs(max_day=9),
        Needs(features=frozenset({"x"})),
    ):
        with pytest.raises(BadInput):
            needs.tell(kit.app, link, wrong)
    assert agreed(kit, loop) == Accommodation() and look(kit, loop.id).state is LoopState.PROPOSED


def test_it_stands_in_no_event_mail_log_fact_or_page_of_others(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    loop = ask(kit, "onsite", windows=())
    guest, path = Plain(kit, signed_in=False), door(kit, Purpose.CHOOSE, loop=loop.id)
    assert CANARY in guest.get(f"{path}/needs").text
    told = guest.form(f"{path}/needs", [("features", CANARY), ("extra_time", "25"), ("max_day", "360")])
    assert told.status_code == 303
    assert agreed(kit, loop) == Accommodation(extra_time=25, max_day=360, features=frozenset({CANARY}))
    sent = [("zone", "Europe/Berlin"), ("day", "2026-03-11"), ("start", "08:00"), ("end", "18:00")]
    assert guest.form(f"{path}/times", sent).status_code == 303
    kit.run()
    assert look(kit, loop.id).state in (LoopState.CONFIRMED, LoopState.PROPOSED), look(kit, loop.id).reasons
    kit.clock.forward(minutes=30)
    kit.run()
    everywhere = [p.read_text() for p in (kit.folder.parent / "outbox").glob("*.eml")]
    for calendar in kit.folder.glob("*.ics"):  # what a room has stands before its events, whoever needs it
        everywhere.append(calendar.read_text().partition("BEGIN:VEVENT")[2])
    with kit.app.db.read() as tx:
        everywhere += [repr(f) for f in tx.facts.of(f"loop:{loop.id}", limit=500)]
        everywhere += [repr(r.payload) for r in tx.ledger.of_loop(loop.id)]
    seats = {s.person for i in booked(kit, loop.id).values() for s in i.seats}
    assert seats
    for person in sorted(seats):
        mine = door(kit, Purpose.ATTEND, person=person)
        everywhere += [guest.get(mine).text, guest.get(f"{mine}/calendar.ics").text]
    everywhere += [guest.get(f"{path}/interviews.ics").text, caplog.text]
    assert [text for text in everywhere if CANARY in text] == []
    assert timedelta(minutes=75) in {i.span.end - i.span.start for i in booked(kit, loop.id).values()}
