"""`loopwright busy`: who is busy when on three services, known or unknown, and bad input in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.protocol import Calendar
from scheduler import wiring
from scheduler.cli.main import app
from scheduler.domain.people import Mode
from tests.connectors.servers.google_accounts import consent, key_file
from tests.connectors.servers.google_proxy import intercepting
from tests.scheduler.mixed import ON_GOOGLE, ON_OUTLOOK, Mixed, mixed, monday

EVERYBODY = ("hana", "ben", "anna", "cleo", "rolf", "oak")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mixed]:
    """The company, with its connectors where the command finds them."""
    with mixed(tmp_path) as world:
        monkeypatch.setattr(wiring, "calendars", lambda *_: world.connect())
        yield world


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The company's folder, with nothing between the command and the real services."""
    with mixed(tmp_path):
        yield tmp_path


def busy(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["busy", *words, "--data", str(data)])


def days(first: int = 0, last: int = 0) -> tuple[str, ...]:
    start = monday()
    return (
        "--from",
        f"{start + timedelta(days=first):%Y-%m-%d}",
        "--to",
        f"{start + timedelta(days=last):%Y-%m-%d}",
    )


def rows(result: Result) -> dict[str, Mapping[str, Any]]:
    assert result.exit_code == 0, result.output
    return {row["id"]: row for row in json.loads(result.stdout)}


