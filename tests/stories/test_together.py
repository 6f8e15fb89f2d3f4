"""Loops that wait at the same time are planned together, not against each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.local.folder import Entry, add_entries
from scheduler.domain.errors import Taken
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.services import progress
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel, choose
from scheduler.services.lease import LASTS, held
from scheduler.services.planning import plan as planning
from scheduler.services.planning.together import packing, waiting
from scheduler.services.planning.together.waiting import NAME, plan
from scheduler.storage import invariants
from scheduler.storage.tables import loops as table
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import DAYS, MARA, booked, look

WEEK = tuple((f"2026-03-{day}T09:00", f"2026-03-{day}T17:00") for day in (10, 11, 12, 13))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def want(
    kit: Kit, n: int, mode: BookMode = BookMode.BOOK, windows: Any = DAYS, template: str = "short"
) -> Loop:
    """A loop of candidate ``n`` that waits; nothing is run."""
    someone = replace(
        MARA, id=f"app-{n}", candidate=Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
    )
    return requests.ask(
        kit.app, LoopRequest(someone, template, windows, "Europe/Berlin", mode), "person:rolf"
    )


def states(kit: Kit) -> Counter[str]:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []
        return Counter(loop.state.value for loop in tx.loops.list(limit=1000))


def plannings(kit: Kit, loop: Loop) -> int:
    with kit.app.db.read() as tx:
        return sum(f.what == "loop_moved" and f.before == "planning" for f in tx.facts.of(f"loop:{loop.id}"))


def between(monkeypatch: pytest.MonkeyPatch, then: Any) -> None:
    """Once, while a batch is being solved, something happens."""
    real = packing.packed
    left = [then]

    def packed(*args: Any) -> Any:
        found = real(*args)
        while left:
            left.pop()()
        return found

    monkeypatch.setattr(waiting, "packed", packed)


def test_many_at_once_get_what_there_is_and_each_is_planned_once(kit: Kit) -> None:
    """Hana, who is in every panel, has three interviews a day: six loops in two days, and not one more."""
    loops = [want(kit, n) for n in range(6)]
    kit.run()
    assert states(kit) == {"confirmed": 6}
    assert {(plannings(kit, loop), look(kit, loop.id).replans) for loop in loops} == {(1, 0)}


def test_who_finds_no_place_is_told_so_and_takes_nobody_along(kit: Kit) -> None:
    loops = [want(kit, n) for n in range(8)]
    kit.run()
    assert states(kit) == {"confirmed": 6, "infeasible": 2}
    left = [found for loop in loops if (found := look(kit, loop.id)).state is LoopState.INFEASIBLE]
    assert all(found.reasons for found in left)
    assert {plannings(kit, loop) for loop in loops} == {1}


def test_whose_time_ends_first_is_served_first(kit: Kit) -> None:
    patient = [want(kit, n, windows=WEEK) for n in range(5)]
    urgent = [want(kit, 10 + n, windows=WEEK[:1]) for n in range(3)]
    kit.run()
    assert states(kit) == {"confirmed": 8}
    assert {booked(kit, loop.id)["panel"].span.start.day for loop in urgent} == {10}
    assert all(booked(kit, loop.id)["panel"].span.start.day > 10 for loop in patient)


def test_what_they_get_is_taken_in_the_order_in_which_they_are_served(kit: Kit) -> None:
    loops = []
    for n in range(3):
        loops.append(want(kit, n, windows=WEEK[: 4 - n]))
        kit.clock.forward(seconds=1)
    name, payload, _ = kit.jobs.waiting.pop(0)
    assert name == "plan" and plan(kit.app, payload["loop"]) is None
    with kit.app.db.read() as tx:
        chosen = [tx.proposals.get(p["proposal"]) for name, p, _ in kit.jobs.waiting if name == "book"]
    assert [p.loop for p in chosen if p] == [loop.id for loop in reversed(loops)]


def test_templates_that_differ_in_grid_and_buffer_share_people_too(tmp_path: Path) -> None:
    text = COMPANY.read_text().replace(
        "title: Second round\n", "title: Second round\n    grid: 30\n    buffer: 15\n"
    )
    kit = make(tmp_path, text)
    day = WEEK[1:2]
    for n in range(3):
        want(kit, n, windows=day)
        want(kit, 10 + n, windows=day, template="round-2")
    kit.run()
    assert states(kit) == {"confirmed": 6}


def test_one_that_cannot_be_looked_at_sinks_nobody_else(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = [want(kit, n) for n in range(4)]
    poisoned = loops[1].id
    real = packing.encode

    def encode(picture: Any, *args: Any) -> Any:
        if picture.loop.id == poisoned:
            raise ZeroDivisionError("a fault of this program")
        return real(picture, *args)

    monkeypatch.setattr(packing, "encode", encode)
    monkeypatch.setattr("scheduler.services.planning.plan.encode", encode)
    waits = [payload["loop"] for name, payload, _ in kit.jobs.waiting if name == "plan"]
    kit.jobs.waiting = [job for job in kit.jobs.waiting if job[1].get("loop") != poisoned]
    kit.run()
    assert poisoned in waits and states(kit) == {"confirmed": 3, "planning": 1}
    with pytest.raises(ZeroDivisionError):
        plan(kit.app, poisoned)
    kit.give_up("plan", {"loop": poisoned}, "ZeroDivisionError")
    assert look(kit, poisoned).state is LoopState.NEEDS_ATTENTION


def test_a_calendar_that_becomes_unreadable_is_the_matter_of_those_who_need_it(kit: Kit) -> None:
    """The second talk takes whoever can be read; the panel needs Hana."""
    want(kit, 1, template="round-2")
    lost = want(kit, 2)
    (kit.folder / "dirk@testwerk.example.ics").write_text("BEGIN:VCALENDAR\nno calendar at all")
    (kit.folder / "anna@testwerk.example.ics").write_text("BEGIN:VCALENDAR\nno calendar at all")
    (kit.folder / "ben@testwerk.example.ics").write_text("BEGIN:VCALENDAR\nno calendar at all")
    kit.run()
    assert states(kit) == {"confirmed": 1, "infeasible": 1}
    assert {r.kind for r in look(kit, lost.id).reasons} == {"unknown_calendar"}


def test_an_application_that_ends_meanwhile_is_left_alone(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = [want(kit, n) for n in range(3)]
    between(monkeypatch, lambda: cancel.cancel(kit.app, loops[1].id, "person:rolf"))
    kit.run()
    assert states(kit) == {"confirmed": 2, "cancelled": 1}
    assert plannings(kit, loops[1]) == 1


def test_somebody_who_leaves_meanwhile_is_not_booked(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = [want(kit, n) for n in range(3)]
    people = [replace(p, active=p.id != "anna") for p in kit.company.people]

    def leave() -> None:
        with kit.app.db.write() as tx:
            tx.company.replace(replace(kit.company, people=tuple(people)), kit.clock())

    between(monkeypatch, leave)
    kit.run()
    assert states(kit) == {"confirmed": 3}
    seats = [s.person for loop in loops for i in booked(kit, loop.id).values() for s in i.seats]
    assert "anna" not in seats


def test_a_time_that_was_booked_meanwhile_is_not_offered(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches overlap: what the one books while the other is being solved, the other goes around."""
    one = WEEK[1:2]
    first = want(kit, 1, BookMode.PROPOSE, one)
    kit.run()
    # as if it had been offered before offers were kept free: the next batch plans over it
    monkeypatch.setattr("scheduler.services.planning.together.offers.standing", lambda *_: [])
    second = want(kit, 2, BookMode.PROPOSE, one)
    with kit.app.db.read() as tx:
        mine = tx.proposals.of_loop(first.id)[0]
    between(monkeypatch, lambda: choose.choose(kit.app, mine.id, "person:rolf"))
    kit.run()
    with kit.app.db.read() as tx:
        offered = tx.proposals.of_loop(second.id)[0]
    assert plannings(kit, second) == 1 and look(kit, second.id).replans == 0
    choose.choose(kit.app, offered.id, "person:rolf")
    kit.run()
    assert states(kit) == {"confirmed": 2}


