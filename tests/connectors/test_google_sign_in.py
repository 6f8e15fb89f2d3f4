"""Signing in to Google: keys and consents, good and bad, revoked and renewed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from connectors.errors import (
    AuthRevoked,
    ConnectorError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Transient,
    Unreadable,
)
from connectors.google.auth import (
    FULL_CALENDAR,
    READ_BUSY,
    READ_EVENTS,
    WRITE_OWN,
    Keyring,
    SignIn,
    scopes_for,
)
from connectors.google.transport import Transport
from connectors.tokens import MemoryTokens
from connectors.types import Known, Unknown
from tests.connectors.conformance_kit import WINDOW, make
from tests.connectors.servers.google_accounts import consent, key_file
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google

SCOPES = frozenset(scopes_for("typed"))


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


@pytest.fixture
def tokens() -> MemoryTokens:
    return MemoryTokens(google=key_file())


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def sign_in(harness: GoogleHarness, tokens: MemoryTokens, clock: list[float]) -> Iterator[SignIn]:
    """A sign-in by itself, with a clock of its own."""
    transport = Transport()
    keyring = Keyring(tokens, "google", f"{harness.server.url}/token")
    yield SignIn(keyring, sorted(SCOPES), transport, ORGANIZER, now=lambda: clock[0])
    transport.close()


def connect_with(harness: GoogleHarness, data: bytes | None, **settings: Any) -> Any:
    tokens = MemoryTokens() if data is None else MemoryTokens(google=data)
    calendar = connect(harness.server, tokens=tokens, **settings)
    harness._open.append(calendar)
    return calendar, tokens


class TestFiles:
    @pytest.mark.parametrize(
        ("data", "error", "says"),
        [
            (None, AuthRevoked, "not connected"),
            (b"", Invalid, "not a key file"),
            (b"-----BEGIN PRIVATE KEY-----", Invalid, "not a key file"),
            (b"[1]", Invalid, "not a key file"),
            (b"[" * 100_000, Invalid, "not a key file"),
            (b'{"installed": {"client_id": "x"}}', Invalid, "the consent is missing"),
            (b'{"type": "external_account"}', Invalid, "type must be"),
            (b'{"type": "service_account"}', Invalid, "client_email"),
            (b'{"type": "service_account", "client_email": "a@b.c"}', Invalid, "private_key"),
            (
                b'{"type": "service_account", "client_email": "a@b.c", "private_key": "nonsense-secret"}',
                Invalid,
                "private_key cannot be read",
            ),
            (b'{"type": "authorized_user", "client_id": "x"}', Invalid, "client_secret"),
            (consent(refresh_token=" "), Invalid, "refresh_token"),
        ],
        ids=[
            "none",
            "empty",
            "pem",
            "list",
            "deep",
            "client",
            "kind",
            "mail",
            "key",
            "bad key",
            "secret",
            "token",
        ],
    )
    def test_a_wrong_file_is_named_in_one_line(
        self, harness: GoogleHarness, data: bytes | None, error: type[ConnectorError], says: str
    ) -> None:
        calendar, _ = connect_with(harness, data)
        with pytest.raises(error, match=says) as caught:
            calendar.changes(ORGANIZER, None, WINDOW)
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value).replace("client_secret", "")
        assert harness.server.accounts.asked == 0

    def test_a_file_does_not_say_where_tokens_come_from(self, harness: GoogleHarness) -> None:
        """The stand-in's key file names another host; a stolen signature would open our calendars."""
        assert json.loads(key_file())["token_uri"] == "https://evil.invalid/token"
        calendar, _ = connect_with(harness, key_file())
        assert calendar.changes(ORGANIZER, None, WINDOW).upserts == ()

    def test_google_is_where_tokens_come_from(self) -> None:
        from connectors.google.auth import TOKEN_URI, read_grant

        assert TOKEN_URI == "https://oauth2.googleapis.com/token"
        evil = consent(token_uri="https://evil.invalid/token")
        assert read_grant("google", evil, TOKEN_URI).base.token_uri == TOKEN_URI


