"""A superday: many loops in one window, planned as one, chosen whole or loop by loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import BadInput, BadInputs, WrongState
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.proposals import Batch, BatchState
from scheduler.services.asking import batches
from scheduler.services.asking.batches import BatchRequest, Repack
from scheduler.services.booking import cancel, choose, reconcile
from scheduler.services.planning.together import superdays
from scheduler.services.planning.together.waiting import plan
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import look
from tests.stories.test_offers_are_kept_free import offered
from tests.stories.test_together import states, want

WEDNESDAY = ("2026-03-11T09:00", "2026-03-11T17:00")
WEEK = (("2026-03-09T09:00", "2026-03-13T17:00"),)
PROPOSE = BookMode.PROPOSE


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def waiting(kit: Kit, count: int) -> list[str]:
    """Loops that are there and wait; their own jobs are left aside."""
    loops = [want(kit, n, PROPOSE, WEEK).id for n in range(count)]
    return loops


def batch(kit: Kit, loops: list[str], **more: Any) -> Batch:
    request = BatchRequest(more.pop("window", WEDNESDAY), "Europe/Berlin", loops, **more)
    return batches.ask(kit.app, request, "person:rolf")


def now(kit: Kit, made: Batch) -> Batch:
    return batches.get(kit.app, made.id)


def test_the_whole_plan_is_offered_and_chosen_at_once(kit: Kit) -> None:
    loops = waiting(kit, 3)
    made = batch(kit, loops)
    assert [plan(kit.app, loop) for loop in loops] == [None] * 3
    assert {look(kit, loop).state for loop in loops} == {LoopState.PLANNING}, "they are the batch's"
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED and states(kit) == {"proposed": 3}
    assert (now(kit, made).progress.placed, now(kit, made).progress.loops) == (3, 3)
    assert now(kit, made).progress.price is not None
    days = {p.interviews[0].span.start.day for loop in loops for p in offered(kit, loop)}
    assert days == {11}, "within the window of the batch"
    assert [(c.loop, c.fault) for c in batches.choose(kit.app, made.id, "person:rolf")] == [
        (loop, "") for loop in loops
    ]
    kit.run()
    assert states(kit) == {"confirmed": 3}
    assert batches.choose(kit.app, made.id, "person:rolf") == []


def test_of_a_plan_that_was_overtaken_nothing_is_proven(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its price and its bound are those of what is not offered any more."""
    usual, lost = superdays.keep, list[str]()

    def overtaken(app: Any, outcomes: Any, around: Any) -> list[str]:
        again = usual(app, outcomes, around)
        lost.append("once")
        return again if len(lost) > 1 else [outcomes[0].picture.loop.id]

    made = batch(kit, waiting(kit, 3))
    monkeypatch.setattr(superdays, "keep", overtaken)
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED and now(kit, made).progress.placed == 3
    assert (now(kit, made).progress.price, now(kit, made).progress.bound) == (None, None)


def test_applications_get_a_loop_of_the_template(kit: Kit) -> None:
    for n in range(2):
        cancel.cancel(kit.app, want(kit, n).id, "person:rolf")
    made = batch(kit, [], applications=["app-0", "app-1"], template="short", priority={"app-1": 3})
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED
    assert {look(kit, loop).application for loop in made.made} == {"app-0", "app-1"}
    assert now(kit, made).priority == {made.loops[1]: 3}
    batches.choose(kit.app, made.id, "person:rolf")
    kit.run()
    assert states(kit) == {"confirmed": 2, "cancelled": 2}


def test_who_is_left_out_is_told_why_and_who_would_have_to_give_way(kit: Kit) -> None:
    """Hana has three interviews a day: of four loops one is left out, and it fits alone."""
    loops = waiting(kit, 4)
    made = batch(kit, loops, priority={loops[3]: 3})
    kit.run()
    assert now(kit, made).progress.placed == 3
    assert look(kit, loops[3]).state is LoopState.PROPOSED, "it weighs most"
    (left,) = [loop for loop in loops if look(kit, loop).state is LoopState.NEEDS_ATTENTION]
    found = look(kit, left)
    assert [r.kind for r in found.reasons] == ["left_out"]
    assert found.fixes[0].startswith("It would fit if lp_") and found.fixes[0].endswith(" gave way.")