def test_what_we_booked_ourselves_is_never_somebodys_calendar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked because a plan was lost to another loop of ours, not even where no lost try is allowed."""
    monkeypatch.setattr("scheduler.services.planning.together.offers.standing", lambda *_: [])
    text = COMPANY.read_text().replace("undo_minutes: 0", "undo_minutes: 0\n  max_replans: 0")
    kit = make(tmp_path, text)
    loops = []
    for n in range(4):  # one by one, and each is offered the same best hours
        loops.append(want(kit, n, BookMode.PROPOSE))
        plan(kit.app, loops[-1].id)
    lost = 0
    for loop in loops:
        for _ in range(3):
            with kit.app.db.read() as tx:
                best = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
            if not best:
                break
            try:
                choose.choose(kit.app, best[0].id, "policy:book")
            except Taken:
                lost += 1
            kit.run()
    assert states(kit) == {"confirmed": 4}
    assert lost and {look(kit, loop.id).overtaken for loop in loops} == {0}


def overtaken(kit: Kit, actor: str) -> Loop:
    """A loop whose best plan ``actor`` chose in vain: somebody's calendar was faster."""
    loop = want(kit, 1, BookMode.PROPOSE)
    kit.run()
    with kit.app.db.read() as tx:
        best = tx.proposals.of_loop(loop.id)[0]
    panel = best.interviews[1]
    add_entries(kit.folder, "hana@testwerk.example", [Entry("Board", panel.span.start, panel.span.end)])
    with pytest.raises(Taken):
        choose.choose(kit.app, best.id, actor)
    return loop


