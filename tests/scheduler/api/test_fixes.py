"""Fixes by API: told as data, carried out once, refused in words; and what a loop was let off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scheduler.api.client import BASE, TOKEN, Client
from tests.scheduler.api.test_pages import commands, run

FAR = [{"start": "2026-04-13T09:00", "end": "2026-04-13T17:00"}]
SHORT = [{"start": "2026-03-11T09:00", "end": "2026-03-11T10:00"}]


def _fix(api: Client, windows: Any = FAR, how: str = "apply") -> tuple[Any, Any]:
    loop = api.loop(windows=windows)
    return loop, next(f for f in api.ask(f"/loops/{loop['id']}/fixes") if f["how"] == how)


def test_a_fix_is_data_and_carried_out_by_its_address(api: Client) -> None:
    loop, fix = _fix(api)
    assert fix["text"] == loop["fixes"][0]
    assert fix["changes"][0]["kind"] == "horizon" and fix["state"] == "offered"
    assert [p["interview"] for p in fix["plan"]] == ["talk", "panel", "debrief"]
    (row,) = api.ask("/attention")
    action = row["actions"][0]
    assert (action["name"], action["text"]) == ("fix", fix["text"])
    path = action["path"].removeprefix(BASE)
    done = api.ask(path, "POST", {"reason": "urgent", "note": "n"}, 202)
    assert (done["applied"], done["mails"], done["loop"]["state"]) == (True, 0, "planning")
    assert api.ask(f"/loops/{loop['id']}")["state"] == "proposed"
    (kept,) = api.ask(f"/loops/{loop['id']}/exemptions")
    assert (kept["actor"], kept["reason"], kept["note"]) == ("api:token", "urgent", "n")
    assert api.ask(f"/loops/{loop['id']}/fixes") == []


def test_the_candidate_is_asked_and_answers(api: Client) -> None:
    loop, fix = _fix(api, SHORT, "ask_candidate")
    path = f"/loops/{loop['id']}/fixes/{fix['id']}"
    asked = api.ask(path, "POST", None, 202)
    assert (asked["applied"], asked["mails"], asked["fix"]["state"]) == (False, 1, "asked")
    assert asked["fix"]["asked_at"] == "2026-03-09T07:00:00Z"
    api.ask(f"{path}/answer", "POST", {"agreed": True}, 202)
    assert api.ask(f"/loops/{loop['id']}")["state"] == "proposed"


def test_it_has_its_effect_once_and_heeds_what_was_seen(api: Client) -> None:
    loop, fix = _fix(api)
    path = f"/loops/{loop['id']}/fixes/{fix['id']}"
    tag = {"If-Match": api.get(f"{BASE}/loops/{loop['id']}").headers["etag"]}
    api.ask(f"/loops/{loop['id']}/owner", "PUT", {"owner": "hana"})
    stale = api.refused(412, path, "POST", json={"reason": "urgent"}, headers=tag)
    assert "owner" in {e["field"] for e in stale["errors"]}
    key = {"Idempotency-Key": "k-1"}
    first = api.ask(path, "POST", {"reason": "urgent"}, 202, headers=key)
    assert api.ask(path, "POST", {"reason": "urgent"}, 202, headers=key) == first
    assert len(api.ask(f"/loops/{loop['id']}/exemptions")) == 1


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "reason", "a rule is overridden for a reason"),
        ({"reason": "workload"}, "reason", "is no reason for override"),
        ({"reason": "urgent", "by": "me"}, "by", ""),
    ],
)
def test_what_is_refused_names_the_field(api: Client, body: Any, field: str, words: str) -> None:
    loop, fix = _fix(api)
    problem = api.refused(422, f"/loops/{loop['id']}/fixes/{fix['id']}", "POST", json=body)
    assert problem["errors"][0]["field"] == field and words in problem["detail"]
    assert api.ask(f"/loops/{loop['id']}")["state"] == "infeasible"


def test_what_is_not_there_is_not_found(api: Client) -> None:
    loop, _ = _fix(api)
    for path in ("/loops/lp_0/fixes", "/loops/lp_0/exemptions"):
        assert api.refused(404, path)["type"] == "not_found"
    assert api.refused(404, f"/loops/{loop['id']}/fixes/fx_0", "POST")["detail"] == "no fix 'fx_0'"
    never = api.refused(
        409, f"/loops/{loop['id']}/fixes/{_fix_id(api, loop)}/answer", "POST", json={"agreed": True}
    )
    assert "whoever it needs has to be asked first" in never["detail"]


def _fix_id(api: Client, loop: Any) -> str:
    return str(api.ask(f"/loops/{loop['id']}/fixes")[0]["id"])


def test_the_page_does_what_it_says(api: Client) -> None:
    loop, fix = _fix(api)
    names = {"AUTH": f"Authorization: Bearer {TOKEN}", "LOOP": loop["id"], "FIX": fix["id"]}
    found = [run(api, command, names) for command in commands("explanations.md")]
    assert fix in found[0] and found[1]["applied"]
    assert found[2][0]["fix"] == fix["id"]
