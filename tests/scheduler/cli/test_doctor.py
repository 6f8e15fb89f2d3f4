"""`loopwright doctor`: every account tried, what is wrong named in one line, and an exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.checks import Finding
from connectors.google.auth import FULL_CALENDAR
from connectors.zone_rules import take_newest
from scheduler import wiring
from scheduler.cli.main import app
from scheduler.services.afterwards import push
from tests.scheduler.mixed import BASE_URL, ON_GOOGLE, ORGANIZER, Mixed, mixed

MICROSOFT = b'{"tenant": "t", "client_id": "c", "secret": "s"}'


@pytest.fixture(autouse=True)
def rules_never_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor's clock is the machine's: these tests shall not fail in some later year."""
    monkeypatch.setattr("scheduler.cli.doctor._OLD_RULES", 1_000)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mixed]:
    with mixed(tmp_path, base_url=BASE_URL) as world:
        monkeypatch.setattr(wiring, "calendars", lambda *_: world.connect())
        yield world


def doctor(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["doctor", "--data", str(data), *words])


def findings(data: Path, status: int) -> dict[str, Finding]:
    """What it found, by name; of several of one name the last."""
    result = doctor(data, "--json")
    assert result.exit_code == status, result.output
    rows = json.loads(result.stdout)
    assert all(set(row) == {"name", "ok", "text"} for row in rows)
    assert (status == 0) == all(row["ok"] for row in rows)
    return {row["name"]: Finding(**row) for row in rows}


def bad(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if not finding.ok}


def test_a_healthy_company_on_three_services(world: Mixed, tmp_path: Path) -> None:
    found = findings(tmp_path, 0)
    assert {"sqlite", "database", "company", "calendars", "organizer", "push", "promises"} <= set(found)
    assert found["calendars"].text == "6 of 6 can be read"
    assert {name for name in found if name.startswith("google.")} == {
        f"google.{name}" for name in ("sign_in", "token_age", "scopes", "can_read", "can_write")
    }
    assert {f"outlook.{name}" for name in ("sign_in", "token_age", "scopes")} <= set(found)
    assert "LOOPWRIGHT_BASE_URL is empty" in found["push"].text
    assert found["zones"].text.startswith(f"rules {take_newest().used}, ")


def test_a_person_is_shown_a_table(world: Mixed, tmp_path: Path) -> None:
    result = doctor(tmp_path)
    assert result.exit_code == 0
    assert "good" in result.stdout and "bad" not in result.stdout


def test_a_calendar_that_cannot_be_read_is_named(world: Mixed, tmp_path: Path) -> None:
    world.google.world.calendars[ON_GOOGLE[1]].seen = "none"
    found = findings(tmp_path, 1)
    assert bad(found) == {"calendar", "calendars"}
    assert found["calendar"].text.startswith("person:ben: unknown: ")
    assert found["calendars"].text == "5 of 6 can be read"


def test_an_outage_of_one_service_leaves_the_others_healthy(world: Mixed, tmp_path: Path) -> None:
    world.graph.faults.throttle = (503, None)
    found = findings(tmp_path, 1)
    assert {"calendar", "calendars"} <= bad(found)
    assert not [name for name in bad(found) if name.startswith("google.")]
    assert found["organizer"].ok


def test_scopes_that_are_too_wide_are_told(world: Mixed, tmp_path: Path) -> None:
    world.google.accounts.delegated.add(FULL_CALENDAR)
    found = findings(tmp_path, 1)
    assert bad(found) == {"google.scopes"}
    assert "too wide" in found["google.scopes"].text


def test_an_organizer_calendar_that_is_not_there(world: Mixed, tmp_path: Path) -> None:
    del world.google.world.calendars[ORGANIZER]
    found = findings(tmp_path, 1)
    assert {"organizer", "google.can_write"} <= bad(found)
    assert ORGANIZER in found["organizer"].text