def test_a_foreign_meeting_is_counted_and_kept_out(kit: Kit) -> None:
    loop = overtaken(kit, "policy:book")
    found = look(kit, loop.id)
    assert (found.overtaken, found.state) == (1, LoopState.PLANNING)
    assert {str(subject) for subject, _ in found.blocked} == {"person:hana"}
    kit.run()
    planning.replan(kit.app, loop.id, actor="api:token", cause="asked")
    assert look(kit, loop.id).overtaken == 0, "who asks anew gives it as many tries again"


def test_what_a_person_chose_in_vain_is_not_counted(kit: Kit) -> None:
    loop = overtaken(kit, "api:token")
    found = look(kit, loop.id)
    assert (found.overtaken, found.state) == (0, LoopState.PLANNING)
    assert {str(subject) for subject, _ in found.blocked} == {"person:hana"}


def test_groups_that_are_solved_side_by_side_are_steps_of_one_job(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a solve says of its time counts for the job, whichever thread asks."""
    seen: list[progress.Progress | None] = []
    monkeypatch.setattr(packing, "components", lambda pictures: [[p] for p in pictures])
    monkeypatch.setattr(packing, "_group", lambda *_: seen.append(progress.CURRENT.get()) or [])
    pictures: list[Any] = [SimpleNamespace(loop=SimpleNamespace(id=id)) for id in "ab"]
    job = progress.Progress()
    token = progress.CURRENT.set(job)
    try:
        packing.packed(kit.app, pictures, [])
    finally:
        progress.CURRENT.reset(token)
    assert len(seen) == 2 and all(one is job for one in seen)


def test_whoever_comes_while_another_plans_comes_back(kit: Kit) -> None:
    loop = want(kit, 1)
    with held(kit.app, NAME):
        assert plan(kit.app, loop.id) == LASTS.total_seconds()
        assert look(kit, loop.id).state is LoopState.PLANNING
    assert plan(kit.app, loop.id) is None
    assert look(kit, loop.id).state is LoopState.PROPOSED
    with held(kit.app, NAME):
        assert plan(kit.app, loop.id) is None, "there is nothing left to wait for"


def test_more_than_one_job_may_plan_is_handed_on(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 2)
    monkeypatch.setattr(waiting, "ROUNDS", 2)
    loops = [want(kit, n) for n in range(6)]
    kit.jobs.waiting = kit.jobs.waiting[:1]
    assert plan(kit.app, loops[0].id) is None
    assert Counter(look(kit, loop.id).state.value for loop in loops) == {"proposed": 4, "planning": 2}
    kit.run()
    assert states(kit) == {"confirmed": 6}


def test_the_most_urgent_of_very_many_is_first(kit: Kit) -> None:
    """Whatever waits is looked at: the youngest may be the one whose days are over first."""
    last = want(kit, 0, BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        row = dict(tx.connection.execute(sa.select(table).where(table.c.id == last.id)).mappings().one())
        later = {**row["horizon"], "end": "2026-03-31T00:00:00+00:00"}
        others = [
            {
                **row,
                "id": f"older-{n}",
                "stage_visit": f"older-{n}",
                "horizon": later,
                "windows": [],
                "created_at": row["created_at"] - timedelta(hours=1),
            }
            for n in range(1005)
        ]
        tx.connection.execute(sa.insert(table), others)
    waits = waiting._waiting(kit.app, ())
    assert len(waits) == 1006 and waits[0].id == last.id
    assert waiting._gathered(kit.app, ())[0] == last
