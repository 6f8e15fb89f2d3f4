"""One job at a ledger at a time: who comes second waits, who is gone or too slow is taken over."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.protocol import Calendar
from scheduler.domain.loops import LoopState
from scheduler.domain.people import Mode
from scheduler.services import lease, progress
from scheduler.services.again import Again
from scheduler.services.booking import cancel, perform
from scheduler.storage.errors import Unavailable
from scheduler.storage.repositories.leases import Leases
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_who_comes_second_is_asked_to_come_again(kit: Kit) -> None:
    with lease.held(kit.app, "ledger"):
        with pytest.raises(Again, match="somebody is at ledger"), lease.held(kit.app, "ledger"):
            pass
        with lease.held(kit.app, "another"):
            pass
    with lease.held(kit.app, "ledger"):
        pass


def test_it_is_free_again_after_an_error(kit: Kit) -> None:
    with pytest.raises(ZeroDivisionError), lease.held(kit.app, "ledger"):
        raise ZeroDivisionError
    with lease.held(kit.app, "ledger"):
        pass


def test_long_work_renews_it(kit: Kit) -> None:
    with lease.held(kit.app, "ledger") as mine:
        for _ in range(5):
            kit.clock.forward(seconds=15)
            mine.renew()
            with pytest.raises(Again), lease.held(kit.app, "ledger"):
                pass


def test_one_long_step_keeps_it(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar may take a minute and a half for one answer, a mail server two for one mail."""
    beats, real = threading.Semaphore(0), lease.Lease.extend

    def extend(mine: lease.Lease) -> None:
        real(mine)
        beats.release()

    monkeypatch.setattr(lease.Lease, "extend", extend)
    monkeypatch.setattr(lease, "BEAT", 0.01)
    with lease.held(kit.app, "ledger"):
        for _ in range(5):
            kit.clock.forward(seconds=15)
            while beats.acquire(blocking=False):
                pass
            assert beats.acquire(timeout=30)
            assert beats.acquire(timeout=30), "of two that end now, the second began after the clock went on"
            with kit.app.db.write() as tx:
                assert not tx.leases.take("ledger", "another", kit.clock(), kit.clock() + lease.LASTS)
    with kit.app.db.read() as tx:
        assert tx.leases.holder("ledger") is None


def test_who_was_stopped_too_long_writes_no_more(kit: Kit) -> None:
    with lease.held(kit.app, "ledger") as mine:
        kit.clock.forward(seconds=21)
        with lease.held(kit.app, "ledger"), pytest.raises(Again, match="taken over"):
            mine.renew()


def _holds(kit: Kit, holder: str) -> None:
    with kit.app.db.write() as tx:
        assert tx.leases.take("ledger", holder, kit.clock(), kit.clock() + lease.LASTS)


def test_a_process_of_this_machine_that_has_ended_is_taken_over_at_once(kit: Kit) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    _holds(kit, f"{lease.place()}/{ended.pid}/abcd/1")
    with lease.held(kit.app, "ledger"):
        pass


def test_an_earlier_process_with_our_number_is_not_us(kit: Kit) -> None:
    _holds(kit, f"{lease.place()}/{os.getpid()}/earlier/1")
    with lease.held(kit.app, "ledger"):
        pass


def test_what_could_not_be_given_back_is_nobodys(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk was full at that moment, and the work of this process at it is over."""

    def full(*_: object) -> None:
        raise Unavailable("database or disk is full")

    with monkeypatch.context() as then:
        then.setattr(Leases, "give_back", full)
        with pytest.raises(Unavailable), lease.held(kit.app, "ledger"):
            pass
    with lease.held(kit.app, "ledger"), pytest.raises(Again), lease.held(kit.app, "ledger"):
        pass


def test_who_has_just_got_it_is_not_taken_for_one_whose_work_is_over(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the table as soon as the transaction is over, before its thread has gone on."""
    real, seen = kit.app.db.write, list[str]()

    @contextmanager
    def write() -> Iterator[Any]:
        with real() as tx:
            yield tx
        with kit.app.db.read() as tx:
            if tx.leases.holder("ledger") and not seen:
                seen.append("taken")
                with pytest.raises(Again), lease.held(kit.app, "ledger"):
                    pass

    monkeypatch.setattr(kit.app.db, "write", write)
    with lease.held(kit.app, "ledger") as mine:
        mine.extend()
    assert seen == ["taken"]


def test_a_sign_of_life_of_the_job_is_one_of_the_lease(kit: Kit) -> None:
    """Planning says that it goes on without a word to the lease that it is planned under."""
    with lease.held(kit.app, "ledger") as mine:
        assert not mine.hangs
        mine.alive -= progress.STEP + 1
        assert mine.hangs
    job = progress.Progress()
    token = progress.CURRENT.set(job)
    try:
        with lease.held(kit.app, "ledger") as mine:
            mine.alive -= 2 * progress.STEP
            assert not mine.hangs
            job.until -= 2 * progress.STEP
            assert mine.hangs
            progress.alive()
            assert not mine.hangs
    finally:
        progress.CURRENT.reset(token)


def test_a_container_of_the_same_name_is_not_us(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a host's network containers bear its name, and in each the process has the number 1."""
    with lease.held(kit.app, "ledger"):
        with monkeypatch.context() as other:
            other.setattr(lease, "_numbers", lambda: "pid:[another]")
            other.setattr(lease, "_token", lambda _: "another")
            lease.place.cache_clear()
            with pytest.raises(Again), lease.held(kit.app, "ledger"):
                pass
        lease.place.cache_clear()


@pytest.mark.parametrize("holder", [f"{lease.place()}/{os.getppid()}/x/1", "elsewhere/1/x/1", "?"])
def test_whoever_may_be_alive_is_waited_for(kit: Kit, holder: str) -> None:
    _holds(kit, holder)
    with pytest.raises(Again), lease.held(kit.app, "ledger"):
        pass
    kit.clock.forward(seconds=21)
    with lease.held(kit.app, "ledger"):
        pass


class _Slow:
    """A calendar that says who called it, and waits for the others to come."""

    def __init__(self, real: Calendar) -> None:
        self.real, self.calls = real, Counter[str]()
        self.first = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def cancel(self, ref: Any, message: str = "") -> None:
        self.calls[ref.id] += 1
        self.first.set()
        threading.Event().wait(0.2)
        self.real.cancel(ref, message)


def test_two_jobs_at_once_cancel_each_event_once(kit: Kit) -> None:
    """A cancellation asks for two jobs: one for the events, one for the mails about them."""
    loop = ask(kit)
    events = {i.event_id for i in booked(kit, loop.id).values()}
    cancel.cancel(kit.app, loop.id, "person:rolf", "the position is filled")
    assert len(kit.jobs.waiting) == 2
    slow = _Slow(kit.calendar)
    app = replace(kit.app, calendars=dict.fromkeys([("local", Mode.TYPED), ("local", Mode.FREE_BUSY)], slow))

    def work(wait: bool) -> bool:
        if wait:
            slow.first.wait(10)
        try:
            perform.perform(app, loop.id)
        except Again:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, [False, True])) == [True, False]
    assert slow.calls == dict.fromkeys(events, 1)
    perform.perform(app, loop.id)
    assert slow.calls == dict.fromkeys(events, 1)
    assert look(kit, loop.id).state is LoopState.CANCELLED
