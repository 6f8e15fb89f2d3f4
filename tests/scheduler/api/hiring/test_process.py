"""Where an application stands, by API; decisions and pivots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scheduler.api.client import BASE, Client
from tests.scheduler.kit import Kit
from tests.scheduler.services.hiring.process.kit import asked, company, enters, held
from tests.stories.kit import MARA

AT = f"/applications/{MARA.id}"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = company(tmp_path)
    enters(made, "Screen")
    held(made, asked(made, "Screen"))
    return made


@pytest.fixture
def api(kit: Kit) -> Iterator[Client]:
    with Client(kit) as client:
        yield client


def test_shown_decided_once_and_again_by_the_same_key(api: Client) -> None:
    shown = api.get(f"{BASE}{AT}/process")
    body = shown.json()
    assert [(s["stage"], s["target_days"], s["gate"]) for s in body["stages"]] == [
        ("Screen", 5, True),
        ("Exercise", 7, False),
        ("Onsite", None, True),
    ]
    here = body["stages"][0]
    assert (here["present"], here["waits_for"], here["whom"]) == (True, "decision", ["hana"])
    go = {"stage": "Screen", "verdict": "go", "note": "yes"}
    headers = {"Idempotency-Key": "k1", "If-Match": shown.headers["etag"]}
    first = api.post(f"{BASE}{AT}/decide", json=go, headers=headers)
    again = api.post(f"{BASE}{AT}/decide", json=go, headers=headers)
    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json() == {"stage": "Exercise", "loop": "", "why": "this stage asks for no loop", "kept": []}
    api.refused(409, f"{AT}/decide", "POST", json=go)
    stale = api.post(
        f"{BASE}{AT}/decide", json={**go, "stage": "Exercise"}, headers={"If-Match": headers["If-Match"]}
    )
    assert stale.status_code == 412
    opened = api.ask(f"{AT}/decide", "POST", {"stage": "Exercise", "verdict": "go"})
    assert opened["stage"] == "Onsite" and opened["loop"]


def test_pivoted(api: Client) -> None:
    opened = api.ask(f"{AT}/pivot", "POST", {"job": "Data Engineer"})
    assert (opened["stage"], opened["kept"]) == ("Rounds", ["first"])
    now = api.ask(f"{AT}/process")
    assert (now["job"], now["process"]) == ("Data Engineer", "data")
    api.refused(422, f"{AT}/pivot", "POST", json={"job": "Data Engineer"})


def test_what_is_not_there_or_not_said(api: Client) -> None:
    api.refused(404, "/applications/none/process")
    api.refused(404, "/applications/none/decide", "POST", json={"stage": "Screen", "verdict": "go"})
    api.refused(422, f"{AT}/decide", "POST", json={"stage": "Screen", "verdict": "perhaps"})
    api.refused(422, f"{AT}/decide", "POST", json={"verdict": "go"})
