"""Signing in to Microsoft with the real msal, through a proxy named by the environment, at the real addresses."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from connectors.calls import Retry
from connectors.errors import (
    AuthRevoked,
    ConnectorError,
    Forbidden,
    Invalid,
    RateLimited,
    Transient,
    Unreadable,
)
from connectors.http import Http
from connectors.outlook import consent
from connectors.outlook.auth import SignIn, read_grant
from connectors.outlook.calendar import OutlookCalendar
from connectors.tokens import MemoryTokens
from connectors.types import Known
from tests.connectors.conformance_kit import WINDOW, make
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_entra import (
    CLIENT,
    GRAPH,
    LOGIN,
    PERSON,
    SECRET,
    TENANT,
    Proxy,
    make_pair,
)

QUICK = Retry(attempts=3, patience=2.0, wait_initial=0.01, wait_max=0.02, wait_jitter=0.01)
ORGANIZER = "organizer@contoso.example"
REDIRECT = "https://us.example/oauth/microsoft"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Microsoft behind a proxy with an authority of its own, as the environment says."""
    for name in (
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    with GraphServer() as graph, Proxy(graph, tmp_path) as proxy:
        graph.world.add_mailbox(ORGANIZER)
        graph.world.add_mailbox(PERSON)
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.bundle))
        yield proxy
        assert graph.violations == []


def registration(**changes: Any) -> bytes:
    return json.dumps({"tenant": TENANT, "client_id": CLIENT, "secret": SECRET, **changes}).encode()


def connect(tokens: MemoryTokens) -> OutlookCalendar:
    return OutlookCalendar(tokens, mode="free_busy", reader=ORGANIZER, retry=QUICK)


def asks(calendar: OutlookCalendar, times: int = 1) -> None:
    for _ in range(times):
        assert isinstance(calendar.availability([PERSON], WINDOW)[PERSON], Known)


def test_an_app_signs_in_with_its_secret_once_and_works_through_the_proxy(proxy: Proxy) -> None:
    tokens = MemoryTokens(microsoft=registration())
    with connect(tokens) as calendar:
        asks(calendar, 3)
        booked = calendar.book(ORGANIZER, make_intent())
        assert calendar.get(booked.ref).key == make_intent().key
        assert all(f.ok for f in calendar.check(ORGANIZER)), calendar.check(ORGANIZER)
    assert len(proxy.entra.asked) == 1
    assert proxy.entra.asked[0]["scope"].split()[0] == "https://graph.microsoft.com/.default"
    assert set(proxy.connected) == {LOGIN, GRAPH}
    assert tokens.get("microsoft") == registration(), "nothing to keep for an app"


def make_intent() -> Any:
    class Someone:
        people = (PERSON, "ben@contoso.example")

    return make(Someone())  # type: ignore[arg-type]


def test_an_app_signs_in_with_a_certificate(proxy: Proxy) -> None:
    pair, _, _ = make_pair("loopwright")
    proxy.entra.certificate = pair.certificate
    keys = {"secret": "", "private_key": pair.key, "certificate": pair.certificate}
    with connect(MemoryTokens(microsoft=registration(**keys))) as calendar:
        asks(calendar)
    assert "client_secret" not in proxy.entra.asked[0]
    locked = serialization.load_pem_private_key(pair.key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    locked_keys = {**keys, "private_key": locked.decode(), "passphrase": "open sesame"}
    with connect(MemoryTokens(microsoft=registration(**locked_keys))) as calendar:
        asks(calendar)
    with (
        connect(MemoryTokens(microsoft=registration(**{**locked_keys, "passphrase": "x"}))) as calendar,
        pytest.raises(Invalid, match="cannot be read"),
    ):
        calendar.find(ORGANIZER, "k")
    other, _, _ = make_pair("other")
    keys["private_key"] = other.key
    with connect(MemoryTokens(microsoft=registration(**keys))) as calendar, pytest.raises(AuthRevoked):
        calendar.find(ORGANIZER, "k")


def test_the_authority_may_be_named_the_other_way_and_without_one_nothing_is_trusted(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(proxy.bundle))
    with connect(MemoryTokens(microsoft=registration())) as calendar:
        asks(calendar)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with (
        connect(MemoryTokens(microsoft=registration())) as calendar,
        pytest.raises(Transient, match="its certificate is not trusted; set SSL_CERT_FILE"),
    ):
        calendar.find(ORGANIZER, "k")


def test_a_host_that_the_proxy_refuses_is_one_line(proxy: Proxy) -> None:
    with Http() as http, pytest.raises(Transient, match="proxy refused"):
        http.request("GET", "https://calendar.example/x")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"secret": "wrong"}, AuthRevoked, "the client secret is wrong"),
        ({"client_id": "another"}, AuthRevoked, "this tenant has no such app"),
        ({"tenant": "nobody.example"}, Invalid, "tenant 'nobody.example' is unknown"),
        ({"secret": "", "private_key": "x", "certificate": "y"}, Invalid, "private_key and certificate"),
    ],
)
def test_a_refused_sign_in_is_one_line_and_no_hot_loop(
    proxy: Proxy, changes: dict[str, str], kind: type[ConnectorError], words: str
) -> None:
    tokens = MemoryTokens(microsoft=registration(**changes))
    with connect(tokens) as calendar:
        for _ in range(20):
            with pytest.raises(kind, match=words) as caught:
                calendar.availability([PERSON], WINDOW)
            assert "\n" not in str(caught.value)
            assert "canary" not in str(caught.value)
        assert len(proxy.entra.requests) <= 3
        assert len(proxy.graph.requests) == 0
        tokens.put("microsoft", registration())  # an administrator reconnects
        asks(calendar)