class TestServiceAccount:
    def test_it_asks_for_the_least_scopes_of_its_mode(self, harness: GoogleHarness) -> None:
        harness.calendar.availability([harness.people[0]], WINDOW)
        (token,) = harness.server.accounts.tokens.values()
        assert (token.subject, token.scopes) == (ORGANIZER, {READ_BUSY, READ_EVENTS, WRITE_OWN})
        with google("free_busy") as other:
            other.calendar.availability([other.people[0]], WINDOW)
            (token,) = other.server.accounts.tokens.values()
            assert token.scopes == {READ_BUSY, WRITE_OWN}

    def test_everything_works_with_these_scopes_alone(self, harness: GoogleHarness) -> None:
        """The server checks each method's scopes against Google's description."""
        booked = harness.calendar.book(ORGANIZER, make(harness))
        subscription = harness.calendar.subscribe(ORGANIZER, "https://hire.example.com/push")
        harness.calendar.unsubscribe(subscription)
        harness.calendar.reschedule(booked.ref, make(harness, title="New"), booked.etag)
        harness.calendar.cancel(booked.ref, "bye")
        assert all(isinstance(who, str) and "@" in who for _, who, _ in harness.server.world.log)

    def test_delegation_that_was_not_granted_names_the_scopes(self, harness: GoogleHarness) -> None:
        harness.server.accounts.delegated.discard(WRITE_OWN)
        with pytest.raises(Forbidden, match=r"calendar\.events\.owned"):
            harness.calendar.book(ORGANIZER, make(harness))
        with pytest.raises(Forbidden):
            harness.calendar.book(ORGANIZER, make(harness))
        assert harness.server.accounts.asked == 1  # not tried again at once

    def test_once_granted_it_works_within_a_minute(
        self, harness: GoogleHarness, sign_in: SignIn, clock: list[float]
    ) -> None:
        harness.server.accounts.delegated.discard(WRITE_OWN)
        with pytest.raises(Forbidden):
            sign_in.token()
        harness.server.accounts.delegated.add(WRITE_OWN)
        with pytest.raises(Forbidden):
            sign_in.token()
        clock[0] += 61
        assert sign_in.token()

    def test_nobody_of_that_name(self, harness: GoogleHarness) -> None:
        calendar, _ = connect_with(harness, key_file(), subject="typo@example.com")
        with pytest.raises(NotFound, match="no such person"):
            calendar.changes(ORGANIZER, None, WINDOW)

    def test_one_person_who_cannot_be_acted_for_is_still_asked_about(self) -> None:
        with google(impersonate=True) as harness:
            harness.server.accounts.people.discard(harness.people[0])
            answers = harness.calendar.availability(harness.people, WINDOW)
            assert [a.typed for a in answers.values() if isinstance(a, Known)] == [False, True, True]


class TestConsent:
    def test_it_acts_for_whoever_consented(self, harness: GoogleHarness) -> None:
        harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, SCOPES)
        calendar, _ = connect_with(harness, consent(), subject=None)
        booked = calendar.book(ORGANIZER, make(harness))
        assert calendar.get(booked.ref).key == make(harness).key

    def test_a_replaced_refresh_token_goes_back_to_the_app(self, harness: GoogleHarness) -> None:
        harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, SCOPES)
        harness.server.accounts.rotates = True
        calendar, tokens = connect_with(harness, consent(obtained="2026-11-01"), subject=None)
        calendar.changes(ORGANIZER, None, WINDOW)
        kept = json.loads(tokens.get("google"))
        assert kept["refresh_token"] == "1//refresh-secret-1"
        assert kept["obtained"] == "2026-11-01"
        fresh = connect(harness.server, tokens=tokens, subject=None)
        assert fresh.changes(ORGANIZER, None, WINDOW).upserts == ()
        fresh.close()

    def test_where_nothing_can_be_kept_it_goes_on_in_memory(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        class ReadOnly(MemoryTokens):
            def put(self, account: str, data: bytes) -> None:
                raise Forbidden("google.json: cannot be written: Read-only file system")

        harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, SCOPES)
        harness.server.accounts.rotates = True
        calendar = connect(harness.server, tokens=ReadOnly(google=consent()), subject=None)
        for _ in range(3):
            assert calendar.changes(ORGANIZER, None, WINDOW).upserts == ()
        calendar.close()
        assert harness.server.accounts.asked == 1
        assert "is not kept: google.json: cannot be written" in caplog.text
        assert "1//" not in caplog.text

    def test_it_cannot_act_for_somebody_else(self, harness: GoogleHarness) -> None:
        calendar, _ = connect_with(harness, consent(account="ada@example.com"), subject=ORGANIZER)
        with pytest.raises(Forbidden, match=r"consent of ada@example.com cannot act for loops@example.com"):
            calendar.changes(ORGANIZER, None, WINDOW)

    def test_a_wrong_client_secret(self, harness: GoogleHarness) -> None:
        calendar, _ = connect_with(harness, consent(client_secret="wrong"), subject=None)
        with pytest.raises(AuthRevoked, match="client id or secret"):
            calendar.changes(ORGANIZER, None, WINDOW)

    def test_too_few_scopes(self, harness: GoogleHarness) -> None:
        harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, frozenset({READ_BUSY}))
        calendar, _ = connect_with(harness, consent(), subject=None)
        with pytest.raises(Forbidden, match="lacks a scope"):
            calendar.book(ORGANIZER, make(harness))


