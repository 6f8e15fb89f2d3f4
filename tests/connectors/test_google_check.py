"""What the doctor says of a Google account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.checks import Finding
from connectors.google.auth import FULL_CALENDAR, READ_BUSY, READ_EVENTS, WRITE_OWN, scopes_for
from connectors.tokens import MemoryTokens
from tests.connectors.conformance_kit import WINDOW
from tests.connectors.servers.google_accounts import SERVICE_ACCOUNT, consent, key_file
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google

ANY_EVENT = "https://www.googleapis.com/auth/calendar.events"
SCOPES = frozenset(scopes_for("typed"))


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


def look(harness: GoogleHarness, calendar: str | None = ORGANIZER, **settings: Any) -> dict[str, Finding]:
    connected = connect(harness.server, **settings)
    found = connected.check(calendar)
    connected.close()
    assert all("\n" not in f.text and f.text for f in found)
    return {f.name: f for f in found}


def consented(harness: GoogleHarness, *scopes: str, **more: Any) -> dict[str, Finding]:
    harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, frozenset(scopes))
    return look(harness, tokens=MemoryTokens(google=consent(**more)), subject=None)


def test_all_is_well(harness: GoogleHarness) -> None:
    found = look(harness)
    assert [(f.name, f.ok) for f in found.values()] == [
        ("sign_in", True),
        ("token_age", True),
        ("scopes", True),
        ("can_read", True),
        ("can_write", True),
    ]
    assert SERVICE_ACCOUNT in found["sign_in"].text
    assert ORGANIZER in found["can_write"].text


def test_nothing_is_written(harness: GoogleHarness) -> None:
    look(harness)
    assert {name.rsplit(".", 1)[1] for name, _, _ in harness.server.world.log} == {"query", "list"}


def test_no_sign_in_no_further_questions(harness: GoogleHarness) -> None:
    found = look(harness, tokens=MemoryTokens())
    assert list(found) == ["sign_in"]
    assert not found["sign_in"].ok
    assert "not connected" in found["sign_in"].text


def test_too_much_was_delegated(harness: GoogleHarness) -> None:
    harness.server.accounts.delegated.add(FULL_CALENDAR)
    assert "too wide" in look(harness)["scopes"].text


def test_a_service_account_that_acts_for_itself_cannot_invite(harness: GoogleHarness) -> None:
    harness.server.world.add_calendar(SERVICE_ACCOUNT)
    found = look(harness, SERVICE_ACCOUNT, subject=None)
    assert found["scopes"].ok
    assert not found["can_write"].ok
    assert "subject" in found["can_write"].text


@pytest.mark.parametrize(
    ("scopes", "ok", "says"),
    [
        ({READ_BUSY, READ_EVENTS, WRITE_OWN}, True, "only what is needed"),
        ({READ_BUSY, READ_EVENTS, WRITE_OWN, "openid"}, True, "only what is needed"),
        ({READ_BUSY, READ_EVENTS}, False, "missing: calendar.events.owned"),
        ({READ_BUSY, ANY_EVENT}, False, "too wide: calendar.events is"),
        ({FULL_CALENDAR + ".readonly"}, False, "missing: calendar.events.owned"),
        ({FULL_CALENDAR}, False, "too wide: calendar is"),
        ({*SCOPES, "https://mail.google.com/"}, False, "too wide"),
    ],
)
def test_what_was_consented_to(harness: GoogleHarness, scopes: set[str], ok: bool, says: str) -> None:
    finding = consented(harness, *scopes)["scopes"]
    assert finding.ok is ok
    assert says in finding.text


def test_the_age_of_a_consent(harness: GoogleHarness) -> None:
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    assert "3 days old" in consented(harness, *SCOPES, obtained=day)["token_age"].text
    assert "testing" in consented(harness, *SCOPES, obtained=day)["token_age"].text
    old = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    assert consented(harness, *SCOPES, obtained=old)["token_age"].text == "the consent is 300 days old"
    assert "not recorded" in consented(harness, *SCOPES)["token_age"].text
    assert "not recorded" in consented(harness, *SCOPES, obtained="long ago")["token_age"].text


def test_a_calendar_that_cannot_be_read(harness: GoogleHarness) -> None:
    found = look(harness, "nobody@example.com")
    assert (found["can_read"].ok, "notFound" in found["can_read"].text) == (False, True)
    assert not found["can_write"].ok


@pytest.mark.parametrize(
    ("role", "ok"), [("owner", True), ("writer", False), ("reader", False), ("none", False)]
)
def test_who_may_write(harness: GoogleHarness, role: str, ok: bool) -> None:
    harness.server.world.add_calendar("interviews@group.calendar.google.com", seen=role)
    finding = look(harness, "interviews@group.calendar.google.com")["can_write"]
    assert finding.ok is ok


def test_a_shared_calendar_with_the_wider_scope(harness: GoogleHarness) -> None:
    harness.server.accounts.delegated.add(ANY_EVENT)
    harness.server.world.add_calendar("interviews@group.calendar.google.com", seen="writer")
    found = look(harness, "interviews@group.calendar.google.com", scopes=(READ_BUSY, ANY_EVENT))
    assert found["can_write"].ok


def test_nothing_to_try_with(harness: GoogleHarness) -> None:
    found = look(harness, None, subject=None, tokens=MemoryTokens(google=key_file()))
    assert not found["can_read"].ok
    assert "LOOPWRIGHT_GOOGLE_SUBJECT" in found["can_read"].text
    assert "can_write" not in found


def test_whoever_consented_is_tried_where_nobody_else_is_named(harness: GoogleHarness) -> None:
    harness.server.accounts.consents["1//refresh-secret"] = (ORGANIZER, frozenset(scopes_for("typed")))
    tokens = MemoryTokens(google=consent(account=ORGANIZER))
    assert ORGANIZER in look(harness, None, subject=None, tokens=tokens)["can_read"].text


def test_without_a_calendar_the_subjects_own_is_tried(harness: GoogleHarness) -> None:
    assert ORGANIZER in look(harness, None)["can_read"].text


def test_a_bad_day_is_said_and_not_raised(harness: GoogleHarness) -> None:
    harness.server.world.fail(on="(query|list)", status=500, reason="backendError", times=100)
    found = look(harness)
    assert [n for n, f in found.items() if not f.ok] == ["can_read", "can_write"]


def test_answers_that_leave_something_out(harness: GoogleHarness) -> None:
    harness.server.world.fail(on="query", body=b'{"calendars": {}}')
    assert "left out" in look(harness)["can_read"].text
    harness.server.world.fail(on="token", body=b'{"access_token": "x"}')
    found = consented(harness, *SCOPES)
    assert "did not say" in found["scopes"].text
    assert not found["scopes"].ok


def test_whether_too_much_is_delegated_cannot_always_be_tried(harness: GoogleHarness) -> None:
    connected = connect(harness.server)
    connected.availability(harness.people[:1], WINDOW)  # signs in
    harness.server.world.fail(on="token", status=500, reason="backendError")
    (finding,) = [f for f in connected.check(ORGANIZER) if f.name == "scopes"]
    connected.close()
    assert not finding.ok
    assert "could not be tried" in finding.text