def test_nobody_connected_the_account_yet(proxy: Proxy) -> None:
    tokens = MemoryTokens()
    with connect(tokens) as calendar:
        with pytest.raises(AuthRevoked, match="is not connected"):
            calendar.availability([PERSON], WINDOW)
        (finding,) = calendar.check(ORGANIZER)
        assert (finding.name, finding.ok) == ("sign_in", False)
        tokens.put("microsoft", registration())
        asks(calendar)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{}", "tenant is missing"),
        (b'{"tenant": "t"}', "client_id is missing"),
        (b'{"tenant": "t", "client_id": "c"}', "secret is missing"),
        (b'{"tenant": "t", "client_id": "c", "private_key": "k"}', "secret is missing"),
        (b'{"tenant": "t", "client_id": "c", "secret": "s3cr3t", "cache": {}}', "cache must be"),
    ],
)
def test_what_the_app_keeps_is_checked_and_named(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        read_grant("microsoft", data)
    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(read_grant("m", registration(secret="s3cr3t")))


def test_sign_in_waits_as_told_and_gives_up_in_the_end(proxy: Proxy) -> None:
    proxy.entra.refuse = [(429, {"Retry-After": "0.3"}, b""), (503, {}, b"")]
    started = time.monotonic()
    with connect(MemoryTokens(microsoft=registration())) as calendar:
        asks(calendar)
        assert time.monotonic() - started >= 0.3
    proxy.entra.refuse = [(429, {"Retry-After": "900"}, b"")] * 9
    with connect(MemoryTokens(microsoft=registration())) as calendar:
        for _ in range(5):
            with pytest.raises(RateLimited):
                calendar.find(ORGANIZER, "k")
        assert len(proxy.entra.refuse) == 8


def test_an_answer_of_the_sign_in_that_is_none_is_not_shown(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy.entra.refuse = [(200, {}, b"<html>canary-7f3a</html>")]
    with connect(MemoryTokens(microsoft=registration())) as calendar, pytest.raises(Unreadable):
        calendar.find(ORGANIZER, "k")
    assert "canary" not in caplog.text


def test_a_token_that_graph_refuses_is_replaced_although_msal_still_holds_it(proxy: Proxy) -> None:
    with connect(MemoryTokens(microsoft=registration())) as calendar:
        asks(calendar)
        proxy.graph.tokens = {"none of those"}
        asks(calendar)
        assert len(proxy.entra.asked) == 2
        asks(calendar)
        assert len(proxy.entra.asked) == 2


def test_many_threads_ask_for_one_token(proxy: Proxy) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Http() as http:
        sign_in = SignIn(MemoryTokens(microsoft=registration()), "microsoft", http, retry=QUICK)
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: sign_in.token(), range(24)))
        assert len(found) == len(proxy.entra.asked) == 1
        assert sign_in.claims()["roles"] == ["Place.Read.All"]
        assert not sign_in.delegated
        stale = found.pop()
        with ThreadPoolExecutor(8) as pool:
            renewed = set(pool.map(lambda _: sign_in.renew(stale), range(8)))
        assert len(renewed) == 1
        assert stale not in renewed
        assert len(proxy.entra.asked) == 2


