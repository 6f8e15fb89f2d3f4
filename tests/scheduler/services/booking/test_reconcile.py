"""The net beneath queues again what waits too long, and does not pile jobs up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.errors import Transient
from scheduler.domain.bookings import LedgerRow, Write
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.services import jobs
from scheduler.services.asking import intake, requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import choose, reconcile
from scheduler.storage.repositories import loops as loops_read
from scheduler.storage.repositories.reservations import Reservations
from scheduler.storage.tables import loops
from scheduler.workers.tasks import tasks
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, look
from tests.stories.test_afterwards import with_flaky


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def swept(kit: Kit, minutes: int) -> list[str]:
    """The jobs that a sweep in every one of so many minutes queues."""
    kit.jobs.waiting.clear()
    for _ in range(minutes):
        kit.clock.forward(minutes=1)
        reconcile.sweep(kit.app)
    return [name for name, _, _ in kit.jobs.waiting]


def test_a_plan_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE)
    loop = requests.ask(kit.app, request, "person:rolf")
    assert swept(kit, 1) == ["plan"], "within a minute"
    assert swept(kit, 40) == []
    assert swept(kit, 60) == ["plan"]
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert swept(kit, 10) == []


def test_a_write_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    with_flaky(kit, Transient("no answer"))
    loop = requests.ask(
        kit.app, LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.BOOK), "person:rolf"
    )
    kit.run()
    assert look(kit, loop.id).state is LoopState.BOOKING and kit.again, "the job is to come again by itself"
    assert swept(kit, 20) == ["perform"]


def test_a_message_that_is_late_is_queued_again_once_an_hour(kit: Kit) -> None:
    intake.receive(
        kit.app,
        "m1",
        b'{"id": "e", "type": "x", "data": {"application": {"id": "a", "job": "j",'
        b' "candidate": {"name": "n", "email": "n@example.org", "zone": "UTC"}, "hiring_manager": "hana",'
        b' "recruiter": "rolf"}}}',
    )
    assert swept(kit, 40) == ["intake"]
    assert swept(kit, 60) == ["intake"]
    kit.run()
    assert swept(kit, 100) == []


def _lost(kit: Kit) -> None:
    """The worker died with its job, which never comes back."""
    kit.jobs.waiting.clear()


def _asked(kit: Kit, mode: BookMode) -> Loop:
    return requests.ask(kit.app, LoopRequest(MARA, "short", DAYS, "Europe/Berlin", mode), "person:rolf")


def _one_job(kit: Kit) -> None:
    name, payload, _ = kit.jobs.waiting.pop(0)
    tasks(kit.app)[name](payload)


def test_a_plan_whose_booking_was_lost_is_booked_all_the_same(kit: Kit) -> None:
    """Mode *book*: the job that says yes died with its worker, after the time in which it can be undone."""
    loop = _asked(kit, BookMode.BOOK)
    _one_job(kit)
    assert look(kit, loop.id).state is LoopState.PROPOSED
    _lost(kit)
    with kit.app.db.read() as tx:
        undo = tx.company.policy().undo_minutes
    assert swept(kit, undo) == [], "it may still be undone"
    assert swept(kit, 1) == ["book"]
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_a_plan_that_a_person_decides_on_waits_for_them(kit: Kit) -> None:
    loop = _asked(kit, BookMode.PROPOSE)
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert swept(kit, 200) == []


def test_many_plans_on_offer_hide_no_loop_that_waits(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many older ones wait for a person."""
    monkeypatch.setattr(loops_read, "_PAGE", 2)
    for n in range(5):
        someone = replace(
            MARA, id=f"app-{n}", candidate=Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
        )
        asked = LoopRequest(someone, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE)
        loop = requests.ask(kit.app, asked, "person:rolf")
        change = sa.update(loops).where(loops.c.id == loop.id).values(state=LoopState.PROPOSED.value)
        with kit.app.db.write() as tx:
            tx.connection.execute(change)
    _asked(kit, BookMode.BOOK)
    assert swept(kit, 1) == ["plan"]


@pytest.mark.parametrize("state", [LoopState.PLANNING, LoopState.PROPOSED, LoopState.REPAIRING])
def test_an_event_that_is_to_go_goes_whatever_its_loop_waits_for(kit: Kit, state: LoopState) -> None:
    """A booking was undone and planned anew; the worker that was to cancel what stood there has died."""
    loop = _asked(kit, BookMode.PROPOSE)
    _lost(kit)
    with kit.app.db.write() as tx:
        tx.connection.execute(sa.update(loops).where(loops.c.id == loop.id).values(state=state.value))
        row = LedgerRow.noted(loop, "in-1", Write.CANCEL, key="test/x/first/0", payload={}, order=0)
        tx.ledger.add_all([row], at=kit.clock())
    assert "perform" in swept(kit, 2)


