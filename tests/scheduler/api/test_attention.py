"""What needs a person by API: the list, what is said of a matter and by whom, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.api.attention.models import ADDRESSES
from scheduler.domain.attention.matters import Do
from scheduler.domain.hooks import HookState
from scheduler.services.telling import hooks
from tests.scheduler.api.client import BASE, TOKEN, Client, event
from tests.scheduler.api.test_pages import commands, run

NIGHT = [{"start": "2026-03-11T02:00", "end": "2026-03-11T05:00"}]


def _infeasible(api: Client, **more: Any) -> Any:
    loop = api.loop(windows=NIGHT, **more)
    assert loop["state"] == "infeasible"
    return loop


def _one(api: Client, **more: Any) -> str:
    return f"/attention/loop_infeasible:{_infeasible(api, **more)['id']}"


def _tag(api: Client, path: str) -> dict[str, str]:
    return {"If-Match": api.get(BASE + path).headers["etag"]}


def test_the_list_says_what_can_be_done_and_where(api: Client) -> None:
    loop = _infeasible(api)
    (row,) = api.ask("/attention")
    assert (row["kind"], row["loop"], row["owner"], row["standing"]) == (
        "loop_infeasible",
        loop["id"],
        "rolf",
        "open",
    )
    assert row["about"] == "Mara Lind, Backend Engineer"
    again = next(a for a in row["actions"] if a["name"] == "replan")
    assert (again["method"], again["path"]) == ("POST", f"/api/v1/loops/{loop['id']}/replan")
    assert api.post(again["path"]).status_code == 202
    assert api.ask("/attention/counts") == {"kinds": {}, "owners": {}}, "it is planned just now"


def _same(path: str, pattern: str) -> bool:
    parts = zip(path.split("/"), pattern.split("/"), strict=False)
    return path.count("/") == pattern.count("/") and all(a == b or (a + b).count("{") == 2 for a, b in parts)


def test_every_address_that_is_offered_is_one_of_ours(api: Client) -> None:
    paths = api.ask("/openapi.json")["paths"]
    known = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    assert set(ADDRESSES) == set(Do)
    for method, path in ADDRESSES.values():
        assert any(method == m and _same(BASE + path, p) for m, p in known), (method, path)


def test_filters_pages_and_counts(api: Client) -> None:
    ids = [_infeasible(api, stage_visit=str(n))["id"] for n in range(3)]
    api.ask(f"/loops/{ids[0]}/owner", "PUT", {"owner": "hana"})
    assert [r["loop"] for r in api.ask("/attention?owner=hana")] == [ids[0]]
    assert api.ask("/attention?owner=-") == []
    assert api.ask("/attention?kind=job_stuck,mail_unsent") == []
    assert len(api.ask("/attention?kind=loop_infeasible")) == 3
    assert api.ask("/attention/counts") == {
        "kinds": {"loop_infeasible": 3},
        "owners": {"hana": 1, "rolf": 2},
    }
    first = api.ask("/attention?limit=2")
    rest = api.ask(f"/attention?limit=2&after={first[-1]['place']}")
    assert [*first, *rest] == api.ask("/attention")


def test_it_is_taken_snoozed_closed_and_opened_again(api: Client) -> None:
    path = _one(api)
    taken = api.ask(f"{path}/take", "POST", {"person": "hana"})
    assert (taken["standing"], taken["owner"], taken["taken_by"]) == ("taken", "hana", "hana")
    snoozed = api.ask(
        f"{path}/snooze", "POST", {"until": "2026-03-09T12:00", "zone": "Europe/Berlin", "note": "n"}
    )
    assert (snoozed["standing"], snoozed["snoozed_until"]) == ("snoozed", "2026-03-09T11:00:00Z")
    assert api.ask("/attention") == [] and len(api.ask("/attention?standing=snoozed")) == 1
    closed = api.ask(f"{path}/close", "POST", {"reason": "as_it_should_be", "note": "in May"})
    assert (closed["standing"], closed["reason"], closed["note"]) == ("closed", "as_it_should_be", "in May")
    assert api.ask(path) == closed
    opened = api.ask(f"{path}/reopen", "POST")
    assert (opened["standing"], opened["owner"]) == ("open", "rolf")
    whats = [f["what"] for f in api.ask("/facts?who=api:token") if f["what"].startswith("attention")]
    assert sorted(whats) == ["attention_closed", "attention_reopened", "attention_snoozed", "attention_taken"]


def test_of_two_recruiters_the_second_hears_of_the_first(api: Client) -> None:
    path = _one(api)
    seen = _tag(api, path)
    api.ask(f"{path}/take", "POST", {"person": "hana"}, headers=seen)
    late = api.refused(412, f"{path}/take", "POST", json={"person": "rolf"}, headers=seen)
    assert {"field": "owner", "fault": 'is now "hana"'} .items() <= next(
        e for e in late["errors"] if e["field"] == "owner"
    ).items()  # fmt: skip
    blind = api.refused(409, f"{path}/take", "POST", json={"person": "rolf"})
    assert (
        "is with hana: since 2026-03-09 07:00 UTC; to take it over all the same, send If-Match"
        in blind["detail"]
    )
    assert api.ask(f"{path}/take", "POST", {"person": "rolf"}, headers=_tag(api, path))["owner"] == "rolf"


def test_a_request_that_comes_twice_has_its_effect_once(api: Client) -> None:
    path = _one(api)
    key = {"Idempotency-Key": "k-1"}
    first = api.ask(f"{path}/take", "POST", {"person": "hana"}, headers=key)
    api.ask(f"{path}/reopen", "POST")
    assert api.ask(f"{path}/take", "POST", {"person": "hana"}, headers=key) == first
    assert api.ask(path)["standing"] == "open"


@pytest.mark.parametrize(
    ("what", "body", "field", "words"),
    [
        ("take", {"person": "x"}, "person", "no person 'x'"),
        ("take", {}, "person", "missing"),
        ("snooze", {"until": "2026-03-08T12:00", "zone": "UTC"}, "until", "is not ahead"),
        ("snooze", {"until": "2026-03-19T12:00"}, "until", "is on nobody's clock"),
        ("snooze", {"until": "2026-03-29T02:30", "zone": "Europe/Berlin"}, "until", "skip"),
        ("snooze", {"until": "soon", "zone": "UTC"}, "until", "soon"),
        (
            "close",
            {"reason": "illness"},
            "reason",
            "'illness' is no reason for close; use one of elsewhere, as_it",
        ),
        ("close", {}, "reason", "missing"),
    ],
)
def test_what_is_refused_names_the_field(api: Client, what: str, body: Any, field: str, words: str) -> None:
    path = _one(api)
    before = api.ask(path)
    problem = api.refused(422, f"{path}/{what}", "POST", json=body)
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]
    assert api.ask(path) == before


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("kind=loop", "kind", "'loop' is none"),
        ("standing=opened", "standing", "did you mean 'open'"),
        ("after=zzz", "after", "is no place in the list; give the place of the last row"),
        ("owners=rolf", "owners", "is no parameter"),
    ],
)
def test_questions_that_mean_nothing_are_refused(api: Client, query: str, field: str, words: str) -> None:
    problem = api.refused(422, f"/attention?{query}")
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]


def test_what_is_gone_is_not_found(api: Client) -> None:
    path = _one(api)
    loop = path.rpartition(":")[2]
    api.ask(f"/loops/{loop}/cancel", "POST", {}, 202)
    for what, body in (("", None), ("/take", {"person": "hana"}), ("/reopen", None)):
        problem = api.refused(404, path + what, "POST" if what else "GET", json=body)
        assert problem["detail"] == f"no matter 'loop_infeasible:{loop}'"


def test_reminders_have_an_address(api: Client) -> None:
    loop = api.loop(windows=[])
    api.kit.clock.forward(days=3)
    (row,) = api.ask("/attention")
    remind = row["actions"][0]
    assert (remind["name"], remind["path"]) == ("remind", f"/api/v1/loops/{loop['id']}/remind")
    assert api.ask(remind["path"].removeprefix(BASE), "POST", None, 202)["id"] == loop["id"]
    problem = api.refused(409, remind["path"].removeprefix(BASE), "POST")
    assert "wait a day" in problem["detail"]
    assert (
        "none of its mails could not be sent"
        in api.refused(409, f"/loops/{loop['id']}/send-again", "POST")["detail"]
    )


def test_messages_are_worked_on_again(api: Client) -> None:
    told = event(application={**event()["data"]["application"], "recruiter": "nobody"})
    delivery = api.deliver(told).json()["delivery"]
    api.kit.run()
    (row,) = api.ask("/attention?kind=webhook_dead_letter&owner=-")
    again = row["actions"][0]["path"].removeprefix(BASE)
    assert api.ask(again, "POST", None, 202)["outcome"] == ""
    assert api.ask(f"/webhooks/deliveries/{delivery}")["outcome"].startswith("dead_letter: ")
    api.deliver(event(), id="msg-2")
    api.kit.run()
    good = api.deliver(event(), id="msg-2").json()["delivery"]
    assert "only a dead letter" in api.refused(409, f"/webhooks/deliveries/{good}/replay", "POST")["detail"]
    assert api.refused(404, "/webhooks/deliveries/x/replay", "POST")["type"] == "not_found"


def test_others_are_told_of_it_by_ids_alone(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks.wire, "post", lambda *_, **__: hooks.wire.Posted(410))
    made = api.ask("/hooks", "POST", {"url": "https://ats.example.com/hook", "types": ["attention.*"]}, 201)
    path = _one(api)
    api.ask(f"{path}/close", "POST", {"reason": "other", "note": "a word"})
    (message,) = api.ask(f"/hooks/{made['id']}/deliveries")
    assert message["type"] == "attention.closed"
    assert "a word" not in message["body"] and path.removeprefix("/attention/") in message["body"]
    hook = api.ask(f"/hooks/{made['id']}")
    assert hook["state"] == HookState.DISABLED
    (row,) = api.ask("/attention?kind=webhook_disabled")
    assert row["actions"][0]["path"] == f"{BASE}/hooks/{made['id']}/enable"


def test_the_page_does_what_it_says(api: Client) -> None:
    matter = _one(api).removeprefix("/attention/")
    names = {"AUTH": f"Authorization: Bearer {TOKEN}", "MATTER": matter}
    found = [run(api, command, names) for command in commands("attention.md")]
    assert [r["id"] for r in found[0]] == [r["id"] for r in found[1]] == [matter]
    assert found[2]["owners"] == {"rolf": 1}
    assert [f["standing"] for f in found[3:6]] == ["taken", "snoozed", "closed"]
    assert [r["standing"] for r in found[6]] == ["closed"]
    assert found[7]["standing"] == "open"
