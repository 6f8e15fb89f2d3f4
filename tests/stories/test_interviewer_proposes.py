"""An interviewer proposes another time: only what holds is offered, nothing moves, and a person is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.bookings import SeatState
from scheduler.domain.errors import Missing, NotAllowed
from scheduler.domain.loops import LoopState
from scheduler.services.links import proposing
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look
from tests.stories.test_answers_by_mail import told
from tests.stories.test_interviewer_answers import lead, link_of, of

ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_a_time_that_holds_is_proposed_and_a_person_decides(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    before = booked(kit, loop.id)
    link = link_of(kit, lead(kit, loop.id, "panel"))
    duty = of(kit, link, "panel")
    found = proposing.times(kit.app, duty)
    assert len(found) > 1 and not any(s.overlaps(before["talk"].span) for s in found)
    assert all(s.start > before["talk"].span.start for s in found), "it comes after the talk"
    proposing.propose(kit.app, link, duty.interview.id, found[-1].start, "a train")
    kit.run()
    now = booked(kit, loop.id)
    assert {s: i.span for s, i in now.items()} == {s: i.span for s, i in before.items()}
    assert of(kit, link, "panel").seat.state is SeatState.TENTATIVE
    waiting = look(kit, loop.id)
    (reason,) = waiting.reasons
    assert waiting.state is LoopState.NEEDS_ATTENTION and reason.people == (link.person,)
    assert "for Panel: it would hold, and then: Debrief moves from" in reason.text
    assert reason.text.endswith(": “a train”")
    assert reason.text in told(kit, "Another time?")[0]
    assert proposing.times(kit.app, of(kit, link, "panel")) == [], "until somebody has decided"


def test_what_does_not_hold_is_not_proposed(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    before, person = booked(kit, loop.id), lead(kit, loop.id, "panel")
    link = link_of(kit, person)
    duty = of(kit, link, "panel")
    found = proposing.times(kit.app, duty)
    # hana has to be in it as well, and has something else then by now
    add_entries(kit.folder, "hana@testwerk.example", [Entry("Dentist", found[0].start, found[0].end)])
    assert found[0] not in proposing.times(kit.app, duty)
    outside = found[-1].end + timedelta(days=1)
    for gone in (found[0].start, before["panel"].span.start, before["talk"].span.start, outside):
        with pytest.raises(NotAllowed):
            proposing.propose(kit.app, link, duty.interview.id, gone, "")
    for stranger in ("nora", "dirk"):
        with pytest.raises(Missing):
            proposing.propose(kit.app, link_of(kit, stranger), duty.interview.id, found[-1].start, "")
    assert booked(kit, loop.id) == before and look(kit, loop.id).state is LoopState.CONFIRMED


def test_observers_and_debriefs_have_no_time_to_propose(kit: Kit) -> None:
    ask(kit, "onsite")
    emma = of(kit, link_of(kit, "emma"), "tech")
    assert emma.observes and proposing.times(kit.app, emma) == []
    hana = of(kit, link_of(kit, "hana"), "debrief")
    assert proposing.times(kit.app, hana) == []
    assert proposing.times(kit.app, replace(hana, loop=replace(hana.loop, state=LoopState.REPAIRING))) == []
