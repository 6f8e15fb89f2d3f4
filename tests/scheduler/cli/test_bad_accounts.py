"""Accounts that do not work, on either service: one clear line each, the person unknown, nobody else affected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.http import Http
from connectors.local.folder import Entry, add_entries
from connectors.outlook import consent as outlook_consent
from connectors.tokens import MemoryTokens
from scheduler import wiring
from scheduler.cli.main import app
from tests.connectors.servers.google_accounts import consent, key_file
from tests.connectors.servers.google_proxy import intercepting
from tests.connectors.servers.graph_entra import CLIENT, PERSON, SECRET, TENANT, Proxy
from tests.connectors.servers.graph_world import LOST_ZONE
from tests.scheduler.mixed import ON_GOOGLE, ON_OUTLOOK, Mixed, mixed, monday

EVERYBODY = ("hana", "ben", "anna", "cleo", "rolf", "oak")
GOOGLE, OUTLOOK = ("hana", "ben"), ("anna", "cleo")
REGISTRATION = {"tenant": TENANT, "client_id": CLIENT, "secret": SECRET}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mixed]:
    with mixed(tmp_path) as world:
        monkeypatch.setattr(wiring, "calendars", lambda *_: world.connect())
        yield world


def asked(data: Path) -> dict[str, dict[str, Any]]:
    day = f"{monday():%Y-%m-%d}"
    words = ["busy", *EVERYBODY, "--from", day, "--to", day, "--data", str(data), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = {row["id"]: row for row in json.loads(result.stdout)}
    assert list(found) == list(EVERYBODY)
    return found


def only(found: dict[str, dict[str, Any]], *unknown: str, code: str, words: str) -> None:
    """Those and nobody else are unknown, with that code and one line that says this."""
    assert {id for id, row in found.items() if not row["known"]} == set(unknown)
    for id in unknown:
        assert found[id]["code"] == code, found[id]
        assert words in found[id]["reason"]
        assert "\n" not in found[id]["reason"]


# --- somebody's calendar ---------------------------------------------------------------------------------


class TestOnGoogle:
    @pytest.mark.parametrize(("person", "number"), [("hana", 0), ("ben", 1)])
    def test_an_unknown_address(self, world: Mixed, tmp_path: Path, person: str, number: int) -> None:
        del world.google.world.calendars[ON_GOOGLE[number]]
        only(asked(tmp_path), person, code="not_found", words="no such calendar")

    def test_a_zone_nobody_knows(self, world: Mixed, tmp_path: Path) -> None:
        day = monday().date()
        world.google.world.put(
            ON_GOOGLE[0],
            {"summary": "x", "start": {"date": f"{day}"}, "end": {"date": f"{day + timedelta(days=1)}"}},
        )
        body = {
            "timeZone": "Mars/Olympus",
            "accessRole": "owner",
            "items": [
                {"id": "a", "status": "confirmed", "start": {"date": f"{day}"}, "end": {"date": f"{day}"}}
            ],
        }
        world.google.world.fail(on=r"events\.list", body=json.dumps(body).encode())
        only(asked(tmp_path), "hana", code="unknown_zone", words="Mars/Olympus")


class TestOnOutlook:
    @pytest.mark.parametrize(("person", "number"), [("anna", 0), ("cleo", 1)])
    def test_an_unknown_address(self, world: Mixed, tmp_path: Path, person: str, number: int) -> None:
        with world.graph.locked() as graph:
            del graph.mailboxes[ON_OUTLOOK[number]]
        only(asked(tmp_path), person, code="not_found", words="no mailbox has this address")

    def test_a_mailbox_outside_the_scope_of_the_app(self, world: Mixed, tmp_path: Path) -> None:
        with world.graph.locked() as graph:
            graph.mailboxes[ON_OUTLOOK[0]].readable = False
        only(asked(tmp_path), "anna", code="forbidden", words="RBAC for Applications")

    def test_a_zone_nobody_knows(self, world: Mixed, tmp_path: Path) -> None:
        day = monday().date()
        with world.graph.locked() as graph:
            item = graph.put(ON_OUTLOOK[0], subject="x", start=day, end=day + timedelta(days=1))
            graph.mailboxes[ON_OUTLOOK[0]].zone = item.zone = LOST_ZONE
        only(asked(tmp_path), "anna", code="unknown_zone", words=LOST_ZONE)


def test_a_local_calendar_in_a_zone_nobody_knows(world: Mixed, tmp_path: Path) -> None:
    day = monday().date()
    add_entries(tmp_path / "calendars", "rolf@testwerk.example", [Entry("x", day, day + timedelta(days=1))])
    (file,) = tmp_path.glob("calendars/rolf*.ics")
    file.write_text(file.read_text().replace("X-WR-TIMEZONE:Europe/Berlin", "X-WR-TIMEZONE:Mars/Olympus"))
    only(asked(tmp_path), "rolf", code="unknown_zone", words="Mars/Olympus")


# --- the account itself, with the connectors as production makes them ---------------------------------


@dataclass
class Services:
    """Both services behind the environment's one proxy at a time."""

    data: Path
    use: Callable[[str], Any]

    def keep(self, name: str, content: bytes) -> None:
        folder = self.data / "credentials"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{name}.json"
        path.write_bytes(content)
        path.chmod(0o600)