class TestPush:
    @pytest.fixture(autouse=True)
    def address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOOPWRIGHT_BASE_URL", BASE_URL)

    def test_a_subscription_is_told_with_its_age(self, world: Mixed, tmp_path: Path) -> None:
        push.ensure(world.kit.app)
        with world.kit.app.db.write() as tx:
            (one,) = tx.subscriptions.list()
            tx.subscriptions.put(replace(one, created=datetime.now(UTC) - timedelta(hours=30)))
        text = findings(tmp_path, 0)["push"].text
        assert text == f"notices for {ORGANIZER} since 30 h, for another 168 h"
        assert one.secret not in doctor(tmp_path, "--json").stdout

    def test_no_subscription_is_bad(self, world: Mixed, tmp_path: Path) -> None:
        found = findings(tmp_path, 1)
        assert bad(found) == {"push"}
        assert f"{BASE_URL}/api/v1/push/google" in found["push"].text

    def test_why_a_subscription_was_refused_is_told(self, world: Mixed, tmp_path: Path) -> None:
        world.google.world.fail(on="watch", status=401, reason="push.webhookUrlUnauthorized")
        push.ensure(world.kit.app)
        found = findings(tmp_path, 1)
        assert bad(found) == {"push"}
        assert found["push"].text.startswith(f"no subscription for {ORGANIZER}: ")
        assert "it must be a public https one" in found["push"].text

    def test_one_that_was_not_renewed_is_bad(self, world: Mixed, tmp_path: Path) -> None:
        push.ensure(world.kit.app)
        with world.kit.app.db.write() as tx:
            (one,) = tx.subscriptions.list()
            tx.subscriptions.put(replace(one, renew_at=datetime.now(UTC) - timedelta(hours=2)))
        found = findings(tmp_path, 1)
        assert bad(found) == {"push"}
        assert "does a worker run?" in found["push"].text


def test_microsoft_is_asked_about_the_subscription_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_BASE_URL", BASE_URL)
    with mixed(tmp_path, organizer_on="outlook", base_url=BASE_URL) as world:
        monkeypatch.setattr(wiring, "calendars", lambda *_: world.connect())
        push.ensure(world.kit.app)
        assert findings(tmp_path, 0)["outlook.push_alive"].ok
        with world.graph.locked():
            world.graph.routes.subscriptions.clear()
        assert bad(findings(tmp_path, 1)) == {"outlook.push_alive"}


def test_without_a_company_the_rest_is_not_tried(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["migrate", "--data", str(tmp_path)]).exit_code == 0
    found = findings(tmp_path, 1)
    assert bad(found) == {"company"}
    assert "loopwright load" in found["company"].text
    assert "calendars" not in found


def test_an_empty_folder_is_to_be_migrated(tmp_path: Path) -> None:
    found = findings(tmp_path, 1)
    assert bad(found) == {"database"}
    assert "loopwright migrate" in found["database"].text


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SSL_CERT_FILE", "/nowhere/authority.pem", "SSL_CERT_FILE"),
        ("LOOPWRIGHT_BASE_URL", "http://hire.example.com", "LOOPWRIGHT_BASE_URL"),
        ("LOOPWRIGHT_BASEURL", "https://hire.example.com", "LOOPWRIGHT_BASEURL: no such setting"),
    ],
)
@pytest.mark.parametrize("account", ["google.json", "microsoft.json"])
def test_a_wrong_variable_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str, account: str
) -> None:
    connected(tmp_path, account, monkeypatch)
    monkeypatch.setenv(variable, value)
    assert words in refused(doctor(tmp_path))


def test_a_wrong_proxy_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(tmp_path, "microsoft.json", monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example")
    assert refused(doctor(tmp_path)).startswith("a proxy variable is not an address: ")


def connected(data: Path, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in the folder, and an environment without proxies and authorities."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (data / "credentials").mkdir(mode=0o700)
    path = data / "credentials" / account
    path.write_bytes(MICROSOFT)
    path.chmod(0o600)


def refused(result: Result) -> str:
    """The one line of a refusal."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line
