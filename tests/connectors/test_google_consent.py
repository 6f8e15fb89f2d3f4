"""One person lets us use their calendar: begun here, finished here, and kept by the app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import AuthRevoked, ConnectorError, Forbidden, Invalid, Unreadable
from connectors.google import consent
from connectors.google.auth import READ_BUSY, READ_ROOMS, scopes_for
from connectors.google.transport import Transport
from connectors.tokens import MemoryTokens
from tests.connectors.conformance_kit import make
from tests.connectors.servers.google_accounts import Code
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google

REDIRECT = "https://hire.example.com/connect/google"
CLIENT = {"client_id": "client.apps.googleusercontent.com", "client_secret": "GOCSPX-client-secret"}


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


@pytest.fixture
def tokens() -> MemoryTokens:
    return MemoryTokens(google=json.dumps({"web": CLIENT | {"token_uri": "https://evil.invalid"}}).encode())


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


def browse(harness: GoogleHarness, address: str, *, leave_out: str = "") -> dict[str, str]:
    """What Google and the person do: look at the page, say yes, and send the browser back."""
    url = urlsplit(address)
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (asked["response_type"], asked["access_type"], asked["code_challenge_method"]) == (
        "code",
        "offline",
        "S256",
    )
    scopes = frozenset(asked["scope"].split()) - {leave_out}
    harness.server.accounts.codes["4/code"] = Code(
        ORGANIZER, scopes, asked["redirect_uri"], asked["code_challenge"]
    )
    return {"state": asked["state"], "code": "4/code"}


def finish(
    harness: GoogleHarness,
    tokens: MemoryTokens,
    transport: Transport,
    flow: dict[str, str],
    answer: dict[str, str],
) -> None:
    uri = f"{harness.server.url}/token"
    consent.finish(tokens, "google", transport, flow, answer, token_uri=uri)


def test_from_a_client_file_to_a_booked_interview(
    harness: GoogleHarness, tokens: MemoryTokens, transport: Transport
) -> None:
    address, flow = consent.begin(tokens, "google", REDIRECT)
    for secret in (flow["verifier"], CLIENT["client_secret"]):
        assert secret not in address
    finish(harness, tokens, transport, flow, browse(harness, address))
    kept = json.loads(tokens.get("google") or b"")
    assert (kept["type"], kept["account"]) == ("authorized_user", ORGANIZER)
    with connect(harness.server, tokens=tokens, subject=None) as calendar:
        booked = calendar.book(ORGANIZER, make(harness))
        assert calendar.get(booked.ref).key == make(harness).key
        found = {f.name: f for f in calendar.check(ORGANIZER)}
        assert all(f.ok for f in found.values()), found
        assert found["token_age"].text.startswith("the consent is 0 days old")


def test_an_ended_consent_is_given_again(
    harness: GoogleHarness, tokens: MemoryTokens, transport: Transport
) -> None:
    address, flow = consent.begin(tokens, "google", REDIRECT)
    finish(harness, tokens, transport, flow, browse(harness, address))
    harness.server.accounts.consents.clear()
    with connect(harness.server, tokens=tokens, subject=None) as calendar:
        with pytest.raises(AuthRevoked):
            calendar.book(ORGANIZER, make(harness))
        address, flow = consent.begin(tokens, "google", REDIRECT)
        finish(harness, tokens, transport, flow, browse(harness, address))
        calendar.book(ORGANIZER, make(harness))


def test_only_what_is_needed_is_asked_for(tokens: MemoryTokens) -> None:
    for mode in ("typed", "free_busy"):
        _, flow = consent.begin(tokens, "google", REDIRECT, mode=mode)
        assert set(flow["scopes"].split()) == {"openid", "email", *scopes_for(mode)}
    _, flow = consent.begin(tokens, "google", REDIRECT, rooms=True)
    assert READ_ROOMS in flow["scopes"].split()
    tokens.put("ada@example.com", tokens.get("google") or b"")
    address, _ = consent.begin(tokens, "ada@example.com", REDIRECT)
    assert parse_qs(urlsplit(address).query)["login_hint"] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"state": "guess"}, Invalid),
        ({"state": ""}, Invalid),
        ({"state": "ü\ud800"}, Invalid),
        ({"code": ""}, AuthRevoked),
        ({"code": "", "error": "access_denied"}, AuthRevoked),
        ({"code": "other"}, AuthRevoked),
    ],
    ids=repr,
)
def test_what_does_not_belong_to_the_flow(
    harness: GoogleHarness,
    tokens: MemoryTokens,
    transport: Transport,
    change: dict[str, str],
    error: type[ConnectorError],
) -> None:
    before = tokens.get("google")
    address, flow = consent.begin(tokens, "google", REDIRECT)
    with pytest.raises(error):
        finish(harness, tokens, transport, flow, browse(harness, address) | change)
    assert tokens.get("google") == before


def test_a_code_is_good_for_one_flow_and_once(
    harness: GoogleHarness, tokens: MemoryTokens, transport: Transport
) -> None:
    address, flow = consent.begin(tokens, "google", REDIRECT)
    answer = browse(harness, address)
    _, other = consent.begin(tokens, "google", REDIRECT)
    with pytest.raises(AuthRevoked):  # a code that was injected into another session
        finish(harness, tokens, transport, other, answer | {"state": other["state"]})
    address, flow = consent.begin(tokens, "google", REDIRECT)
    answer = browse(harness, address)
    finish(harness, tokens, transport, flow, answer)
    with pytest.raises(AuthRevoked):
        finish(harness, tokens, transport, flow, answer)


def test_a_permission_left_out_is_named(
    harness: GoogleHarness, tokens: MemoryTokens, transport: Transport
) -> None:
    address, flow = consent.begin(tokens, "google", REDIRECT)
    with pytest.raises(Forbidden, match=r"calendar\.events\.freebusy"):
        finish(harness, tokens, transport, flow, browse(harness, address, leave_out=READ_BUSY))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"scope": "x"}',
        b'{"refresh_token": 5, "scope": "x"}',
        b'{"refresh_token": "x", "scope": "x", "id_token": "a"}',
    ],
)
def test_an_answer_that_is_no_grant(
    harness: GoogleHarness, tokens: MemoryTokens, transport: Transport, body: bytes
) -> None:
    address, flow = consent.begin(tokens, "google", REDIRECT)
    answer = browse(harness, address)
    harness.server.world.fail(on="token", body=body)
    with pytest.raises((Unreadable, Forbidden)):
        finish(harness, tokens, transport, flow, answer)


@pytest.mark.parametrize("data", [None, b"", b"[]", b"{}", b'{"web": {}}', b'{"web": 5}'])
def test_without_a_client_file(data: bytes | None) -> None:
    tokens = MemoryTokens() if data is None else MemoryTokens(google=data)
    with pytest.raises(Invalid, match="client file"):
        consent.begin(tokens, "google", REDIRECT)
