"""Nobody gets more than their cap, however many plans are chosen at the same time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.types import Reply
from scheduler.domain.errors import Full
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.booking import caps, choose
from scheduler.storage import invariants
from solver.questions.repair import Repair
from tests.scheduler.api.client import Client
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.services.test_between import Slow
from tests.stories.kit import DAYS, MARA, ask, booked, look, replied

ONE_A_DAY = (
    COMPANY.read_text(encoding="utf-8")
    .replace("minutes: 45, seats: [{pool: engineers}]", "minutes: 45, seats: [{person: dirk}]", 1)
    .replace("email: dirk@testwerk.example}", "email: dirk@testwerk.example, max_day: 1}")
    .replace("undo_minutes: 0", "undo_minutes: 0\n  offer_hours: 0")
)
"""Every talk is Dirk's, and he gives one a day; what is on offer to somebody else is not kept free."""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, ONE_A_DAY)


def offers(kit: Kit, loop: str) -> list[str]:
    with kit.app.db.read() as tx:
        return [p.id for p in tx.proposals.of_loop(loop) if p.state.value == "offered"]


def test_a_cap_reached_since_the_plan_stops_it_and_a_fresh_one_is_queued(kit: Kit) -> None:
    morning, afternoon = (
        (("2026-03-11T09:00", "2026-03-11T12:00"),),
        (("2026-03-11T13:00", "2026-03-11T17:00"), *DAYS[1:]),
    )
    first = ask(kit, "short", BookMode.PROPOSE, morning)
    second = ask(kit, "short", BookMode.PROPOSE, afternoon, replace(MARA, id="app-2"))
    assert offers(kit, first.id) and offers(kit, second.id)
    choose.choose(kit.app, offers(kit, first.id)[0], "person:rolf")
    kit.run()
    with pytest.raises(Full, match="no more interviews that day or week: person:dirk"):
        choose.choose(kit.app, offers(kit, second.id)[0], "person:rolf")
    assert [name for name, _, _ in kit.jobs.waiting] == ["plan"]
    assert not booked(kit, second.id), "nothing of it is held"
    kit.run()
    found = look(kit, second.id)
    assert found.state is LoopState.PROPOSED and found.blocked == ()
    choose.choose(kit.app, offers(kit, second.id)[0], "person:rolf")
    kit.run()
    days = {booked(kit, loop.id)["talk"].span.start.date().day for loop in (first, second)}
    assert days == {11, 12}
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_whoever_chooses_too_late_is_told_with_409(kit: Kit) -> None:
    api = Client(kit)
    loops = [
        ask(kit, "short", BookMode.PROPOSE, (window,), replace(MARA, id=f"app-{n}"))
        for n, window in enumerate(
            [("2026-03-11T09:00", "2026-03-11T12:00"), ("2026-03-11T13:00", "2026-03-11T17:00")]
        )
    ]
    api.ask(f"/proposals/{offers(kit, loops[0].id)[0]}/choose", "POST")
    told = api.refused(409, f"/proposals/{offers(kit, loops[1].id)[0]}/choose", "POST")
    assert (told["type"], told["detail"]) == ("full", "no more interviews that day or week: person:dirk")
    kit.run()
    assert look(kit, loops[1].id).state is LoopState.INFEASIBLE


def test_a_repair_counts_caps_again_as_well(tmp_path: Path) -> None:
    kit = make(tmp_path)
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    first: list[str] = []

    def capped(found: Repair) -> None:
        """Whoever was found gets their last interview of the week elsewhere, just now."""
        (change,) = [c for c in found.changes if c.session.endswith(":talk")]
        assert isinstance(change.after, tuple)
        person = str(change.after[0])
        if not first:
            first.append(person)
            with kit.app.db.write() as tx:
                known = tx.people.get(person)
                assert known is not None
                tx.people.put(replace(known, max_day=0, max_week=0))

    kit.app = replace(kit.app, solver=Slow(event=capped))
    replied(kit, talk, next(s.person for s in talk.seats if s.required), Reply.DECLINED)
    now = booked(kit, loop.id)["talk"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert first and first[0] not in {s.person for s in now.seats}


def test_who_is_over_the_cap_already_keeps_what_they_have(tmp_path: Path) -> None:
    kit = make(tmp_path)
    loop = ask(kit, "short")
    interviews = list(booked(kit, loop.id).values())
    sitting = {s.person for i in interviews if i.spec != "debrief" for s in i.seats}
    with kit.app.db.write() as tx:
        tx.people.put_all([replace(p, max_day=0) for p in tx.people.list()])
        assert caps.over(tx, loop.id, interviews, interviews) == []
        assert caps.over(tx, loop.id, interviews, []) == sorted(sitting)
