"""Nothing secret, and nothing of anybody else's event, gets into a log, an error or a value."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.calls import Retry
from connectors.errors import ConnectorError
from connectors.google.auth import scopes_for
from connectors.tokens import MemoryTokens
from tests.connectors.conformance_kit import WINDOW, at, make
from tests.connectors.harness import CANARY, Foreign, Kind
from tests.connectors.servers.google_accounts import consent, key_file
from tests.connectors.servers.google_api import notice
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google

SECRETS = ("ya29.", "PRIVATE KEY", "1//refresh-secret", "GOCSPX-", "eyJ")


@pytest.fixture(autouse=True)
def _everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("googleapiclient", "google", "google_auth_httplib2", "httplib2", "urllib3", "connectors"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.fixture(params=["key", "consent"])
def harness(request: pytest.FixtureRequest) -> Iterator[GoogleHarness]:
    data = key_file() if request.param == "key" else consent()
    subject = ORGANIZER if request.param == "key" else None
    with google(tokens=MemoryTokens(google=data), subject=subject, retry=Retry(attempts=1)) as harness:
        harness.server.accounts.consents["1//refresh-secret"] = (
            ORGANIZER,
            frozenset(scopes_for("typed")),
        )
        for address in (*harness.people, *harness.rooms, ORGANIZER):
            for hour, kind in enumerate(Kind):
                harness.add(address, Foreign(kind, at(0, 6 + hour), at(0, 7 + hour)))
        yield harness


def every_verb(harness: GoogleHarness) -> list[Callable[[], object]]:
    calendar = harness.calendar
    intent = make(harness)
    booked = calendar.book(ORGANIZER, intent)
    channel = calendar.subscribe(ORGANIZER, "https://hire.example.com/push")
    headers = notice(harness.server.world, channel.id)
    return [
        lambda: calendar.availability(
            [*harness.people, *harness.rooms, *harness.unreadable, ORGANIZER], WINDOW
        ),
        lambda: calendar.changes(ORGANIZER, None, WINDOW),
        lambda: calendar.find_all(ORGANIZER, WINDOW),
        lambda: calendar.find(ORGANIZER, intent.key),
        lambda: calendar.find(ORGANIZER, "t/l/none/0"),
        lambda: calendar.get(booked.ref),
        lambda: calendar.book(ORGANIZER, replace(intent, key="t/l/2/0")),
        lambda: calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag),
        lambda: calendar.check(ORGANIZER),
        calendar.rooms,
        lambda: calendar.renew(channel, "https://hire.example.com/push"),
        lambda: calendar.parse_push(headers, b"", {channel.id: channel}),
        lambda: calendar.cancel(booked.ref, "bye"),
    ]


def told(act: Callable[[], object]) -> str:
    """What a verb gives back or raises, tracebacks and causes included."""
    try:
        return repr(act())
    except ConnectorError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__)


def clean(text: str) -> None:
    assert CANARY not in text
    for secret in SECRETS:
        assert secret not in text


def test_nothing_comes_out_when_all_is_well(harness: GoogleHarness, caplog: pytest.LogCaptureFixture) -> None:
    for act in every_verb(harness):
        clean(told(act))
    clean(caplog.text)
    assert "%2Bexample.com" not in caplog.text
    assert "@example.com" not in caplog.text.replace("loops@example.com", "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 429, 500, 503, 302])
def test_nothing_comes_out_when_the_service_refuses(
    harness: GoogleHarness, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """The stand-in puts the canary into the message of every error."""
    verbs = every_verb(harness)
    harness.server.world.fail(status=status, reason="aReason", times=10_000, retry_after="1000")
    for act in verbs:
        clean(told(act))
    clean(caplog.text)
    harness.server.world.faults.clear()


@pytest.mark.parametrize(
    "body",
    [
        f"<html>{CANARY}</html>".encode(),
        f'{{"error": "{CANARY}"}}'.encode(),
        f'{{"error": {{"message": "{CANARY}", "errors": [{{"reason": "{CANARY} x"}}]}}}}'.encode(),
        f'{{"items": [{{"summary": "{CANARY}", "start": "{CANARY}"}}], "timeZone": "x"}}'.encode(),
        f'"{CANARY}"'.encode(),
    ],
)
@pytest.mark.parametrize("status", [200, 403, 400])
def test_nothing_comes_out_of_a_strange_answer(
    harness: GoogleHarness, caplog: pytest.LogCaptureFixture, body: bytes, status: int
) -> None:
    verbs = every_verb(harness)
    harness.server.world.fail(status=status, body=body, times=10_000)
    for act in verbs:
        clean(told(act))
    clean(caplog.text)
    harness.server.world.faults.clear()


def test_nothing_comes_out_when_nobody_answers(
    harness: GoogleHarness, caplog: pytest.LogCaptureFixture
) -> None:
    verbs = every_verb(harness)
    harness.server.world.fail(drop=True, times=10_000)
    for act in verbs:
        clean(told(act))
    clean(caplog.text)
    harness.server.world.faults.clear()


@pytest.mark.parametrize(
    "word", ["invalid_grant", "unauthorized_client", "invalid_client", "eyJ.secret", "x y"]
)
def test_nothing_comes_out_of_a_refused_sign_in(caplog: pytest.LogCaptureFixture, word: str) -> None:
    body = f'{{"error": "{word}", "error_description": "{CANARY} ya29.secret"}}'.encode()
    with google() as harness:
        for data in (key_file(), consent()):
            harness.server.world.faults.clear()
            harness.server.world.fail(on="token", status=400, body=body, times=100)
            calendar = connect(harness.server, tokens=MemoryTokens(google=data), retry=Retry(attempts=1))
            clean(told(lambda: calendar.availability(harness.people, WINDOW)))  # noqa: B023
            clean(told(lambda: calendar.check(ORGANIZER)))  # noqa: B023
            calendar.close()
        harness.server.world.faults.clear()
    clean(caplog.text)


def test_of_foreign_events_google_is_asked_for_times_and_meaning_only(harness: GoogleHarness) -> None:
    """Titles, texts, places and guests of other people's events do not even travel to us."""
    harness.calendar.availability(harness.people, WINDOW)
    for call in harness.server.calls("events.list"):
        (mask,) = call["query"]["fields"]
        for word in ("summary", "description", "location", "email", "displayName", "comment", "hangoutLink"):
            assert word not in mask.replace("workingLocation", "").replace("nextPageToken", "")


def test_values_hide_their_secrets(harness: GoogleHarness) -> None:
    channel = harness.calendar.subscribe(ORGANIZER, "https://hire.example.com/push")
    grant = harness.calendar._service.keyring.grant()
    clean(repr(grant))
    assert channel.secret not in repr(channel)
    assert grant.who.endswith("gserviceaccount.com") or grant.who == "google"


def test_a_booked_intent_reaches_only_the_organizers_calendar(harness: GoogleHarness) -> None:
    """Private properties stay on the organizer's copy; invited people's copies show the key alone."""
    intent = make(harness, start=at(3, 9), end=at(3, 9) + timedelta(hours=1))
    harness.calendar.book(ORGANIZER, intent)
    (view,) = [
        v
        for s, v in harness.server.world.views(harness.people[0])
        if s.calendar == ORGANIZER and v["status"] != "cancelled"
    ]
    assert view["extendedProperties"] == {"shared": {"loopwright_key": intent.key}}