def test_impossible_is_said_of_what_is_impossible_alone(kit: Kit) -> None:
    loops = waiting(kit, 2)
    hour = ("2026-03-11T09:00", "2026-03-11T10:00")
    made = batch(kit, loops, window=hour)
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED and now(kit, made).progress.placed == 0
    assert {look(kit, loop).state for loop in loops} == {LoopState.INFEASIBLE}
    assert all("left_out" not in {r.kind for r in look(kit, loop).reasons} for loop in loops)


def test_it_is_packed_anew_around_what_is_booked_and_locked(kit: Kit) -> None:
    loops = waiting(kit, 4)
    made = batch(kit, loops)
    kit.run()
    placed = [loop for loop in loops if look(kit, loop).state is LoopState.PROPOSED]
    (left,) = set(loops) - set(placed)
    choose.choose(kit.app, offered(kit, placed[0])[0].id, "person:rolf")
    kit.run()
    kept = offered(kit, placed[1])[0].id
    changed = batches.repack(kit.app, made.id, "person:rolf", Repack([placed[1]], [placed[2]]))
    assert changed.loops == tuple(loop for loop in loops if loop != placed[2])
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED
    assert look(kit, placed[0]).state is LoopState.CONFIRMED
    assert offered(kit, placed[1])[0].id == kept
    assert look(kit, left).state is LoopState.PROPOSED, "there is room for it now"
    assert look(kit, placed[2]).state is LoopState.NEEDS_ATTENTION
    assert not any(c.fault for c in batches.choose(kit.app, made.id, "person:rolf"))
    kit.run()
    assert states(kit) == {"confirmed": 3, "needs_attention": 1}