def test_held_times_whose_job_was_lost_are_written(kit: Kit) -> None:
    loop = _asked(kit, BookMode.BOOK)
    for _ in ("plan", "book"):
        _one_job(kit)
    assert look(kit, loop.id).state is LoopState.HELD
    _lost(kit)
    assert "perform" in swept(kit, 2)
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED


@pytest.mark.parametrize("state", sorted(set(jobs.WAITS_FOR) - {LoopState.PROPOSED}))
def test_every_state_that_waits_is_looked_after(kit: Kit, state: LoopState) -> None:
    """Nothing is to do any more but the last step: the loop goes on or is told, it does not stay."""
    loop = _asked(kit, BookMode.BOOK)
    _lost(kit)
    with kit.app.db.write() as tx:
        tx.connection.execute(sa.update(loops).where(loops.c.id == loop.id).values(state=state.value))
    assert swept(kit, 2) != []
    kit.run()
    assert look(kit, loop.id).state is not state


def test_a_late_mail_is_not_hidden_behind_loops_that_are_looked_after_as_such(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor behind other rows of one loop, however many they are: one job does all of those."""
    monkeypatch.setattr(reconcile, "_PAGE", 2)
    kit.clock.forward(hours=2)
    made: dict[int, Loop] = {}
    for n, state in enumerate([*[LoopState.BOOKING] * 4, LoopState.CONFIRMED, LoopState.CONFIRMED]):
        someone = replace(
            MARA, id=f"app-{n}", candidate=Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
        )
        asked = LoopRequest(someone, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE)
        loop = made[n] = requests.ask(kit.app, asked, "person:rolf")
        with kit.app.db.write() as tx:
            tx.connection.execute(sa.update(loops).where(loops.c.id == loop.id).values(state=state.value))
            rows = [
                LedgerRow.noted(loop, f"in-{k}", Write.MAIL, key=f"mail-{n}-{k}", payload={}, order=k)
                for k in range(5 if n == 4 else 1)
            ]
            tx.ledger.add_all(rows, at=kit.clock() - timedelta(minutes=60 - n))
    with kit.app.db.read() as tx:
        found = [row.loop for row in reconcile.overdue(tx, kit.clock())]
    assert found == [made[4].id, made[5].id]
    kit.jobs.waiting.clear()
    reconcile.sweep(kit.app)
    queued = [payload["loop"] for name, payload, _ in kit.jobs.waiting if name == "perform"]
    assert sorted(queued) == sorted([made[4].id, made[5].id]), "each loop once"


def test_what_waits_is_counted_however_much_it_is(kit: Kit) -> None:
    loop = _asked(kit, BookMode.PROPOSE)
    noted = kit.clock()
    with kit.app.db.write() as tx:
        rows = [
            LedgerRow.noted(loop, f"in-{n}", Write.CANCEL, key=f"k-{n}", payload={}, order=n)
            for n in range(1200)
        ]
        tx.ledger.add_all(rows, at=noted)
        assert tx.ledger.failed_attempt(rows[7].id, "no answer", noted)
    kit.clock.forward(minutes=3)
    assert reconcile.backlog(kit.app) == (1200, 180.0)


def test_a_hold_that_somebody_has_just_let_go_of_is_not_freed_behind_its_loop(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loop was being worked on when the late ones were looked for: it is the next sweep's, as a whole."""
    loop = requests.ask(
        kit.app, LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE), "person:rolf"
    )
    kit.run()
    with kit.app.db.read() as tx:
        offer = tx.proposals.of_loop(loop.id)[0]
    choose.choose(kit.app, offer.id, "person:rolf")
    _lost(kit)
    kit.clock.forward(days=1)
    late = Reservations.late
    locked = [True]

    def seen(self: Reservations, now: datetime) -> list[str]:
        return [] if locked and locked.pop() else late(self, now)

    monkeypatch.setattr(Reservations, "late", seen)
    reconcile.expire(kit.app)
    with kit.app.db.read() as tx:
        assert look(kit, loop.id).state is LoopState.HELD and tx.reservations.of_loop(loop.id)
    reconcile.expire(kit.app)
    with kit.app.db.read() as tx:
        assert not tx.reservations.of_loop(loop.id)
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