@pytest.fixture
def services(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_dir", "requests_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with ExitStack() as stack:
        world = stack.enter_context(mixed(tmp_path))

        def use(provider: str) -> Any:
            folder = tmp_path_factory.mktemp("authority")
            server: Any
            if provider == "google":
                server, bundle = stack.enter_context(intercepting(folder))
            else:
                server = stack.enter_context(Proxy(world.graph, folder))
                bundle = server.bundle
            monkeypatch.setenv("HTTPS_PROXY", server.url)
            monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
            return server

        yield Services(tmp_path, use)


WRONG_FILES = [b"", b"not json", b"[]", b"{}", b"\xff", b'{"type": "service_account"}', b'{"tenant": "t"}']


@pytest.mark.parametrize("content", WRONG_FILES)
@pytest.mark.parametrize("account", ["google", "microsoft"])
def test_a_wrong_key_file(services: Services, account: str, content: bytes) -> None:
    services.keep(account, content)
    found = asked(services.data)
    assert {id for id, row in found.items() if row["known"]} == {"rolf", "oak"}
    mine, other = (GOOGLE, OUTLOOK) if account == "google" else (OUTLOOK, GOOGLE)
    for id in mine:
        assert found[id]["code"] == "invalid"
        assert account in found[id]["reason"] and "\n" not in found[id]["reason"]
    for id in other:
        assert "is not connected: give it credentials as docs/" in found[id]["reason"]


@pytest.mark.parametrize(
    "key", ["-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "no key at all", ""]
)
def test_a_private_key_that_is_none(services: Services, key: str) -> None:
    services.keep("google", json.dumps(json.loads(key_file()) | {"private_key": key}).encode())
    services.use("microsoft")
    services.keep(
        "microsoft",
        json.dumps({"tenant": TENANT, "client_id": CLIENT, "private_key": key, "certificate": "x"}).encode(),
    )
    found = asked(services.data)
    for id in (*GOOGLE, *OUTLOOK):
        assert (found[id]["known"], found[id]["code"]) == (False, "invalid")
        assert "private_key" in found[id]["reason"]
        assert "MIIB" not in found[id]["reason"]


def test_a_revoked_grant_at_google(services: Services) -> None:
    services.use("google")
    services.keep("google", consent("1//revoked"))
    found = asked(services.data)
    only({id: found[id] for id in (*GOOGLE, "rolf", "oak")}, *GOOGLE, code="auth_revoked", words="connect")
    assert "1//revoked" not in json.dumps(found)


@pytest.mark.parametrize(
    ("number", "words"), [("AADSTS7000222", "has expired"), ("AADSTS7000215", "the client secret is wrong")]
)
def test_a_secret_that_ended_at_microsoft(services: Services, number: str, words: str) -> None:
    proxy = services.use("microsoft")
    proxy.entra.revoked = number
    services.keep("microsoft", json.dumps(REGISTRATION).encode())
    found = asked(services.data)
    only({id: found[id] for id in (*OUTLOOK, "rolf", "oak")}, *OUTLOOK, code="auth_revoked", words=words)
    assert SECRET not in json.dumps(found)
    assert len(proxy.entra.asked) == 1, "both modes share one sign-in's refusal"


def test_a_revoked_consent_at_microsoft(services: Services) -> None:
    proxy = services.use("microsoft")
    tokens = MemoryTokens(**{PERSON: json.dumps(REGISTRATION).encode()})
    with Http() as http:
        address, flow = outlook_consent.begin(tokens, PERSON, http, "https://hire.example.com/back")
        outlook_consent.finish(tokens, PERSON, http, flow, proxy.entra.consent(address))
    services.keep("microsoft", tokens.get(PERSON) or b"")
    proxy.entra.revoked = "AADSTS50173"
    cache = json.loads(json.loads(tokens.get(PERSON) or b"")["cache"])
    cache["AccessToken"] = {}
    services.keep("microsoft", json.dumps(REGISTRATION | {"cache": json.dumps(cache)}).encode())
    found = asked(services.data)
    only({id: found[id] for id in (*OUTLOOK, "rolf", "oak")}, *OUTLOOK, code="auth_revoked", words="revoked")
