"""Hooks by API: made with a secret that is told once, looked at, sent again, removed; nobody's inside is called."""

from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook

from scheduler.services.telling import hooks as sending
from tests.scheduler.api.client import BASE, TOKEN, Client
from tests.scheduler.kit import Kit

URL = "https://ats.example.com/hook"


def _made(api: Client, **more: object) -> dict[str, str]:
    found: dict[str, str] = api.ask("/hooks", "POST", {"url": URL, **more}, 201)
    return found


def test_the_secret_is_told_once(api: Client) -> None:
    made = _made(api, types=["seat.*", "loop.moved"])
    secret = made.pop("secret")
    assert len(Webhook(secret)._whsecret) == 32
    assert api.ask(f"/hooks/{made['id']}") == made
    assert api.ask("/hooks") == [made]
    assert made["types"] == ["seat.*", "loop.moved"]
    told = json.dumps([api.ask("/facts"), api.ask("/changes"), api.ask(f"/hooks/{made['id']}/deliveries")])
    assert secret not in told and URL not in told
    assert _made(api)["secret"] != secret


def test_a_hook_is_removed_with_what_it_was_sent(api: Client) -> None:
    made = _made(api)
    assert api.delete(f"{BASE}/hooks/{made['id']}").status_code == 204
    for path, method in (
        ("", "GET"),
        ("", "DELETE"),
        ("/deliveries", "GET"),
        ("/enable", "POST"),
        ("/replay", "POST"),
    ):
        assert api.refused(404, f"/hooks/{made['id']}{path}", method)["type"] == "not_found"
    assert [f["what"] for f in api.ask("/facts?who=api:token") if "hook" in f["what"]] == [
        "hook_added",
        "hook_removed",
    ]


def test_messages_are_listed_in_pages_and_sent_again(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending.wire, "post", lambda *_, **__: sending.wire.Posted(500))
    made = _made(api, types=["loop.*"])
    api.loop()
    every = api.ask(f"/hooks/{made['id']}/deliveries")
    assert len(every) >= 3
    assert [d["fact"] for d in every] == sorted((d["fact"] for d in every), reverse=True)
    first = api.ask(f"/hooks/{made['id']}/deliveries?limit=1")
    rest = api.ask(f"/hooks/{made['id']}/deliveries?after={first[0]['id']}")
    assert [*first, *rest] == every
    tried = [d for d in every if d["attempts"]]
    assert {(d["status"], d["error"], d["state"]) for d in tried} == {(500, "answered with 500", "todo")}
    assert api.ask(f"/hooks/{made['id']}/deliveries?state=done") == []
    monkeypatch.setattr(sending.wire, "post", lambda *_, **__: sending.wire.Posted(200))
    api.kit.clock.forward(minutes=6)
    again = api.ask(f"/hooks/{made['id']}/deliveries/{tried[0]['id']}/replay", "POST", None, 202)
    assert (again["id"], again["attempts"]) == (tried[0]["id"], 0)
    assert {d["state"] for d in api.ask(f"/hooks/{made['id']}/deliveries")} == {"done"}
    assert api.ask(
        f"/hooks/{made['id']}/replay", "POST", {"state": "done", "since": every[0]["fact"]}, 202
    ) == {"count": 1}
    assert "no delivery 'x'" in api.refused(422, f"/hooks/{made['id']}/deliveries?after=x")["detail"]
    assert api.refused(404, f"/hooks/{made['id']}/deliveries/x/replay", "POST")["type"] == "not_found"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"url": "http://example.com/"}, "url", "is not https"),
        ({"url": "https://169.254.169.254/latest"}, "url", "is not a public address"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url", "list it in LOOPWRIGHT_HOOK_HOSTS"),
        ({"url": ""}, "url", "is empty"),
        ({"url": URL, "types": ["loop.*", "mail.sent"]}, "types[1]", "all of loop.*, proposal.*"),
        ({"url": URL, "types": ["everything"]}, "types[0]", "is not in the form wanted"),
        ({"url": URL, "secret": "mine"}, "secret", ""),
        ({}, "url", "missing"),
    ],
)
def test_what_may_not_be_called_is_refused(
    api: Client, body: dict[str, object], field: str, words: str
) -> None:
    problem = api.refused(422, "/hooks", "POST", json=body)
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]
    assert api.ask("/hooks") == []


def test_nobody_makes_hooks_without_limit(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_HOOKS", 2)
    _made(api), _made(api)
    assert "remove one first" in api.refused(422, "/hooks", "POST", json={"url": URL})["detail"]


def _kept(kit: Kit) -> str:
    with kit.app.db.read() as tx:
        return str(tx.connection.exec_driver_sql("SELECT group_concat(body) FROM lw_answers").scalar())


def test_a_secret_lies_in_no_answer_that_is_kept(api: Client) -> None:
    again = {"headers": {"Idempotency-Key": "k-1"}}
    made = api.ask("/hooks", "POST", {"url": URL}, 201, **again)
    assert made["secret"] not in _kept(api.kit) and made["id"] in _kept(api.kit)
    assert api.ask("/hooks", "POST", {"url": URL}, 201, **again) == made
    key = {"headers": {"Idempotency-Key": "k-2"}}
    changed = api.ask(f"/hooks/{made['id']}/rotate", "POST", {"overlap_hours": 1}, **key)
    assert changed["secret"] not in _kept(api.kit)
    assert api.ask(f"/hooks/{made['id']}/rotate", "POST", {"overlap_hours": 1}, **key) == changed
    assert api.ask("/hooks", "POST", {"url": URL}, 201, **again) == made, "it still counts"
    api.kit.clock.forward(hours=2)
    sending.sweep(api.kit.app)
    problem = api.refused(409, "/hooks", "POST", json={"url": URL}, **again)
    assert "the secret of that answer is told once and not kept" in problem["detail"]
    assert len(api.ask("/hooks")) == 1


def test_the_secret_is_changed_by_whoever_knows_the_hook_as_it_is(api: Client) -> None:
    made = _made(api)
    tag = api.get(f"{BASE}/hooks/{made['id']}").headers["etag"]
    first = api.ask(f"/hooks/{made['id']}/rotate", "POST", headers={"If-Match": tag})
    assert first["secret"] != made["secret"] and first["old_until"] == "2026-03-10T07:00:00Z"
    late = api.refused(412, f"/hooks/{made['id']}/rotate", "POST", headers={"If-Match": tag})
    assert [e["field"] for e in late["errors"]] == ["old_until"]
    at_once = api.ask(f"/hooks/{made['id']}/rotate", "POST", {"overlap_hours": 0})
    assert at_once["old_until"] is None
    assert api.refused(404, "/hooks/hk_0/rotate", "POST")["type"] == "not_found"
    for hours in (-1, 169, "a day"):
        problem = api.refused(422, f"/hooks/{made['id']}/rotate", "POST", json={"overlap_hours": hours})
        assert problem["errors"][0]["field"] == "overlap_hours"
    told = api.ask("/facts?what=hook_rotated")
    assert len(told) == 2 and at_once["secret"] not in json.dumps(told)


def test_hooks_need_a_token(kit: Kit) -> None:
    assert Client(kit, api_token=TOKEN).post(f"{BASE}/hooks", json={"url": URL}).status_code == 401