def test_no_secret_reaches_a_log_line(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with connect(MemoryTokens(microsoft=registration())) as calendar:
        asks(calendar)
    with (
        connect(MemoryTokens(microsoft=registration(secret="wr0ng"))) as calendar,
        pytest.raises(AuthRevoked),
    ):
        calendar.find(ORGANIZER, "k")
    assert SECRET not in caplog.text
    assert "wr0ng" not in caplog.text
    assert next(iter(proxy.graph.tokens)) not in caplog.text
    assert "canary" not in caplog.text


# --- for one person ------------------------------------------------------------------------------


def consented(proxy: Proxy, account: str = PERSON) -> MemoryTokens:
    """The registration, and that person's consent beside it."""
    tokens = MemoryTokens(**{account: registration()})
    with Http() as http:
        address, flow = consent.begin(tokens, account, http, REDIRECT, mode="free_busy", rooms=True)
        assert address.startswith(f"https://{LOGIN}/{TENANT}/oauth2/v2.0/authorize?")
        assert "code_challenge_method=S256" in address
        assert "Calendars.ReadWrite" in address
        assert "Calendars.Read.Shared" not in address
        assert "Calendars.Read+" in address or "Calendars.Read%20" in address, "notices want it beside"
        consent.finish(tokens, account, http, flow, proxy.entra.consent(address))
    return tokens


def delegated(tokens: MemoryTokens) -> OutlookCalendar:
    return OutlookCalendar(tokens, account=PERSON, mode="free_busy", reader=PERSON, retry=QUICK)


def test_a_person_consents_and_the_app_acts_for_them_across_restarts(proxy: Proxy) -> None:
    proxy.entra.life = 60  # gone at once: every start refreshes
    tokens = consented(proxy)
    for _ in range(3):
        before = tokens.get(PERSON)
        with delegated(tokens) as calendar:
            asks(calendar)
            assert "one person's consent" in calendar.check()[0].text
        assert tokens.get(PERSON) != before, "the refresh token that came is the next one to use"
    grants = [form["grant_type"] for form in proxy.entra.asked]
    assert grants[0] == "authorization_code"
    assert set(grants[1:]) == {"refresh_token"}


def test_where_nothing_can_be_kept_it_goes_on_in_memory(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    class ReadOnly(MemoryTokens):
        def put(self, account: str, data: bytes) -> None:
            raise Forbidden("microsoft.json: cannot be written: Read-only file system")

    proxy.entra.life = 60
    given = consented(proxy).get(PERSON) or b""
    proxy.entra.life = 3_600
    with delegated(ReadOnly(**{PERSON: given})) as calendar:
        asks(calendar, 3)
    refreshed = [form for form in proxy.entra.asked if form["grant_type"] == "refresh_token"]
    assert len(refreshed) == 1, "the token that came is used, although it is not kept"
    assert "is not kept: microsoft.json: cannot be written" in caplog.text
    assert "refresh-" not in caplog.text


def test_a_revoked_consent_stops_at_once_and_a_new_one_begins_again(proxy: Proxy) -> None:
    proxy.entra.life = 60
    tokens = consented(proxy)
    proxy.entra.revoked = "AADSTS50173"
    with delegated(tokens) as calendar:
        for _ in range(10):
            with pytest.raises(AuthRevoked, match="connect the account again"):
                calendar.availability([PERSON], WINDOW)
        assert len(proxy.entra.asked) == 2
        proxy.entra.revoked = ""
        tokens.put(PERSON, consented(proxy).get(PERSON) or b"")
        asks(calendar)


def test_a_consent_that_was_not_begun_here_is_refused(proxy: Proxy) -> None:
    tokens = MemoryTokens(**{PERSON: registration()})
    with Http() as http:
        address, flow = consent.begin(tokens, PERSON, http, REDIRECT)
        answer = proxy.entra.consent(address)
        with pytest.raises(Invalid, match="begin again"):
            consent.finish(tokens, PERSON, http, flow, {**answer, "state": "another"})
        with pytest.raises(AuthRevoked):
            consent.finish(tokens, PERSON, http, flow, {"state": answer["state"], "error": "access_denied"})
        with pytest.raises(AuthRevoked):
            consent.finish(tokens, PERSON, http, flow, {**answer, "code": "guessed"})
        assert tokens.get(PERSON) == registration()


def test_a_cache_of_nobody_and_one_that_is_none(proxy: Proxy) -> None:
    for cache, kind in (("{}", AuthRevoked), ("no json", Invalid)):
        with (
            delegated(MemoryTokens(**{PERSON: registration(cache=cache)})) as calendar,
            pytest.raises(kind, match="connect"),
        ):
            calendar.find(PERSON, "k")
