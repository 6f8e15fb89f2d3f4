"""Limits, back-off and the breaker: what leaves, when, and what does not."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import pytest

from connectors.calls import Breaker, Calls, Cooling, Limiter, Rate, Retry
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ConnectorError,
    Forbidden,
    Invalid,
    RateLimited,
    Transient,
)
from tests.connectors.calls_kit import QUICK, Clock, Service, calls
from tests.house.tree import ROOT

PROGRAM = """
from connectors.calls import Calls, Retry
from connectors.errors import Transient
tries = []
def call():
    tries.append(1)
    if len(tries) < 3:
        raise Transient("no answer in time")
    return len(tries)
print(Calls(retry=Retry(attempts=4, patience=2.0, wait_initial=0.01, wait_max=0.02, wait_jitter=0.0)).run("a", call))
"""


# --- retry ---------------------------------------------------------------------------------------


def test_retry_after_is_honoured_to_the_letter() -> None:
    service = Service([RateLimited("429", 0.35), RateLimited("429", 0.2), "ok"])
    assert calls().run("ann", service) == "ok"
    first, second, third = service.asked
    assert 0.35 <= second - first < 1.35  # a busy machine may be late, never early
    assert 0.20 <= third - second < 1.20


def test_a_wait_beyond_our_patience_is_handed_to_the_caller_at_once() -> None:
    service = Service([RateLimited("429", 3600.0)])
    started = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        calls().run("ann", service)
    assert caught.value.retry_after == 3600.0
    assert time.monotonic() - started < 60
    assert len(service.asked) == 1


def test_reads_are_repeated_after_a_broken_answer_and_the_last_error_is_raised() -> None:
    service = Service([Transient("504"), "ok"])
    assert calls().run("ann", service) == "ok"
    broken = Service([Transient("504")])
    with pytest.raises(Transient, match="504"):
        calls().run("bob", broken)
    assert len(broken.asked) == QUICK.attempts


def test_a_write_is_never_repeated_after_a_lost_answer_but_after_a_refusal() -> None:
    lost = Service([Transient("timeout")])
    with pytest.raises(Transient):
        calls().run("ann", lost, write=True)
    assert len(lost.asked) == 1
    refused = Service([RateLimited("429", 0.01), "written"])
    assert calls().run("bob", refused, write=True) == "written"


@pytest.mark.parametrize("error", [Forbidden("403"), Invalid("400"), AuthRevoked("gone")])
def test_what_cannot_get_better_is_not_repeated(error: ConnectorError) -> None:
    service = Service([error])
    with pytest.raises(type(error)):
        calls().run("ann", service)
    assert len(service.asked) == 1


def test_an_expired_token_is_refreshed_once_and_then_counts_as_revoked() -> None:
    refreshed: list[int] = []
    service = Service([AuthExpired("401"), "ok"])
    assert calls().run("ann", service, refresh=lambda: refreshed.append(1)) == "ok"
    assert len(refreshed) == 1

    stubborn = Service([AuthExpired("401")])
    made = calls()
    with pytest.raises(AuthRevoked, match="even with a fresh token"):
        made.run("bob", stubborn, refresh=lambda: refreshed.append(1))
    assert len(stubborn.asked) == 2
    with pytest.raises(AuthRevoked):
        made.run("bob", stubborn, refresh=lambda: refreshed.append(1))
    assert len(stubborn.asked) == 2, "no hot loop: nothing left for a refused account"


def test_the_back_off_is_jittered_and_grows() -> None:
    gaps = []
    for _ in range(6):
        service = Service([Transient("x")])
        policy = Retry(attempts=3, patience=5.0, wait_initial=0.02, wait_max=1.0, wait_jitter=0.05)
        with pytest.raises(Transient):
            calls(retry=policy).run("ann", service)
        a, b, c = service.asked
        assert b - a >= 0.02
        assert c - b >= 0.04
        gaps.append(round(b - a, 3))
    assert len(set(gaps)) > 1, "every client waiting the same time would come back together"


# --- breaker -------------------------------------------------------------------------------------


def fail(breaker: Breaker, account: str, error: ConnectorError, times: int) -> None:
    for _ in range(times):
        breaker.admit(account)
        breaker.failed(account, error)


def test_repeated_failures_leave_the_account_alone_and_one_trial_call_decides() -> None:
    clock = Clock()
    breaker = Breaker(Cooling(failures=3, first=10.0, longest=35.0), now=clock)
    fail(breaker, "ann", Transient("502"), 3)
    with pytest.raises(RateLimited, match="repeated failures: 502") as caught:
        breaker.admit("ann")
    assert caught.value.retry_after == pytest.approx(10.0)
    breaker.admit("bob")  # others are not affected

    for cool in (20.0, 35.0, 35.0):  # doubles up to the longest
        clock.at += caught.value.retry_after or 0.0
        breaker.admit("ann")
        with pytest.raises(RateLimited, match="being tried again"):
            breaker.admit("ann")  # only one at a time
        breaker.failed("ann", Transient("502"))
        with pytest.raises(RateLimited) as caught:
            breaker.admit("ann")
        assert caught.value.retry_after == pytest.approx(cool)

    clock.at += 35.0
    breaker.admit("ann")
    breaker.succeeded("ann")
    breaker.admit("ann")
    breaker.admit("ann")


def test_a_named_wait_pauses_the_account_and_a_storm_counts_once() -> None:
    clock = Clock()
    breaker = Breaker(Cooling(failures=3, first=10.0), now=clock)
    for _ in range(20):  # twenty requests in flight meet the same storm
        breaker.failed("ann", RateLimited("429", 5.0))
    assert not breaker.is_open("ann")
    with pytest.raises(RateLimited) as caught:
        breaker.admit("ann")
    assert caught.value.retry_after == pytest.approx(5.0)
    clock.at += 5.0
    breaker.admit("ann")


def test_of_a_pause_and_a_cool_down_the_longer_one_counts() -> None:
    clock = Clock()
    breaker = Breaker(Cooling(failures=1, first=10.0), now=clock)
    breaker.failed("ann", RateLimited("429", 2.0))
    with pytest.raises(RateLimited, match="left alone") as caught:
        breaker.admit("ann")
    assert caught.value.retry_after == pytest.approx(10.0)
    breaker.failed("bob", RateLimited("429", 50.0))
    with pytest.raises(RateLimited, match="asked us to wait") as caught:
        breaker.admit("bob")
    assert caught.value.retry_after == pytest.approx(50.0)


def test_a_revoked_account_is_asked_at_most_three_times_an_hour_until_reconnected() -> None:
    clock = Clock()
    breaker = Breaker(now=clock)
    asked = 0
    for _ in range(3600):
        try:
            breaker.admit("ann")
        except AuthRevoked:
            pass
        else:
            asked += 1
            breaker.failed("ann", AuthRevoked("invalid_grant: reconnect the account"))
        clock.at += 1.0
    assert 1 <= asked <= 3
    breaker.reset("ann")
    breaker.admit("ann")


def test_an_answer_that_is_no_failure_closes_the_breaker() -> None:
    breaker = Breaker(Cooling(failures=3))
    for _ in range(5):
        fail(breaker, "ann", Transient("x"), 2)
        breaker.failed("ann", Forbidden("403"))  # the service works, it just says no
    breaker.admit("ann")


def test_a_bug_does_not_keep_the_trial_place() -> None:
    clock = Clock()
    made = calls(breaker=Breaker(Cooling(failures=1, first=1.0), now=clock))
    with pytest.raises(Transient):
        made.run("ann", Service([Transient("x")]))
    clock.at += 1.0

    def bug() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        made.run("ann", bug)
    assert made.run("ann", Service(["ok"])) == "ok"


def test_a_ten_minute_storm_costs_few_requests() -> None:
    """Retry-After 1 s for ten minutes, somebody asking every half second: no hammering."""
    clock = Clock()
    breaker = Breaker(now=clock)
    asked = 0
    while clock.at < 1600.0:
        try:
            breaker.admit("ann")
        except RateLimited:
            pass
        else:
            asked += 1
            breaker.failed("ann", RateLimited("429", 1.0))
        clock.at += 0.5
    assert asked <= 20


def test_memory_stays_flat_over_many_accounts() -> None:
    clock = Clock()
    breaker, limiter = Breaker(now=clock), Limiter(per_user=Rate(10, 5), now=clock, sleep=clock.sleep)
    for number in range(30_000):
        breaker.failed(f"u{number}", RateLimited("429", 0.5))
        with limiter.slot(f"u{number}"):
            clock.at += 1.0
    assert len(breaker._accounts) <= 12_000
    assert len(limiter._buckets) <= 12_000


# --- limiter -------------------------------------------------------------------------------------


def test_a_repetition_is_not_told_on_the_command_line() -> None:
    """In a process of its own: without any handler Python prints warnings to standard error."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_a_log_that_wants_to_know_is_told_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connectors.calls")
    answers = iter([Transient("no answer in time")])

    def call() -> str:
        for error in answers:
            raise error
        return "done"

    assert Calls(retry=QUICK).run("a", call) == "done"
    (line,) = [r.getMessage() for r in caplog.records if r.name == "connectors.calls"]
    assert line.startswith("again in 0.0 s: no answer in time")