def refused(result: Result) -> str:
    """The one line of a refusal."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def fill(world: Mixed) -> datetime:
    """Hana is out of office on Google from nine, Anna tentatively taken on Outlook from ten; an hour each."""
    nine = monday() + timedelta(hours=9)
    ten, eleven = nine + timedelta(hours=1), nine + timedelta(hours=2)
    world.google.world.put(
        ON_GOOGLE[0],
        {
            "summary": "canary-title",
            "eventType": "outOfOffice",
            "start": {"dateTime": nine.isoformat()},
            "end": {"dateTime": ten.isoformat()},
        },
    )
    with world.graph.locked() as graph:
        graph.put(ON_OUTLOOK[0], subject="canary-title", start=ten, end=eleven, show_as="tentative")
    return nine


def test_everybody_on_every_service(world: Mixed, tmp_path: Path) -> None:
    nine = fill(world)
    result = busy(tmp_path, *EVERYBODY, *days(), "--json")
    found = rows(result)
    assert list(found) == list(EVERYBODY)
    assert {id: (row["provider"], row["mode"]) for id, row in found.items()} == {
        "hana": ("google", "typed"),
        "ben": ("google", "free_busy"),
        "anna": ("outlook", "typed"),
        "cleo": ("outlook", "free_busy"),
        "rolf": ("local", "typed"),
        "oak": ("local", "typed"),
    }
    assert all(row["known"] for row in found.values()), found
    (away,) = found["hana"]["busy"]
    assert (away["start"], away["verdict"]) == (nine.isoformat(), "out_of_office")
    (perhaps,) = found["anna"]["busy"]
    assert (perhaps["start"], perhaps["verdict"]) == ((nine + timedelta(hours=1)).isoformat(), "tentative")
    assert "canary" not in result.output


def test_the_shape_of_the_json(world: Mixed, tmp_path: Path) -> None:
    fill(world)
    world.google.world.calendars[ON_GOOGLE[1]].seen = "none"
    found = rows(busy(tmp_path, "hana", "ben", *days(), "--json"))
    assert list(found["hana"]) == [
        "id", "kind", "name", "provider", "address", "mode", "zone", "known", "as_of", "busy", "places",
    ]  # fmt: skip
    assert set(found["hana"]["busy"][0]) == {"start", "end", "verdict"}
    assert list(found["ben"]) == [
        "id", "kind", "name", "provider", "address", "mode", "zone", "known", "code", "reason",
    ]  # fmt: skip
    assert (found["ben"]["known"], found["ben"]["code"]) == (False, "not_found")
    assert found["ben"]["reason"]


def test_an_outage_makes_that_service_unknown_and_nobody_else(world: Mixed, tmp_path: Path) -> None:
    world.graph.faults.throttle = (503, None)
    found = rows(busy(tmp_path, *EVERYBODY, *days(), "--json"))
    assert {id for id, row in found.items() if not row["known"]} == {"anna", "cleo"}
    assert all(row["reason"] for row in found.values() if not row["known"])


def test_the_table_says_it_to_a_person(world: Mixed, tmp_path: Path) -> None:
    fill(world)
    world.google.world.calendars[ON_GOOGLE[1]].seen = "none"
    result = busy(tmp_path, "hana@testwerk.example", "ben", *days())
    assert result.exit_code == 0
    assert "Hana Maier" in result.stdout and "out_of_office" in result.stdout
    assert "unknown: " in result.stdout


class Counting:
    """A calendar that counts how often it is asked."""

    def __init__(self, inner: Calendar) -> None:
        self.inner = inner
        self.asked: list[list[str]] = []

    def availability(self, addresses: Any, window: Any) -> Any:
        self.asked.append(list(addresses))
        return self.inner.availability(addresses, window)


def test_people_of_one_window_are_asked_for_together(
    world: Mixed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendars = world.connect()
    counting = Counting(calendars["local", Mode.TYPED])
    found = {**calendars, ("local", Mode.TYPED): counting}
    monkeypatch.setattr(wiring, "calendars", lambda *_: found)
    rows(busy(tmp_path, "rolf", "oak", *days(), "--json"))
    assert [sorted(asked) for asked in counting.asked] == [["oak@testwerk.example", "rolf@testwerk.example"]]


def test_a_day_counts_whole_and_in_the_zone_that_is_named(world: Mixed, tmp_path: Path) -> None:
    fill(world)
    there = rows(busy(tmp_path, "hana", *days(), "--zone", "America/New_York", "--json"))["hana"]
    (away,) = there["busy"]
    assert there["zone"] == "America/New_York"
    assert datetime.fromisoformat(away["start"]).hour in (3, 4)
    assert rows(busy(tmp_path, "hana", *days(1, 1), "--json"))["hana"]["busy"] == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("zoe", *days()), "PERSON: 'zoe' is neither a person nor a room of this company; give an id"),
        (
            ("hanna", *days()),
            "PERSON: 'hanna' is neither a person nor a room of this company; did you mean hana?",
        ),
        (("hana", "--from", "2026-03-31", "--to", "2026-03-30"), "--to: is not after --from"),
        (("hana", *days(), "--zone", "Mars/Base"), "--zone: unknown time zone 'Mars/Base'"),
        (("hana", "--from", "yesterday", "--to", "2026-03-30"), "--from: "),
        (("hana", "--from", "2026-03-30", "--to", "9999-12-31"), "--to: "),
        (("hana", "--from", "2026-03-29T02:30", "--to", "2026-03-30"), "--from: "),
        (("", *days()), "PERSON: "),
        (("ha\x00na", *days()), ""),
    ],
)
def test_bad_input_is_one_line(world: Mixed, tmp_path: Path, words: tuple[str, ...], line: str) -> None:
    assert refused(busy(tmp_path, *words)).startswith(line)


def test_somebody_whom_the_company_does_not_know_is_unknown_and_the_others_are_told(
    world: Mixed, tmp_path: Path
) -> None:
    result = busy(tmp_path, "zoe@elsewhere.example", "hana", "hana@testwerk.example", *days(), "--json")
    found = rows(result)
    assert list(found) == ["hana", "zoe@elsewhere.example"]
    stranger = found["zoe@elsewhere.example"]
    assert (stranger["known"], stranger["code"]) == (False, "not_in_company")
    assert stranger["reason"].startswith("'zoe@elsewhere.example' is neither a person nor a room")
    assert "unknown: 'zoe@" in busy(tmp_path, "hana", "zoe@elsewhere.example", *days()).stdout


def test_a_calendars_address_names_its_owner(world: Mixed, tmp_path: Path) -> None:
    assert list(rows(busy(tmp_path, "OAK@testwerk.example", *days(), "--json"))) == ["oak"]


def test_without_a_company_it_says_so(tmp_path: Path) -> None:
    assert "loopwright load" in refused(busy(tmp_path, "hana", *days()))


def credentials(data: Path, name: str, content: bytes, mode: int = 0o600) -> Path:
    folder = data / "credentials"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_provider_that_is_not_set_up_is_unknown_with_its_reason(data: Path) -> None:
    found = rows(busy(data, "hana", "anna", "rolf", *days(), "--json"))
    assert [row["known"] for row in found.values()] == [False, False, True]
    assert "google" in found["hana"]["reason"] and "outlook" in found["anna"]["reason"]


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"type": "service_account"}', b"\xff"])
def test_a_wrong_key_file_is_one_line_and_nobody_elses_problem(data: Path, content: bytes) -> None:
    credentials(data, "google.json", content)
    found = rows(busy(data, "hana", "ben", "rolf", *days(), "--json"))
    assert [row["known"] for row in found.values()] == [False, False, True]
    for id in ("hana", "ben"):
        assert found[id]["reason"]
        assert "\n" not in found[id]["reason"]


def test_credentials_that_others_can_read_are_not_used(data: Path) -> None:
    path = credentials(data, "google.json", key_file(), 0o644)
    found = rows(busy(data, "hana", "rolf", *days(), "--json"))
    assert [row["known"] for row in found.values()] == [False, True]
    assert found["hana"]["reason"] == f"{path}: others can read this file; run: chmod 600 {path}"


def test_a_proxy_of_a_kind_nobody_speaks_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(data, "google.json", key_file())
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example")
    found = rows(busy(data, "hana", "rolf", *days(), "--json"))
    assert [row["known"] for row in found.values()] == [False, True]
    assert "proxy" in found["hana"]["reason"].casefold()


def test_a_revoked_grant_is_unknown_with_what_to_do(
    data: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials(data, "google.json", consent("1//revoked"))
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with intercepting(tmp_path_factory.mktemp("authority")) as (server, bundle):
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        found = rows(busy(data, "hana", "rolf", *days(), "--json"))
    assert [row["known"] for row in found.values()] == [False, True]
    assert found["hana"]["code"] == "auth_revoked"
    assert "1//revoked" not in json.dumps(found)
