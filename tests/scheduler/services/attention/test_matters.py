"""What needs a person is told from the state of things: each kind comes with its cause and goes with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.types import Reply
from scheduler.domain.attention.matters import Do, Kind
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.attention.care import Wanted
from scheduler.services.attention.matters import SILENT, STUCK
from scheduler.storage.tables import interviews, loops
from scheduler.workers.tasks import tasks
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.attention.kit import EVERY, kinds, only, shown
from tests.stories.kit import DAYS, MARA, ask, booked, look, replied
from tests.stories.test_repair_asks import confirmed, waiting


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_where_all_is_well_nobody_is_needed(kit: Kit) -> None:
    ask(kit, "short", BookMode.PROPOSE)
    assert shown(kit, EVERY) == []


def test_a_loop_without_a_plan_is_told_until_it_has_one(kit: Kit) -> None:
    night = (("2026-03-11T02:00", "2026-03-11T05:00"),)
    loop = ask(kit, "short", BookMode.PROPOSE, windows=night)
    one = only(shown(kit))
    matter = one.kept.matter
    assert (matter.id, matter.kind, matter.owner) == (f"loop_infeasible:{loop.id}", Kind.INFEASIBLE, "rolf")
    assert matter.due == loop.windows[-1].end, "then it is too late for any plan"
    assert matter.text == "; ".join(r.text for r in loop.reasons) != ""
    assert one.about == "Mara Lind, Backend Engineer"
    assert {way.do for way in one.ways} >= {Do.REPLAN, Do.CHANGE, Do.CANCEL}
    day = [("2026-03-11T09:00", "2026-03-11T17:00")]
    requests.change(kit.app, loop.id, "person:rolf", offered=day)
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert shown(kit, EVERY) == []


def test_a_candidate_who_says_nothing_is_told_after_some_days(kit: Kit) -> None:
    loop = ask(kit, "short", windows=())
    kit.clock.forward(days=SILENT.days, minutes=-1)
    assert shown(kit) == []
    kit.clock.forward(minutes=1)
    one = only(shown(kit))
    assert (one.kept.matter.kind, one.kept.matter.since) == (Kind.CANDIDATE, loop.created_at)
    assert [way.do for way in one.ways] == [Do.REMIND, Do.CHANGE, Do.CANCEL]


def test_a_repair_that_waits_for_a_yes_says_which(kit: Kit) -> None:
    loop, offer = waiting(kit)
    one = only(shown(kit, Wanted(kinds=frozenset({Kind.REPAIR}))))
    assert (one.ways[0].do, one.ways[0].target) == (Do.CHOOSE, offer.id)
    first = min(i.span.start for i in booked(kit, loop.id).values() if i.span.start > kit.clock())
    assert one.kept.matter.due == first
    assert one.kept.matter.interview in {i.id for i in booked(kit, loop.id).values()}


def test_invitations_are_told_when_their_interview_is_near(kit: Kit) -> None:
    loop = confirmed(kit, "short", BookMode.BOOK)
    talk, panel = booked(kit, loop.id)["talk"], booked(kit, loop.id)["panel"]
    kit.clock.now = min(talk.span.start, panel.span.start) - timedelta(hours=48, minutes=1)
    assert shown(kit) == []
    kit.clock.now = max(i.span.start for i in booked(kit, loop.id).values()) - timedelta(hours=47)
    found = [one for one in shown(kit) if one.kept.matter.kind is Kind.INVITATION]
    assert {one.kept.matter.interview for one in found} == {i.id for i in booked(kit, loop.id).values()}
    mine = next(one for one in found if one.kept.matter.interview == talk.id)
    assert mine.kept.matter.people == tuple(s.person for s in talk.seats)
    assert "no answer yet to the invitation to Talk" in mine.kept.matter.text
    for seat in talk.seats:
        replied(kit, talk, seat.person, Reply.ACCEPTED)
    assert talk.id not in {one.kept.matter.interview for one in shown(kit)}


def test_a_loop_that_no_job_comes_to_is_told(kit: Kit) -> None:
    request = requests.LoopRequest(
        *_request(kit), mode=BookMode.PROPOSE
    )  # its job is queued, and nobody does it
    loop = requests.ask(kit.app, request, "person:rolf")
    kit.clock.forward(minutes=STUCK // timedelta(minutes=1))
    one = only(shown(kit))
    assert (one.kept.matter.kind, one.kept.matter.loop) == (Kind.STUCK, loop.id)
    kit.run()
    assert shown(kit) == []


def _request(kit: Kit) -> tuple[Any, ...]:
    from tests.stories.kit import DAYS, MARA

    return MARA, "short", DAYS, "Europe/Berlin"


@contextmanager
def statements(kit: Kit) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        found.append(statement)

    engine = kit.app.db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)


def _many(kit: Kit, count: int, seed: int = 1) -> None:
    """Copies of one booked loop in states of every kind; half of them have interviews ahead."""
    draw = random.Random(seed)
    loop = confirmed(kit, "short", BookMode.BOOK)
    with kit.app.db.write() as tx:
        row = dict(tx.connection.execute(sa.select(loops)).mappings().one())
        meeting = dict(tx.connection.execute(sa.select(interviews).limit(1)).mappings().one())
        for n in range(count):
            state = draw.choice(list(LoopState))
            age = timedelta(minutes=draw.randrange(0, 8 * 24 * 60))
            new = {
                "id": f"lp_{n:05}",
                "stage_visit": str(n),
                "state": state.value,
                "owner": draw.choice(["rolf", "hana"]),
            }
            at = {"state_at": kit.clock() - age, "updated_at": kit.clock() - age}
            mode = {"mode": draw.choice(["propose", "book"])}
            tx.connection.execute(sa.insert(loops), [{**row, **new, **at, **mode}])
            if draw.random() < 0.5:
                start = kit.clock() + timedelta(minutes=draw.randrange(3 * 24 * 60, 9 * 24 * 60))
                own = {"id": f"iv_{n}", "loop": new["id"], "event_id": f"e{n}", "start_at": start}
                tx.connection.execute(
                    sa.insert(interviews), [{**meeting, **own, "end_at": start + timedelta(hours=1)}]
                )
    assert loop.id


@pytest.mark.parametrize("seed", range(4))
def test_the_list_is_what_the_states_say(kit: Kit, seed: int) -> None:
    """Against the whole table, read loop by loop."""
    _many(kit, 80, seed)
    now = kit.clock()
    wanted = set()
    with kit.app.db.read() as tx:
        rows = tx.connection.execute(
            sa.select(loops.c.id, loops.c.state, loops.c.mode, loops.c.state_at).where(
                loops.c.id.startswith("lp_0")
            )
        ).all()
    for id, state, mode, at in rows:
        if state == "needs_attention":
            wanted.add(f"loop_needs_attention:{id}")
        elif state == "infeasible":
            wanted.add(f"loop_infeasible:{id}")
        elif state == "awaiting_candidate" and at <= now - SILENT:
            wanted.add(f"candidate_silent:{id}")
        elif at <= now - STUCK and (
            state in {"planning", "held", "booking", "repairing", "cancelling"}
            or (state, mode) == ("proposed", "book")
        ):
            wanted.add(f"job_stuck:{id}")
    found = [one.kept.matter for one in shown(kit, EVERY)]
    assert {m.id for m in found if m.loop.startswith("lp_0")} == wanted
    assert [m.urgency for m in found] == sorted(m.urgency for m in found)
    paged, after = [], None
    while page := shown(kit, EVERY, limit=7, after=after):
        paged += [one.kept.matter.id for one in page]
        after = page[-1].place
    assert paged == [m.id for m in found]


def test_the_questions_are_as_many_for_many_loops(kit: Kit, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    _many(kit, 10)
    _many(other, 200)
    counts = []
    for each in (kit, other):
        with statements(each) as found:
            shown(each, limit=50)
        counts.append(len(found))
    assert counts[0] == counts[1] < 30


def test_a_page_goes_on_though_its_last_row_is_gone(kit: Kit) -> None:
    _many(kit, 40)
    first, second, *_ = shown(kit, EVERY)
    with kit.app.db.write() as tx:
        gone = sa.update(loops).where(loops.c.id == first.kept.matter.loop).values(state="cancelled")
        tx.connection.execute(gone)
    assert shown(kit, EVERY, limit=1, after=first.place)[0].kept.matter == second.kept.matter


def test_kinds_and_owners_are_asked_for(kit: Kit) -> None:
    _many(kit, 60)
    every = shown(kit)
    hers = [one for one in every if one.kept.owner == "hana"]
    assert shown(kit, Wanted(owner="hana")) == hers != []
    assert set(kinds(kit, Wanted(kinds=frozenset({Kind.STUCK})))) == {Kind.STUCK}


def test_a_plan_is_not_stuck_while_it_can_be_undone(kit: Kit) -> None:
    """How long that is, the loop says before the policy does."""
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.BOOK, undo_minutes=120)
    loop = requests.ask(kit.app, request, "person:rolf")
    name, payload, _ = kit.jobs.waiting.pop(0)
    tasks(kit.app)[name](payload)
    assert look(kit, loop.id).state is LoopState.PROPOSED
    kit.clock.forward(minutes=120 + STUCK // timedelta(minutes=1) - 1)
    assert kinds(kit) == []
    kit.clock.forward(minutes=1)
    assert kinds(kit) == [Kind.STUCK]