def test_called_off_half_way_nothing_is_half_done(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is solved: the loops that were there are planned by themselves, those of the batch end."""
    mine = waiting(kit, 1)
    cancel.cancel(kit.app, want(kit, 7).id, "person:rolf")
    made = batch(kit, mine, applications=["app-7"], template="short")
    real = superdays.packed

    def packed(*args: Any) -> Any:
        found = real(*args)
        batches.cancel(kit.app, made.id, "person:rolf")
        return found

    monkeypatch.setattr(superdays, "packed", packed)
    kit.run()
    assert now(kit, made).state is BatchState.CANCELLED
    assert look(kit, made.made[0]).state is LoopState.CANCELLED
    assert look(kit, mine[0]).state is LoopState.PROPOSED
    with pytest.raises(WrongState, match=r"bt_\w+ is cancelled: only a batch that is offered"):
        batches.choose(kit.app, made.id, "person:rolf")


def test_two_batches_that_overlap_share_what_there_is(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the one is being solved the other is kept: what it offers is not offered twice."""
    one, two = waiting(kit, 1), [want(kit, 5, PROPOSE, WEEK).id]
    first, second = batch(kit, one), batch(kit, two)
    real, left = superdays.packed, [second.id]

    def packed(*args: Any) -> Any:
        found = real(*args)
        while left:
            superdays.plan_batch(kit.app, left.pop())
        return found

    monkeypatch.setattr(superdays, "packed", packed)
    kit.run()
    assert states(kit) == {"proposed": 2}
    for made in (first, second):
        assert not any(c.fault for c in batches.choose(kit.app, made.id, "person:rolf"))
    kit.run()
    assert states(kit) == {"confirmed": 2}


def test_a_batch_whose_job_was_lost_is_asked_for_again(kit: Kit) -> None:
    made = batch(kit, waiting(kit, 2))
    kit.jobs.waiting = []
    reconcile.sweep(kit.app)
    assert "batch" not in [name for name, _, _ in kit.jobs.waiting]
    kit.clock.forward(seconds=90)
    reconcile.sweep(kit.app)
    kit.run()
    assert now(kit, made).state is BatchState.OFFERED


def test_a_batch_that_is_given_up_leaves_its_loops_to_themselves(kit: Kit) -> None:
    made = batch(kit, waiting(kit, 2))
    kit.give_up("batch", {"batch": made.id}, "ValueError")
    assert now(kit, made).state is BatchState.CANCELLED
    kit.run()
    assert states(kit) == {"proposed": 2}


def refused(kit: Kit, loops: list[str], **more: Any) -> str:
    with kit.app.db.read() as tx:
        before = len(tx.loops.list(limit=1000))
    with pytest.raises((BadInput, BadInputs)) as found:
        batch(kit, loops, **more)
    with kit.app.db.read() as tx:
        assert len(tx.loops.list(limit=1000)) == before and not tx.batches.list(set(BatchState))
        assert invariants.check(tx, kit.clock()) == []
    return str(found.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "loops: empty; name at least one loop, or an application with a template"),
        ({"loops": ["lp_x"]}, "loops[0]: loop 'lp_x' is unknown; use the id of a loop"),
        (
            {"applications": ["app-x"], "template": "short"},
            "applications[0]: no application 'app-x'; ask for its loop first",
        ),
        (
            {"loops": ["x"], "window": ("2026-03-11T09:00", "2026-03-11T09:00")},
            "window.end: the window is empty; let it end after it starts",
        ),
        (
            {"loops": ["x"], "window": ("2026-03-02T09:00", "2026-03-02T12:00")},
            "window.end: lies in the past; choose a window that is still ahead",
        ),
        (
            {"loops": [f"lp_{n}" for n in range(2000)]},
            "loops: 2000 loops in one batch; give at most 200, in several batches",
        ),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_half_done(
    kit: Kit, more: dict[str, Any], said: str
) -> None:
    assert refused(kit, more.pop("loops", []), **more) == said


def test_a_loop_that_is_booked_or_in_another_batch_is_refused(kit: Kit) -> None:
    booked = want(kit, 1).id
    kit.run()
    assert refused(kit, [booked]) == (
        f"loops[0]: loop '{booked}' is confirmed; leave it out: what is booked is planned around"
    )
    mine = want(kit, 2, PROPOSE, WEEK).id
    first = batch(kit, [mine])
    with pytest.raises(BadInput, match=rf"^loops\[0\]: loop '{mine}' is in batch {first.id} already; cancel"):
        batch(kit, [mine])
    kit.run()
    with pytest.raises(BadInput, match="already"):
        batch(kit, [mine])
    batches.cancel(kit.app, first.id, "person:rolf")
    assert batch(kit, [mine]).loops == (mine,)


def test_a_candidates_own_windows_hold_in_a_batch_too(kit: Kit) -> None:
    thursday = want(kit, 1, PROPOSE, (("2026-03-12T09:00", "2026-03-12T17:00"),)).id
    assert "has no window of the candidate in this one" in refused(kit, [thursday])
    early = want(kit, 2, PROPOSE, (("2026-03-11T09:00", "2026-03-11T12:00"),)).id
    batch(kit, [early])
    kit.run()
    assert offered(kit, early)[0].interviews[0].span.end.hour < 12


def test_somebody_who_leaves_while_a_batch_is_solved_is_not_booked(kit: Kit) -> None:
    made = batch(kit, waiting(kit, 2))
    kit.run()
    people = tuple(replace(p, active=p.id not in ("anna", "dirk")) for p in kit.company.people)
    with kit.app.db.write() as tx:
        tx.company.replace(replace(kit.company, people=people), kit.clock())
    said = batches.choose(kit.app, made.id, "person:rolf")
    kit.run()
    assert len(said) == 2 and all(look(kit, c.loop).state is not LoopState.CONFIRMED for c in said if c.fault)
