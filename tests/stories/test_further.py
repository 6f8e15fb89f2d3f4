"""Further plans: the best one is on offer at once, others follow one by one and are no trouble to anybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.bookings import Hold, Reservation
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services import jobs
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel, choose, further
from scheduler.services.planning import plan as planning
from scheduler.services.planning.together import offers, waiting
from scheduler.workers.tasks import failed, tasks
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def asked(kit: Kit, mode: BookMode = BookMode.PROPOSE, template: str = "short") -> Loop:
    """A loop that was planned, and nothing done after."""
    request = LoopRequest(MARA, template, DAYS, "Europe/Berlin", mode)
    loop = requests.ask(kit.app, request, "person:rolf")
    kit.jobs.waiting = [job for job in kit.jobs.waiting if job[0] == jobs.Job.PLAN]
    table_run(kit, jobs.Job.PLAN)
    return look(kit, loop.id)


def table_run(kit: Kit, name: str) -> None:
    """Run the one waiting job of this name."""
    (job,) = [job for job in kit.jobs.waiting if job[0] == name]
    kit.jobs.waiting.remove(job)
    assert tasks(kit.app)[name](job[1]) is None


def offer(kit: Kit, loop: Loop) -> list[Proposal]:
    with kit.app.db.read() as tx:
        return [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]


def looking(kit: Kit, loop: Loop) -> tuple[bool, str | None]:
    with kit.app.db.read() as tx:
        return planning.looking(tx, look(kit, loop.id))


def whats(kit: Kit, loop: Loop) -> list[str]:
    with kit.app.db.read() as tx:
        return [f.what for f in tx.facts.of(f"loop:{loop.id}")]


def test_the_best_plan_is_on_offer_before_others_are_looked_for(kit: Kit) -> None:
    loop = asked(kit)
    assert loop.state is LoopState.PROPOSED
    (best,) = offer(kit, loop)
    assert (best.rank, best.status) == (1, "optimal")
    assert looking(kit, loop) == (True, None)
    table_run(kit, jobs.Job.FURTHER)
    found = offer(kit, loop)
    assert [p.rank for p in found] == [1, 2, 3] and found[0] == best
    assert [p.cost for p in found] == sorted(p.cost for p in found)
    assert looking(kit, loop) == (False, "asked")
    assert whats(kit, loop).count(further.ADDED) == 2


def test_the_job_is_the_least_urgent_of_all(kit: Kit) -> None:
    said = []
    kit.jobs.enqueue = lambda tx, name, payload, **how: said.append((name, how))  # type: ignore[method-assign]
    loop = asked_only(kit)
    waiting.plan(kit.app, loop.id)
    urgency = {name: how.get("priority", 0) for name, how in said}
    assert urgency[jobs.Job.FURTHER] == max(urgency.values()) > urgency[jobs.Job.PLAN]


def asked_only(kit: Kit) -> Loop:
    return requests.ask(kit.app, LoopRequest(MARA, "short", DAYS, "Europe/Berlin"), "person:rolf")


def test_mode_book_goes_on_at_once_and_nobody_looks_for_more(kit: Kit) -> None:
    loop = asked(kit, BookMode.BOOK)
    assert [name for name, _, _ in kit.jobs.waiting] == [jobs.Job.BOOK]
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED


@pytest.mark.parametrize("how", ["chosen", "cancelled", "planned anew"])
def test_the_search_is_dropped_when_the_offer_is_over(kit: Kit, how: str) -> None:
    loop = asked(kit)
    (best,) = offer(kit, loop)
    if how == "chosen":
        choose.choose(kit.app, best.id, "person:rolf")
    elif how == "cancelled":
        cancel.cancel(kit.app, loop.id, "person:rolf")
    else:
        planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
        waiting.plan(kit.app, loop.id)
    before = offer(kit, loop)
    further.look(kit.app, loop.id, loop.generation, loop.replans, 0.0)
    assert offer(kit, loop) == before
    assert further.ADDED not in whats(kit, loop)
    assert looking(kit, loop)[0] is (how == "planned anew")


def test_a_plan_whose_time_was_taken_meanwhile_is_not_added(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that the first further plan needs is taken between its finding and its adding."""
    loop = asked(kit)
    add, refused = further._add, list[Proposal]()

    def taken_first(app: object, then: Loop, new: Proposal) -> bool:
        if not refused:
            refused.append(new)
            wanted = offers.offer("", loop, 2, MARA, new.interviews).times
            subject, span = next((s, span) for s, span in wanted if s.kind.value == "person")
            with kit.app.db.write() as tx:
                other = replace(loop, id="lp_other", stage_visit="v", state=LoopState.DRAFT)
                tx.loops.add(other, "person:rolf", "test")
                tx.reservations.take(
                    [Reservation(subject, span, "lp_other", "lp_other:x", Hold.CONFIRMED, None)]
                )
        return add(kit.app, then, new)

    monkeypatch.setattr(further, "_add", taken_first)
    table_run(kit, jobs.Job.FURTHER)
    assert refused[0].interviews not in [p.interviews for p in offer(kit, loop)]


def test_who_goes_on_after_a_crash_knows_what_is_on_offer(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asked(kit)
    (job,) = [job for job in kit.jobs.waiting if job[0] == jobs.Job.FURTHER]

    def dies(name: str) -> None:
        if name == "A2":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(further, "failpoint", dies)
        table_run(kit, jobs.Job.FURTHER)
    assert len(offer(kit, loop)) == 2 and looking(kit, loop) == (True, None)
    kit.jobs.waiting.append(job)
    table_run(kit, jobs.Job.FURTHER)
    found = offer(kit, loop)
    assert [p.rank for p in found] == [1, 2, 3]
    assert len({tuple((i.span, i.people) for i in p.interviews) for p in found}) == 3
    assert looking(kit, loop) == (False, "asked")


def test_plans_side_by_side_are_priced_on_the_same_facts(kit: Kit) -> None:
    """Others were booked between the best plan and those beside it: their people carry more by now."""
    loop = asked(kit)
    (further_job,) = [job for job in kit.jobs.waiting if job[0] == jobs.Job.FURTHER]
    (first,) = offer(kit, loop)
    assert first.proven
    kit.jobs.waiting = []
    for n in range(3):
        other = replace(
            MARA, id=f"app-{n}", candidate=Candidate(f"Other {n}", f"o{n}@example.org", "Europe/Lisbon")
        )
        requests.ask(
            kit.app, LoopRequest(other, "short", DAYS, "Europe/Berlin", BookMode.BOOK), "person:rolf"
        )
        kit.run()
    kit.jobs.waiting = [further_job]
    table_run(kit, jobs.Job.FURTHER)
    now = sorted(offer(kit, loop), key=lambda p: p.rank)
    assert further.WEIGHED in whats(kit, loop)
    (again,) = [p for p in now if p.id == first.id]
    assert again.price != first.price and again.cost == sum(again.price.values())
    assert [p.cost for p in now] == sorted(p.cost for p in now), "by price"
    assert all(p.bound <= min(q.cost for q in now) for p in now), "nothing on offer is below what is proven"
    assert len(now) > 1


def test_a_search_that_is_given_up_leaves_the_best_plan_on_offer(kit: Kit) -> None:
    loop = asked(kit)
    (job,) = [job for job in kit.jobs.waiting if job[0] == jobs.Job.FURTHER]
    failed(kit.app, job[0], job[1], "RuntimeError: boom")
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert looking(kit, loop) == (False, further.GIVEN_UP)
