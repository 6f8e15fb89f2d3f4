"""Places and turns: how many calls may run at once, and how fast they may follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.calls import Limiter, Rate
from connectors.errors import (
    RateLimited,
)
from tests.connectors.calls_kit import Clock, Service, calls


def test_never_more_in_flight_than_allowed_over_all_users() -> None:
    limiter = Limiter(in_flight=4)
    under_way, most, lock = 0, 0, threading.Lock()

    def work(user: int) -> None:
        nonlocal under_way, most
        with limiter.slot(str(user)):
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.005)
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(60)))
    assert most == 4


def test_the_place_is_given_back_when_the_body_fails() -> None:
    limiter = Limiter(in_flight=1)
    for _ in range(3):
        with pytest.raises(KeyError), limiter.slot():
            raise KeyError


def test_the_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    clock = Clock()
    limiter = Limiter(per_user=Rate(per_second=10.0, burst=5), now=clock, sleep=clock.sleep)
    for _ in range(25):
        with limiter.slot("ann"):
            pass
    assert sum(clock.slept) == pytest.approx(2.0)  # 20 beyond the burst at 10 a second
    before = len(clock.slept)
    with limiter.slot("bob"):
        pass
    assert len(clock.slept) == before, "one user's turn does not delay another's"


def test_a_turn_too_far_away_is_refused_instead_of_queued() -> None:
    clock = Clock()
    limiter = Limiter(per_user=Rate(1.0, 1), patience=2.0, now=clock, sleep=lambda _: None)
    for _ in range(3):
        with limiter.slot("ann"):
            pass
    with pytest.raises(RateLimited) as caught, limiter.slot("ann"):
        pass
    assert caught.value.retry_after == pytest.approx(3.0)


def test_waiting_for_a_retry_does_not_hold_a_place() -> None:
    made = calls(limiter=Limiter(in_flight=1))
    waiting = Service([RateLimited("429", 1.5), "late"])
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(made.run, "ann", waiting)
        while not waiting.asked:
            time.sleep(0.005)
        started = time.monotonic()
        assert made.run("bob", Service(["at once"])) == "at once"
        assert time.monotonic() - started < 1.0
        assert late.result() == "late"


@pytest.mark.parametrize("build", [lambda: Rate(0, 1), lambda: Rate(1, 0), lambda: Limiter(in_flight=0)])
def test_limits_that_would_stop_everything_are_refused(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"at least|needs"):
        build()


def test_a_request_that_is_many_takes_every_place_and_gives_it_back() -> None:
    limiter = Limiter(4)
    with limiter.slot("a", whole=True):
        taken = threading.Thread(target=lambda: limiter.slot("b").__enter__())
        taken.start()
        taken.join(timeout=0.1)
        assert taken.is_alive(), "nobody else is under way"
    taken.join(timeout=5)
    assert not taken.is_alive()


def test_two_that_gather_every_place_do_not_wait_for_each_other() -> None:
    limiter = Limiter(4)
    at_once, most, lock = [0], [0], threading.Lock()

    def work(whole: bool) -> None:
        for _ in range(25):
            with limiter.slot("a", whole=whole):
                weight = 4 if whole else 1
                with lock:
                    at_once[0] += weight
                    most[0] = max(most[0], at_once[0])
                time.sleep(0.0005)
                with lock:
                    at_once[0] -= weight

    threads = [threading.Thread(target=work, args=(n % 2 == 0,), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] == 4


def test_every_place_is_given_back_when_the_body_fails() -> None:
    limiter = Limiter(2)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limiter.slot("a", whole=True):
            raise ZeroDivisionError
    with limiter.slot("a"), limiter.slot("b"):
        pass
