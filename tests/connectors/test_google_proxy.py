"""With production addresses through a proxy: what the environment says is followed, nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import ConnectorError, Invalid, Transient
from connectors.google.calendar import GoogleCalendar
from connectors.google.transport import proxy_for
from connectors.tokens import MemoryTokens
from connectors.types import Known
from tests.connectors.conformance_kit import WINDOW, make
from tests.connectors.servers.google_accounts import key_file
from tests.connectors.servers.google_harness import ORGANIZER, PEOPLE, ROOMS, SWIFT, populate
from tests.connectors.servers.google_proxy import HOSTS, ProxyServer, hashed_name, intercepting

VARIABLES = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "ssl_cert_file",
    "ssl_cert_dir",
    "requests_ca_bundle",
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ProxyServer, Path]]:
    with intercepting(tmp_path) as (server, bundle):
        populate(server)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        yield server, bundle
        assert server.world.problems == []


def connect() -> GoogleCalendar:
    """Exactly as in production: no endpoint is named."""
    return GoogleCalendar(MemoryTokens(google=key_file()), subject=ORGANIZER, retry=SWIFT, timeout=10.0)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_production_addresses_through_an_intercepting_proxy(
    proxy: tuple[ProxyServer, Path], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server, bundle = proxy
    monkeypatch.setenv(variable, str(bundle))
    with connect() as calendar:
        answers = calendar.availability(PEOPLE, WINDOW)
        assert all(isinstance(a, Known) for a in answers.values())
        harness = type("Named", (), {"people": PEOPLE})
        booked = calendar.book(ORGANIZER, make(harness))  # type: ignore[arg-type]
        assert calendar.get(booked.ref).key == make(harness).key  # type: ignore[arg-type]
        assert {r.address for r in calendar.rooms()} == set(ROOMS)
    assert set(server.connects) == set(HOSTS)


def test_authorities_in_a_folder(
    proxy: tuple[ProxyServer, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bundle = proxy
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / hashed_name()).symlink_to(bundle)
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with connect() as calendar:
        assert calendar.find_all(ORGANIZER, WINDOW) == ()


def test_an_authority_nobody_trusts_is_refused_and_the_fix_is_named(
    proxy: tuple[ProxyServer, Path],
) -> None:
    server, _ = proxy
    with connect() as calendar, pytest.raises(Transient, match="SSL_CERT_FILE"):
        calendar.find_all(ORGANIZER, WINDOW)
    assert server.accounts.asked == 0
    assert server.world.log == []


def test_a_certificate_of_another_host_is_refused(
    proxy: tuple[ProxyServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bundle = proxy
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    server.contexts["oauth2.googleapis.com"] = server.contexts["admin.googleapis.com"]
    with connect() as calendar, pytest.raises(Transient, match="not trusted"):
        calendar.find_all(ORGANIZER, WINDOW)
    assert server.accounts.asked == 0


def test_a_proxy_that_wants_a_password(
    proxy: tuple[ProxyServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bundle = proxy
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    server.password = "Basic " + base64.b64encode(b"user:pass@word").decode()
    with connect() as calendar, pytest.raises(Transient, match="HTTPS_PROXY"):
        calendar.find_all(ORGANIZER, WINDOW)
    monkeypatch.setenv("HTTPS_PROXY", server.url.replace("http://", "http://user:pass%40word@"))
    with connect() as calendar:
        assert calendar.find_all(ORGANIZER, WINDOW) == ()


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:very-secret@127.0.0.1:9")
    with connect() as calendar, pytest.raises(Transient) as caught:
        calendar.find_all(ORGANIZER, WINDOW)
    assert "very-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
    with pytest.raises(Invalid, match=name):
        connect()
    (tmp_path / "missing.pem").write_text("no certificate")
    with pytest.raises(Invalid, match="PEM"):
        connect()


class TestVariables:
    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({}, None),
            ({"HTTPS_PROXY": ""}, None),
            ({"HTTPS_PROXY": "http://proxy:3128"}, ("proxy", 3128)),
            ({"https_proxy": "proxy:3128"}, ("proxy", 3128)),
            ({"ALL_PROXY": "socks5://proxy"}, ("proxy", 1080)),
            ({"HTTPS_PROXY": "http://proxy"}, ("proxy", 80)),
            ({"HTTP_PROXY": "http://proxy"}, None),
        ],
    )
    def test_which_proxy(self, environ: dict[str, str], expected: tuple[str, int] | None) -> None:
        found = proxy_for("https", environ)
        assert (found and (found.proxy_host, found.proxy_port)) == expected

    @pytest.mark.parametrize(
        "value", ["https://proxy:3128", "ftp://proxy", "http://", "http://proxy:port", "::"]
    )
    def test_an_address_that_is_none_is_named(self, value: str) -> None:
        with pytest.raises(Invalid, match="HTTPS_PROXY"):
            proxy_for("https", {"HTTPS_PROXY": value})

    def test_a_wrong_variable_fails_with_its_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "https://user:very-secret@proxy:3128")
        with connect() as calendar, pytest.raises(ConnectorError, match="HTTPS_PROXY") as caught:
            calendar.find_all(ORGANIZER, WINDOW)
        assert "very-secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("no_proxy", "bypassed"),
        [
            ("googleapis.com", True),
            (" example.com , .googleapis.com", True),
            ("*", True),
            ("example.com", False),
        ],
    )
    def test_hosts_left_out(self, monkeypatch: pytest.MonkeyPatch, no_proxy: str, bypassed: bool) -> None:
        monkeypatch.setenv("NO_PROXY", no_proxy)
        found = proxy_for("https", {"HTTPS_PROXY": "http://proxy:3128"})
        assert found is not None
        assert found.applies_to("www.googleapis.com") is not bypassed
