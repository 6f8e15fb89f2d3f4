"""A job that does not come back is told and done anew; what it does when it comes back is its own affair."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.services import lease, progress
from scheduler.services.again import Again
from scheduler.workers.engine import TRIES, Engine, _run
from scheduler.workers.periodic import Periodic
from scheduler.workers.watch import Hangs, Watch
from tests.scheduler.kit import Kit, make

LONG = 60.0


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What does not come until the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_what_comes_back_is_handed_on() -> None:
    assert Watch(LONG).run("plan", lambda: 3.0) == 3.0
    with pytest.raises(ZeroDivisionError):
        Watch(LONG).run("plan", lambda: 1 // 0)


def test_what_does_not_come_back_is_told_and_left_alone(
    never: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(0.05)
    with pytest.raises(Hangs, match="no sign of life"):
        watch.run("plan loop-1", never.wait)
    assert watch.hanging == ("plan loop-1",)
    assert "plan loop-1 hangs" in caplog.text


def test_what_comes_back_late_is_told_too(never: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(0.05)
    with caplog.at_level(logging.WARNING), pytest.raises(Hangs):
        watch.run("plan loop-1", never.wait)
    thread = next(t for t in threading.enumerate() if t.name == "job plan loop-1")
    never.set()
    thread.join(LONG)
    assert watch.hanging == ()
    assert "plan loop-1 came back after" in caplog.text


def test_a_sign_of_life_gives_it_more_time() -> None:
    """Each step may take as long as the whole would without; one that says so may take longer."""
    steps = threading.Event()

    def work() -> str:
        for _ in range(4):
            steps.wait(0.2)
            progress.alive()
        progress.alive(more=LONG)
        steps.wait(1.0)
        return "done"

    assert Watch(0.6).run("perform loop-1", work) == "done"


class _Queue:
    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def later(self, name: str, payload: object, attempt: int, delay: float) -> None:
        self.asked.append((name, attempt))


def test_a_job_that_hangs_is_done_anew_and_given_up_in_the_end(never: threading.Event) -> None:
    queue, failed = _Queue(), list[str]()
    engine = Engine(
        "sqlite://",
        queue,  # type: ignore[arg-type]
        {"plan": lambda _: never.wait() and None},
        lambda name, _payload, _error: failed.append(name),
        watch=Watch(0.05),
    )
    assert _run(engine, "plan", {"loop": "x"}, 1)["outcome"] == "retry"
    assert queue.asked == [("plan", 2)] and not failed
    assert _run(engine, "plan", {"loop": "x"}, TRIES)["outcome"] == "given_up"
    assert failed == ["plan"], "the loop waits for a human now"


def test_a_round_that_hangs_holds_up_no_other(kit: Kit, never: threading.Event) -> None:
    """The calendar that is followed does not answer; what was left undone is still looked after."""
    periodic = Periodic(kit.app, watch=Watch(0.05))
    seen = threading.Semaphore(0)
    for name, job in (("replies", never.wait), ("sweep", seen.release)):
        threading.Thread(target=periodic._run, args=(name, job, 0.0, 0.05), daemon=True).start()
    assert seen.acquire(timeout=LONG) and seen.acquire(timeout=LONG)
    while not periodic.watch.hanging:
        assert seen.acquire(timeout=LONG)
    assert set(periodic.watch.hanging) == {"replies"}
    periodic._stop.set()


def test_rounds_that_hang_do_not_eat_one_thread_after_the_other(kit: Kit, never: threading.Event) -> None:
    periodic, begun = Periodic(kit.app, watch=Watch(0.02)), list[int]()

    def hangs() -> None:
        begun.append(1)
        never.wait()

    for _ in range(10):
        periodic._once("replies", hangs)
    assert len(begun) == 3
    never.set()
    end = time.monotonic() + LONG
    while periodic.watch.hanging and time.monotonic() < end:
        time.sleep(0.01)
    periodic._once("replies", hangs)
    assert len(begun) == 4, "once they are back it goes on"


def test_a_job_that_hangs_keeps_no_lease(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keeper gives up, so that whoever takes the job over is let at the ledger; the late one is not."""
    monkeypatch.setattr(lease, "BEAT", 0.01)
    with lease.held(kit.app, "ledger") as mine:
        keeper = next(t for t in threading.enumerate() if t.name == "lease ledger")
        mine.alive -= progress.STEP + 1
        keeper.join(15.0)
        assert not keeper.is_alive()
        kit.clock.forward(seconds=21)
        with lease.held(kit.app, "ledger"), pytest.raises(Again, match="taken over"):
            mine.renew()
