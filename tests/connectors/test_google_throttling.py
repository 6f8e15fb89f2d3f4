"""What the Google connector does when the service throttles or fails: waits as told, and no longer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.calls import Breaker, Cooling, Limiter
from connectors.errors import (
    Forbidden,
    RateLimited,
    Transient,
)
from connectors.types import EventRef, Known, Unknown
from tests.connectors.conformance_kit import WINDOW, make
from tests.connectors.servers.google_harness import ORGANIZER, SWIFT, GoogleHarness, connect, google


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestThrottling:
    @pytest.mark.parametrize(
        ("status", "reason"), [(429, "rateLimitExceeded"), (403, "rateLimitExceeded"), (403, "quotaExceeded")]
    )
    def test_the_wait_that_was_asked_for_is_kept_to_the_letter(
        self, harness: GoogleHarness, status: int, reason: str
    ) -> None:
        harness.calendar.availability(harness.people[:1], WINDOW)  # signs in
        harness.server.world.fail(
            on="list", status=status, reason=reason, domain="usageLimits", retry_after="1"
        )
        started = time.monotonic()
        harness.calendar.availability(harness.people[:1], WINDOW)
        assert 1.0 <= time.monotonic() - started < 1.5
        assert len(harness.server.calls("list")) == 3

    def test_without_one_it_is_tried_again_soon(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="list", status=403, reason="userRateLimitExceeded", domain="usageLimits")
        answer = harness.calendar.availability(harness.people[:1], WINDOW)[harness.people[0]]
        assert isinstance(answer, Known)

    def test_a_write_that_was_refused_is_repeated(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=429, reason="rateLimitExceeded", domain="usageLimits")
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        assert len(harness.server.calls("insert")) == 2

    def test_a_longer_wait_than_our_patience_is_handed_on(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=429, reason="rateLimitExceeded", retry_after="600")
        with pytest.raises(RateLimited) as caught:
            harness.calendar.book(ORGANIZER, make(harness))
        assert caught.value.retry_after is not None
        assert 590 < caught.value.retry_after <= 600
        before = len(harness.server.world.log)
        with pytest.raises(RateLimited):  # until then nothing leaves for this account
            harness.calendar.find(ORGANIZER, "t/l/any/0")
        assert len(harness.server.world.log) == before

    def test_an_api_that_is_switched_off_is_not_waited_for(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=403, reason="accessNotConfigured", domain="usageLimits")
        with pytest.raises(Forbidden, match="switch this API on"):
            harness.calendar.book(ORGANIZER, make(harness))
        assert len(harness.server.calls("insert")) == 1

    def test_a_storm_opens_the_breaker_of_that_account_alone(self) -> None:
        breaker = Breaker(Cooling(failures=3, first=60))
        with google(breaker=breaker) as harness:
            harness.server.world.fail(on="events.get", status=503, reason="backendError", times=1000)
            for _ in range(10):
                with pytest.raises((Transient, RateLimited)):
                    harness.calendar.get(EventRef(ORGANIZER, "0" * 26))
            assert len(harness.server.calls("get")) == 3
            other = connect(harness.server, subject="ada@example.com", breaker=breaker)
            assert other.changes("ada@example.com", None, WINDOW).upserts == ()
            other.close()

    def test_one_chunk_that_fails_leaves_the_others_known(self) -> None:
        with google("free_busy") as harness:
            people = [f"p{n}@example.com" for n in range(120)]
            for person in people:
                harness.server.world.add_calendar(person)
            harness.server.world.fail(on="query", status=500, reason="backendError", times=2)
            harness.calendar.close()
            calendar = connect(harness.server, mode="free_busy", threads=1, retry=replace(SWIFT, attempts=2))
            answers = calendar.availability(people, WINDOW)
            calendar.close()
        unknown = [p for p in people if isinstance(answers[p], Unknown)]
        assert unknown == people[:50]
        assert {answers[p].code for p in unknown} == {"transient"}  # type: ignore[union-attr]

    def test_where_nobody_could_be_asked_it_is_the_callers_to_know(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="list", status=500, reason="backendError", times=100)
        with pytest.raises(Transient):
            harness.calendar.availability(harness.people, WINDOW)

    def test_a_calendar_google_could_not_work_out_is_asked_about_once_more(self) -> None:
        with google("free_busy") as harness:
            answers = harness.calendar.availability(["broken@example.com", harness.people[0]], WINDOW)
            assert isinstance(answers["broken@example.com"], Unknown)
            assert isinstance(answers[harness.people[0]], Known)
            asked = [[i["id"] for i in c["body"]["items"]] for c in harness.server.calls("query")]
            assert asked == [["broken@example.com", harness.people[0]], ["broken@example.com"]]

    def test_our_own_bucket_keeps_below_googles_limit(self) -> None:
        from connectors.calls import Rate

        with google("free_busy", limiter=Limiter(per_user=Rate(per_second=20, burst=2))) as harness:
            started = time.monotonic()
            for _ in range(8):
                harness.calendar.availability(harness.people, WINDOW)
            assert time.monotonic() - started >= 6 / 20 - 0.05
