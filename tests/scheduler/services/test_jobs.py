"""The keys of jobs: a key that changes strands what is queued, or runs something twice after an upgrade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from scheduler.domain.bookings import LedgerRow, Write
from scheduler.domain.loops import Loop, LoopState
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.storage.database import Tx
from scheduler.workers.engine import Queue
from scheduler.workers.tasks import GIVEN_UP, tasks
from tests.scheduler.kit import NOW

AT = int(NOW.timestamp())
TX = cast("Tx", None)


@dataclass
class _Said:
    said: list[tuple[str, dict[str, Any], str | None, float]] = field(default_factory=list)

    def enqueue(
        self,
        tx: Tx,
        name: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        delay: float = 0.0,
        priority: int = 0,
    ) -> None:
        self.said.append((name, dict(payload), key, delay))


@dataclass
class _App:
    jobs: _Said

    def clock(self) -> Any:
        return NOW


@dataclass
class _Loop:
    id: str = "l1"
    generation: int = 2
    replans: int = 3
    declined: tuple[str, ...] = ("a",)
    state: LoopState = LoopState.REPAIRING
    updated_at: Any = NOW - timedelta(minutes=90)


MOVED = (NOW - timedelta(minutes=90)).timestamp()
LOOP = cast("Loop", _Loop())
ROW = LedgerRow("lw_7", "l1", "i1", Write.BOOK, "k", {}, 2, 0, attempts=4)
SINCE = NOW - timedelta(minutes=61)

CASES: list[tuple[Callable[[App], None], str, dict[str, Any], str, float]] = [
    (lambda a: jobs.intake(a, TX, "d1"), "intake", {"delivery": "d1"}, "intake:d1", 0),
    (lambda a: jobs.plan(a, TX, LOOP), "plan", {"loop": "l1"}, "plan:l1:2:3", 0),
    (lambda a: jobs.book(a, TX, "p1", 5.0), "book", {"proposal": "p1"}, "book:p1", 5),
    (lambda a: jobs.perform(a, TX, LOOP), "perform", {"loop": "l1", "generation": 2}, "perform:l1:2", 0),
    (lambda a: jobs.mail(a, TX, LOOP, ROW), "perform", {"loop": "l1", "generation": 2}, "mail:lw_7", 0),
    (lambda a: jobs.repair(a, TX, LOOP), "repair", {"loop": "l1"}, "repair:l1:2:r3", 0),
    (
        lambda a: jobs.repair_declined(a, TX, LOOP, 2),
        "repair",
        {"loop": "l1"},
        f"repair:l1:2:1:2:{MOVED:.6f}",
        0,
    ),
    (
        lambda a: jobs.repair_conflict(a, TX, LOOP),
        "repair",
        {"loop": "l1"},
        f"repair:l1:2:conflict:{MOVED:.6f}",
        0,
    ),
    (
        lambda a: jobs.intake_again(a, TX, "d1", SINCE),
        "intake",
        {"delivery": "d1"},
        f"intake:d1:again:{AT - 3660}:1",
        0,
    ),
    (
        lambda a: jobs.perform_again(a, TX, LOOP, ROW, SINCE),
        "perform",
        {"loop": "l1", "generation": 2},
        f"perform:l1:lw_7:4:again:{AT - 3660}:1",
        0,
    ),
    (
        lambda a: jobs.awaited_again(a, TX, LOOP),
        "repair",
        {"loop": "l1"},
        f"repair:l1:again:{AT - 5400}:1",
        0,
    ),
    (
        lambda a: jobs.awaited_again(a, TX, cast("Loop", replace(_Loop(), state=LoopState.PROPOSED)), "p1"),
        "book",
        {"proposal": "p1"},
        f"book:l1:again:{AT - 5400}:1",
        0,
    ),
    (
        lambda a: jobs.awaited_again(a, TX, cast("Loop", replace(_Loop(), state=LoopState.HELD))),
        "perform",
        {"loop": "l1", "generation": 2},
        f"perform:l1:again:{AT - 5400}:1",
        0,
    ),
    (lambda a: jobs.conflicts(a, TX, 7, 600.0), "conflicts", {"days": 7}, f"conflicts/{AT // 600}", 0),
    (lambda a: jobs.push(a, TX, "new", 300, 2.0), "push", {}, f"push/{AT // 300}/new", 2),
    (lambda a: jobs.push_look(a, TX, "s1", 2.0), "push", {}, f"push/look/s1/{AT // 3600}", 2),
    (lambda a: jobs.push_swept(a, TX, "s1", 60.0), "push", {}, "push/sweep/s1", 60),
    (lambda a: jobs.push_noticed(a, TX, "removed", "s1"), "push", {}, f"push/removed/s1/{AT // 60}", 0),
    (lambda a: jobs.left(a, TX), "left", {}, f"left/{NOW.timestamp():.6f}", 0),
    (lambda a: jobs.replies(a, TX, 5), "replies", {}, f"replies/{AT // 5}", 5 - AT % 5),
]


@pytest.mark.parametrize(("ask", "name", "payload", "key", "delay"), CASES, ids=lambda x: str(x)[:24])
def test_a_job_keeps_its_name_its_payload_and_its_key(
    ask: Callable[[App], None], name: str, payload: dict[str, Any], key: str, delay: float
) -> None:
    said = _Said()
    ask(cast("App", _App(said)))
    assert said.said == [(name, payload, key, delay)]


def test_every_job_is_worked_on_and_every_worker_knows_its_job() -> None:
    assert set(tasks(cast("App", _App(_Said())))) == set(jobs.Job)
    assert set(GIVEN_UP) <= set(jobs.Job)


def test_nothing_is_asked_for_a_state_that_waits_for_no_job() -> None:
    loop = cast("Loop", replace(_Loop(), state=LoopState.CONFIRMED))
    with pytest.raises(KeyError):
        jobs.awaited_again(cast("App", _App(_Said())), TX, loop)


@dataclass
class _Client:
    """Hears what is queued."""

    heard: list[Mapping[str, Any]] = field(default_factory=list)

    def enqueue(self, options: Mapping[str, Any], *_: object) -> None:
        self.heard.append(options)

    def enqueue_in_transaction(self, _: object, options: Mapping[str, Any], *__: object) -> None:
        self.heard.append(options)


@dataclass
class _Tx:
    connection: None = None


@pytest.mark.parametrize("job", jobs.Job)
def test_every_further_try_is_as_urgent_as_the_first(job: jobs.Job) -> None:
    client = _Client()
    queue = Queue("sqlite://", cast("Any", client))
    queue.enqueue(cast("Tx", _Tx()), job, {}, key="k", priority=jobs.priority(job))
    queue.later(job, {}, 2, 1.0)
    first, again = client.heard
    assert first.get("priority") == again.get("priority")
    assert first["queue_name"] == again["queue_name"]


def test_what_nobody_waits_for_lets_others_go_first() -> None:
    assert {job for job in jobs.Job if jobs.priority(job)} == {"further", "digest", "mirror"}
