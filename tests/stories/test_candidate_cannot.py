"""A candidate cannot come to one interview: it moves alone within their own times, or a person is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.errors import BadInput, Missing, NotAllowed, WrongState
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.links import unable
from scheduler.services.links.choosing import take
from scheduler.services.links.unable import Way
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look
from tests.stories.test_candidate_chooses import link_to, plans

ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_the_interview_moves_alone_and_everybody_hears(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    link, before = link_to(kit, loop, Purpose.FOLLOW), booked(kit, loop.id)
    found = unable.look(kit.app, link, "panel")
    assert len(found) > 1 and not any(s.overlaps(t) for s in found for t in found if s != t)
    assert not any(s.overlaps(before["panel"].span) for s in found)
    assert booked(kit, loop.id) == before  # nothing is changed by asking
    unable.move(kit.app, link, "panel", found[1].start, "dentist")
    kit.run()
    now = booked(kit, loop.id)
    assert now["panel"].span == found[1] and now["talk"].span == before["talk"].span
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    mails = "".join(p.read_text() for p in sorted((kit.folder.parent / "outbox").glob("*.eml")))
    assert "Panel has moved from" in mails.replace("=\n", "")
    with kit.app.db.read() as tx:
        facts = [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == unable.CANNOT]
    assert [f.data["comment"] for f in facts] == ["dentist"]


def test_what_has_changed_since_it_was_shown_is_not_done(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    link, before = link_to(kit, loop, Purpose.FOLLOW), booked(kit, loop.id)
    found = unable.look(kit.app, link, "panel")
    add_entries(kit.folder, "hana@testwerk.example", [Entry("Dentist", found[0].start, found[0].end)])
    for gone in (found[0].start, before["panel"].span.start, found[-1].end + timedelta(days=1)):
        with pytest.raises(NotAllowed):
            unable.move(kit.app, link, "panel", gone, "")
    with pytest.raises(BadInput):
        unable.move(kit.app, link, "panel", found[0].start + timedelta(minutes=1), "")  # off the grid
    assert booked(kit, loop.id) == before
    with kit.app.db.read() as tx:
        assert not [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == unable.CANNOT]


def test_where_nothing_fits_a_person_is_asked_once(kit: Kit) -> None:
    windows = (("2026-03-11T09:00", "2026-03-11T10:30"),)
    loop = ask(kit, "short", windows=windows)
    link = link_to(kit, loop, Purpose.FOLLOW)
    assert unable.look(kit.app, link, "panel") == []
    for _ in (1, 2):
        unable.ask(kit.app, link, "panel", "an exam\nall morning")
    now = look(kit, loop.id)
    assert now.state is LoopState.NEEDS_ATTENTION
    (reason,) = now.reasons
    assert reason.text.startswith("Mara Lind cannot come to Panel") and "“an exam all morning”" in reason.text
    with kit.app.db.read() as tx:
        assert len([f for f in tx.facts.of(f"loop:{loop.id}") if f.what == unable.CANNOT]) == 1


def test_too_late_too_often_not_theirs_to_decide_and_not_their_interview(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.BOOK, ONE_DAY)
    link = link_to(kit, loop, Purpose.FOLLOW)

    def way() -> Way:
        with kit.app.db.read() as tx:
            return unable.way(kit.app, tx, link, unable.interview_of(kit.app, tx, link, "panel"))

    assert way() is Way.AT_ONCE
    for spec in ("debrief", "nothing", ""):
        with pytest.raises(Missing):
            unable.look(kit.app, link, spec)
    for _ in range(unable.MOST):
        found = unable.look(kit.app, link, "panel")
        unable.move(kit.app, link, "panel", found[0].start, "")
        kit.run()
    assert way() is Way.ASKED
    with pytest.raises(WrongState):
        unable.look(kit.app, link, "panel")
    kit.clock.now = booked(kit, loop.id)["panel"].span.start - timedelta(hours=23)
    assert way() is Way.LATE


def test_where_the_company_approves_moves_it_is_asked_unless_it_lets_them_choose(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ONE_DAY)
    chooser = link_to(kit, loop)
    take(kit.app, chooser, plans(kit, loop)[0].id)
    kit.run()
    follower = link_to(kit, loop, Purpose.FOLLOW)
    with kit.app.db.read() as tx:
        panel = unable.interview_of(kit.app, tx, chooser, "panel")
        assert unable.way(kit.app, tx, chooser, panel) is Way.AT_ONCE
        assert unable.way(kit.app, tx, follower, panel) is Way.ASKED