class TestRevoked:
    def test_it_is_asked_once_however_many_threads_want_in(self, harness: GoogleHarness) -> None:
        calendar, _ = connect_with(harness, consent(), subject=None)  # nobody knows this refresh token
        errors: list[ConnectorError] = []
        barrier = threading.Barrier(8)

        def work() -> None:
            barrier.wait(timeout=10)
            for _ in range(5):
                try:
                    calendar.changes(ORGANIZER, None, WINDOW)
                except ConnectorError as error:
                    errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(errors) == 40
        assert {type(e) for e in errors} == {AuthRevoked}
        assert harness.server.accounts.asked == 1
        assert harness.server.world.log == []

    def test_it_is_tried_twice_an_hour_and_no_more(
        self, harness: GoogleHarness, sign_in: SignIn, tokens: MemoryTokens, clock: list[float]
    ) -> None:
        tokens.put("google", consent())
        for _ in range(120):
            with pytest.raises(AuthRevoked):
                sign_in.token()
            clock[0] += 60
        assert harness.server.accounts.asked == 4

    def test_connecting_again_works_at_once(self, harness: GoogleHarness) -> None:
        calendar, tokens = connect_with(harness, consent(), subject=None)
        with pytest.raises(AuthRevoked):
            calendar.changes(ORGANIZER, None, WINDOW)
        harness.server.accounts.consents["1//new"] = (ORGANIZER, SCOPES)
        tokens.put("google", consent("1//new"))
        assert calendar.changes(ORGANIZER, None, WINDOW).upserts == ()

    def test_a_grant_revoked_while_running(self, harness: GoogleHarness) -> None:
        harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, SCOPES)
        calendar, tokens = connect_with(harness, consent(), subject=None)
        calendar.changes(ORGANIZER, None, WINDOW)
        harness.server.accounts.consents.clear()
        harness.server.accounts.tokens.clear()
        for _ in range(3):
            with pytest.raises(AuthRevoked, match="invalid_grant"):
                calendar.changes(ORGANIZER, None, WINDOW)
        assert harness.server.accounts.asked == 2
        harness.server.accounts.consents["1//new"] = (ORGANIZER, SCOPES)
        tokens.put("google", consent("1//new"))
        assert calendar.changes(ORGANIZER, None, WINDOW).upserts == ()

    def test_an_access_token_that_ended_early_is_renewed_once(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.accounts.tokens.clear()
        assert harness.calendar.get(booked.ref).key == make(harness).key
        harness.server.accounts.tokens.clear()
        harness.calendar.book(ORGANIZER, make(harness, "t/l/2/0"))
        assert harness.server.accounts.asked == 3

    def test_a_fresh_token_that_is_refused_too_is_a_revoked_account(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="get", status=401, reason="authError", times=100)
        with pytest.raises(AuthRevoked):
            harness.calendar.find(ORGANIZER, "t/l/1/0")
        assert len(harness.server.calls("get")) == 2
        with pytest.raises(AuthRevoked):
            harness.calendar.find(ORGANIZER, "t/l/1/0")
        assert len(harness.server.calls("get")) == 2

    def test_people_of_a_revoked_account_are_nobody_elses_problem(self, harness: GoogleHarness) -> None:
        calendar, _ = connect_with(harness, consent(), subject=None)
        with pytest.raises(AuthRevoked):
            calendar.availability(harness.people, WINDOW)
        answers = harness.calendar.availability(harness.people, WINDOW)
        assert not any(isinstance(a, Unknown) for a in answers.values())

    def test_tokens_are_renewed_before_they_end(self, harness: GoogleHarness) -> None:
        harness.calendar.find_all(ORGANIZER, WINDOW)
        with time_machine.travel(time.time() + 3599 - 120, tick=False):
            harness.calendar.find_all(ORGANIZER, WINDOW)
        assert harness.server.accounts.asked == 2


class TestTokenEndpoint:
    def test_a_moment_of_trouble_is_waited_out(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="token", status=503, reason="backendError")
        assert harness.calendar.find_all(ORGANIZER, WINDOW) == ()

    def test_trouble_that_lasts_is_not_multiplied_by_threads(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="token", status=500, reason="backendError", times=10_000)
        (fault,) = harness.server.world.faults
        with pytest.raises((Transient, RateLimited)):
            harness.calendar.availability([f"p{n}@example.com" for n in range(100)], WINDOW)
        assert 10_000 - fault.times <= 10  # the breaker opens after eight

    def test_it_never_makes_a_write_unclear(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="token", drop=True, times=100)
        with pytest.raises(Transient):
            harness.calendar.book(ORGANIZER, make(harness))
        assert harness.server.world.log == []

    def test_it_throttles(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="token", status=429, reason="rateLimitExceeded", retry_after="1")
        started = time.monotonic()
        harness.calendar.find_all(ORGANIZER, WINDOW)
        assert time.monotonic() - started >= 1

    @pytest.mark.parametrize(
        "body",
        [b"", b"{}", b"[]", b"<html>", b'{"access_token": 5}', b'{"access_token": "x", "expires_in": "y"}'],
    )
    def test_what_is_no_token(self, harness: GoogleHarness, body: bytes) -> None:
        harness.server.world.fail(on="token", body=body, times=10)
        with pytest.raises(Unreadable, match="holds no token"):
            harness.calendar.find_all(ORGANIZER, WINDOW)


def test_scopes_can_be_replaced_where_the_organizer_calendar_is_only_shared() -> None:
    any_event = "https://www.googleapis.com/auth/calendar.events"
    with google(scopes=(READ_BUSY, any_event)) as harness:
        harness.server.accounts.delegated.add(any_event)
        harness.server.world.add_calendar("shared@group.calendar.google.com", seen="writer")
        harness.calendar.book("shared@group.calendar.google.com", make(harness))
        assert FULL_CALENDAR not in next(iter(harness.server.accounts.tokens.values())).scopes
