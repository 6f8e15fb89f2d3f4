"""Outlook's bad days: waits, storms, refusals, answers that do not come or do not end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.calls import Breaker, Cooling, Limiter, Retry
from connectors.errors import AuthRevoked, RateLimited, Transient, Unreadable
from connectors.http import Http
from connectors.outlook import graph
from connectors.types import Unknown
from tests.connectors.conformance_kit import WINDOW, at, known
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.graph_harness import QUICK, GraphHarness, StaticBearer, graph_harness


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness("free_busy") as harness:
        yield harness


@pytest.fixture
def typed() -> Iterator[GraphHarness]:
    with graph_harness("typed") as harness:
        yield harness


def crowd(harness: GraphHarness, number: int) -> list[str]:
    people = [f"p{n}@contoso.example" for n in range(number)]
    with harness.server.locked() as world:
        for person in people:
            world.add_mailbox(person)
    return people


def test_retry_after_is_honoured(harness: GraphHarness) -> None:
    harness.server.faults.refuse = [(429, "ApplicationThrottled", 0.4), (503, "ServiceUnavailable", 0.3)]
    started = time.monotonic()
    known(harness.calendar, harness.people[0])
    assert 0.7 <= time.monotonic() - started < 3.0
    assert harness.server.count() == 3


def test_a_wait_longer_than_our_patience_is_the_callers(harness: GraphHarness) -> None:
    harness.server.faults.throttle = (429, 600.0)
    with pytest.raises(RateLimited) as caught:
        harness.calendar.availability(harness.people, WINDOW)
    assert caught.value.retry_after == 600.0
    with pytest.raises(RateLimited) as caught:
        harness.calendar.availability(harness.people, WINDOW)
    assert harness.server.count() == 1, "nothing leaves while we were asked to wait"
    assert caught.value.retry_after is not None
    assert 590 < caught.value.retry_after <= 600


@pytest.mark.parametrize("wait", [None, 0.05])
def test_a_storm_of_refusals_costs_few_requests_and_leaves_other_mailboxes_alone(wait: float | None) -> None:
    with graph_harness("typed") as harness:
        calendar = harness.make(breaker=Breaker(Cooling(failures=4, first=30.0)))
        harness.server.faults.throttle = (429 if wait else 503, wait)
        for _ in range(50):
            with pytest.raises((RateLimited, Transient)):
                calendar.find(harness.organizer, "t/l/x/0")
        assert harness.server.count() <= 12
        harness.server.faults.throttle = None
        assert calendar.find(harness.people[0], "t/l/x/0") is None
        with pytest.raises(RateLimited, match=r"left alone"):
            calendar.find(harness.organizer, "t/l/x/0")


def test_an_expired_token_is_renewed_once_and_the_call_made_again(harness: GraphHarness) -> None:
    bearer = StaticBearer(tokens=["expired", "token-1"])
    calendar = harness.make(sign_in=bearer)
    known(calendar, harness.people[0])
    assert bearer.renewed == 1
    assert harness.server.count() == 2


def test_an_account_that_is_refused_for_good_is_not_asked_again_and_again(harness: GraphHarness) -> None:
    bearer = StaticBearer(tokens=["revoked"])
    calendar = harness.make(sign_in=bearer)
    for _ in range(20):
        with pytest.raises(AuthRevoked):
            calendar.availability(harness.people, WINDOW)
    assert harness.server.count() == 2
    bearer.tokens, bearer.identity = ["token-1"], "reconnected"
    known(calendar, harness.people[0])


def test_a_service_that_does_not_answer_in_time_is_a_passing_fault(harness: GraphHarness) -> None:
    with Http(timeout=0.3) as http:
        harness.server.faults.latency = 1.5
        calendar = harness.make(http=http, retry=Retry(attempts=1), limiter=Limiter(4))
        with pytest.raises(Transient, match="no answer in time"):
            calendar.availability(harness.people, WINDOW)
    harness.server.faults.latency = 0.0
    known(harness.calendar, harness.people[0])


def test_the_wait_for_a_place_is_not_a_wait_for_the_service() -> None:
    """A connector may be given a part of the four places, where several processes share an app."""
    with graph_harness() as harness:
        calendar = harness.make(limiter=Limiter(1), retry=QUICK)
        harness.server.faults.latency = 0.005
        calendar.availability(crowd(harness, 8), WINDOW)
        assert harness.server.most_in_flight == 1


def test_a_list_that_never_ends_is_given_up(typed: GraphHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_MOST_PAGES", 3)
    for n in range(2_001):
        start = at(0, 0) + timedelta(minutes=n)
        typed.add(typed.people[0], Foreign(Kind.BUSY, start, start + timedelta(minutes=1)))
    answer = typed.calendar.availability(typed.people[:1], WINDOW)[typed.people[0]]
    assert isinstance(answer, Unknown)
    assert (answer.code, "does not end" in answer.reason) == (Unreadable.code, True)
