"""A candidate takes a whole plan by their link: once, whatever is clicked; what is gone is replaced by the nearest."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.guests.links import CANDIDATE, Link, Purpose
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services import opening
from scheduler.services.links.candidate import Stage, Standing, standing
from scheduler.services.links.choosing import Chosen, take
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, look

DAYS = tuple((f"2026-03-{day}T09:00", f"2026-03-{day}T17:00") for day in (10, 11, 12, 13))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def link_to(kit: Kit, loop: Loop, purpose: Purpose = Purpose.CHOOSE) -> Link:
    with kit.app.db.write() as tx:
        _, path = opening.make(kit.app, tx, purpose, "person:rolf", loop=loop.id)
        found = opening.opened(kit.app, tx, path.rpartition("/")[2], CANDIDATE)
    assert found is not None
    return found


def stands(kit: Kit, link: Link) -> Standing:
    with kit.app.db.read() as tx:
        found = standing(tx, link)
    assert found is not None
    return found


def plans(kit: Kit, loop: Loop) -> list[Proposal]:
    with kit.app.db.read() as tx:
        return sorted(
            (p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED),
            key=lambda p: p.rank,
        )


def offered(kit: Kit, template: str = "short") -> tuple[Loop, Link, list[Proposal]]:
    loop = ask(kit, template, BookMode.PROPOSE, DAYS)
    found = plans(kit, loop)
    assert len(found) >= 3
    return loop, link_to(kit, loop), found


def busy_at(kit: Kit, plan: Proposal) -> None:
    """Somebody who sits in the plan has something else then."""
    for one in plan.interviews[:1]:
        address = f"{one.people[0][0]}@testwerk.example"
        add_entries(kit.folder, address, [Entry("Dentist", one.span.start, one.span.end)])
    kit.clock.forward(minutes=10)


def test_a_whole_plan_is_taken_in_one_click_and_booked(kit: Kit) -> None:
    loop, link, found = offered(kit)
    assert stands(kit, link).stage is Stage.CHOOSE
    assert {c.id for c in stands(kit, link).choices} <= {p.id for p in found}
    assert take(kit.app, link, found[1].id) == Chosen(True)
    assert stands(kit, link).stage is Stage.BOOKING
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert stands(kit, link).stage is Stage.BOOKED
    with kit.app.db.read() as tx:
        taken = {i.spec: i.span for i in tx.interviews.of_loop(loop.id)}
        actors = {f.actor for f in tx.facts.of(f"loop:{loop.id}") if f.after == "held"}
    assert taken == {p.interview: p.span for p in found[1].interviews}
    assert actors == {f"candidate:{link.id}"}


def test_a_second_click_and_the_back_button_change_nothing(kit: Kit) -> None:
    loop, link, found = offered(kit)
    take(kit.app, link, found[0].id)
    assert take(kit.app, link, found[0].id) == Chosen(True)
    with pytest.raises(WrongState):
        take(kit.app, link, found[1].id)
    kit.run()
    assert take(kit.app, link, found[0].id) == Chosen(True)
    assert look(kit, loop.id).chosen == found[0].id


def test_the_debrief_is_in_nothing_that_the_candidate_sees(kit: Kit) -> None:
    _, link, found = offered(kit)
    assert "ebrief" not in repr(stands(kit, link).choices)
    take(kit.app, link, found[0].id)
    kit.run()
    assert "ebrief" not in repr(stands(kit, link).meetings)


def test_a_plan_that_is_gone_is_replaced_by_the_nearest_that_holds(kit: Kit) -> None:
    loop, link, found = offered(kit)
    lost, others = found[0], found[1:]

    def apart(plan: Proposal) -> float:
        there = {p.interview: p.span.start for p in lost.interviews}
        return sum(abs((p.span.start - there[p.interview]).total_seconds()) for p in plan.interviews)

    busy_at(kit, lost)
    chosen = take(kit.app, link, lost.id)
    assert chosen == Chosen(False, min(others, key=apart).id)
    assert look(kit, loop.id).state is LoopState.PROPOSED  # the others stay on the page
    assert lost.id not in {p.id for p in plans(kit, loop)}
    assert take(kit.app, link, lost.id) == chosen  # the page of before, once more
    assert take(kit.app, link, chosen.nearest).taken


def test_where_none_holds_new_ones_are_made(kit: Kit) -> None:
    loop, link, found = offered(kit)
    for plan in found:
        busy_at(kit, plan)
    last = found[0].id
    for _ in found:
        chosen = take(kit.app, link, last)
        assert not chosen.taken
        last = chosen.nearest or last
    assert not chosen.nearest
    assert stands(kit, link).stage is Stage.LOOKING
    kit.run()
    fresh = plans(kit, loop)
    assert fresh and {p.id for p in fresh}.isdisjoint(p.id for p in found)
    assert stands(kit, link).stage is Stage.CHOOSE


def test_plans_of_others_and_links_that_only_follow(kit: Kit) -> None:
    loop, link, found = offered(kit)
    other = ask(
        kit,
        "short",
        BookMode.PROPOSE,
        DAYS,
        replace(MARA, id="app-2", candidate=Candidate("Noa", "noa@example.org", "Asia/Tokyo")),
    )
    for foreign in (plans(kit, other)[0].id, "pr_0000000000000000", ""):
        with pytest.raises(Missing):
            take(kit.app, link, foreign)
    follow = link_to(kit, loop, Purpose.FOLLOW)
    assert stands(kit, follow).stage is Stage.LOOKING and not stands(kit, follow).choices
    with pytest.raises(WrongState):
        take(kit.app, follow, found[0].id)
    assert look(kit, loop.id).state is LoopState.PROPOSED


def test_a_repair_that_waits_for_a_yes_is_not_the_candidates_to_choose(kit: Kit) -> None:
    loop, link, found = offered(kit)
    take(kit.app, link, found[0].id)
    kit.run()
    with kit.app.db.write() as tx:
        at = kit.clock.now
        tx.loops.move(
            loop.id,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.CONFIRMED},
            actor="person:rolf",
            cause="test",
            at=at,
        )
        generation = look(kit, loop.id).generation
        mended = replace(found[1], id="pr_repair", generation=generation, created_at=at)
        tx.proposals.add_all([mended])
    assert stands(kit, link).stage is Stage.CHANGING
    with pytest.raises(WrongState):
        take(kit.app, link, "pr_repair")


def test_many_candidates_at_once_book_nobody_twice(kit: Kit) -> None:
    """All want Wednesday morning; whoever is slower has the next choice on the page, or new ones."""
    entries = []
    for n in range(6):
        candidate = Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
        loop = ask(
            kit, "round-2", BookMode.PROPOSE, DAYS[:2], replace(MARA, id=f"app-{n}", candidate=candidate)
        )
        entries.append((loop, link_to(kit, loop), plans(kit, loop)[0].id))
    results: list[bool] = []

    def click(link: Link, plan: str) -> None:
        while plan:
            chosen = take(kit.app, link, plan)
            if chosen.taken:
                results.append(True)
                return
            plan = chosen.nearest
        results.append(False)

    threads = [threading.Thread(target=click, args=(link, plan)) for _, link, plan in entries for _ in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2 * len(entries)
    kit.run()
    with kit.app.db.read() as tx:
        assert invariants.check(tx) == []
    held = [look(kit, loop.id).state for loop, _, _ in entries]
    assert set(held) <= {LoopState.CONFIRMED, LoopState.PROPOSED}
    assert LoopState.CONFIRMED in held
