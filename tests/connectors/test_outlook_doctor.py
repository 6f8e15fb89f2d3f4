"""What Outlook's own checks tell an administrator."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from connectors.outlook.calendar import Mode, OutlookCalendar
from tests.connectors.servers.graph_harness import GraphHarness, StaticBearer, graph_harness

MODES: tuple[Mode, Mode] = ("typed", "free_busy")


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness("free_busy") as harness:
        yield harness


@pytest.fixture
def typed() -> Iterator[GraphHarness]:
    with graph_harness("typed") as harness:
        yield harness


def findings(calendar: OutlookCalendar, *args: object) -> dict[str, tuple[bool, str]]:
    return {f.name: (f.ok, f.text) for f in calendar.check(*args)}  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_the_doctor_tries_everything_and_leaves_nothing_behind(mode: Mode) -> None:
    with graph_harness(mode) as harness:
        now = time.time()
        bearer = StaticBearer(told={"iat": now - 600, "exp": now + 3_000, "roles": ["Place.Read.All"]})
        calendar = harness.make(sign_in=bearer)
        made = calendar.subscribe(harness.organizer, "https://us.example/x")
        found = findings(calendar, harness.organizer, [made])
        assert list(found) == ["sign_in", "token_age", "scopes", "can_read", "can_write", "push_alive"]
        assert all(ok for ok, _ in found.values()), found
        assert "10 min old and lives 50 min more" in found["token_age"][1]
        assert harness.server.world.mailboxes[harness.organizer].items == {}
        assert list(findings(calendar)) == ["sign_in", "token_age", "scopes"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"roles": ["Calendars.ReadWrite", "Mail.Read"]}, "more permissions than needed: Mail.Read"),
        ({"roles": ["Calendars.ReadWrite"]}, "every mailbox of the tenant"),
        ({"scp": "Calendars.ReadWrite Files.Read offline_access"}, "Files.Read"),
    ],
)
def test_the_doctor_says_what_is_too_wide(
    harness: GraphHarness, claims: dict[str, object], words: str
) -> None:
    ok, text = findings(harness.make(sign_in=StaticBearer(told=claims)))["scopes"]
    assert not ok
    assert words in text


def test_the_doctor_says_what_is_missing(harness: GraphHarness) -> None:
    gone = harness.calendar.subscribe(harness.organizer, "https://us.example/x")
    harness.calendar.unsubscribe(gone)
    found = findings(harness.calendar, "ceo@contoso.example", [gone])
    assert [name for name, (ok, _) in found.items() if not ok] == ["can_read", "can_write", "push_alive"]
    assert "RBAC for Applications" in found["can_write"][1]
    assert all("\n" not in text for _, text in found.values())
    refused = harness.make(sign_in=StaticBearer(tokens=["revoked"]))
    assert not findings(refused, harness.organizer)["can_read"][0]
