"""The same for many loops: a result for each, all or nothing where asked, and reminders that do not pester."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scheduler.api.client import Client
from tests.scheduler.kit import Kit


def _three(api: Client) -> list[str]:
    """One proposed, one that waits for windows, one cancelled."""
    ids = [
        api.loop()["id"],
        api.loop(windows=[], stage_visit="b")["id"],
        api.loop(stage_visit="c")["id"],
    ]
    api.ask(f"/loops/{ids[2]}/cancel", "POST", {}, 202)
    return ids


def _bulk(api: Client, action: str, loops: list[str], **more: Any) -> list[Any]:
    rows: list[Any] = api.ask("/loops/bulk", "POST", {"action": action, "loops": loops, **more})["rows"]
    assert [row["loop"] for row in rows] == loops
    return rows


def _states(api: Client, ids: list[str]) -> list[str]:
    return [api.ask(f"/loops/{id}")["state"] for id in ids]


def test_each_loop_has_its_result(api: Client) -> None:
    ids = _three(api)
    first, second, third, fourth = _bulk(api, "plan", [*ids, "lp_gone"], reason="candidate_asked")
    assert (first["done"], first["state"], first["fault"]) == (True, "planning", None)
    assert second["done"]
    assert (third["done"], third["fault"]["type"]) == (False, "wrong_state")
    assert fourth["fault"] == {"type": "not_found", "detail": "no loop 'lp_gone'"}
    assert _states(api, ids[2:]) == ["cancelled"]
    counts = api.ask("/reasons/counts?from=2026-03-01&to=2026-03-31&zone=UTC")
    assert [(c["code"], c["count"]) for c in counts] == [("candidate_asked", 2)]


def test_together_is_all_or_nothing(api: Client) -> None:
    ids = _three(api)
    before = [api.ask(f"/loops/{id}") for id in ids]
    asked = {"action": "plan", "loops": [ids[0], "lp_gone", ids[2]], "together": True}
    problem = api.refused(422, "/loops/bulk", "POST", json=asked)
    assert [f["field"] for f in problem["errors"]] == ["loops[1]", "loops[2]"]
    assert "nothing was done" in problem["detail"]
    assert [api.ask(f"/loops/{id}") for id in ids] == before
    assert api.kit.jobs.waiting == []
    rows = _bulk(
        api, "cancel", ids[::-1], together=True, message="The position is filled.", reason="position_filled"
    )
    assert {row["state"] for row in rows} == {"cancelled"}


def test_loops_are_given_away_in_bulk(api: Client) -> None:
    ids = _three(api)
    assert all(row["done"] for row in _bulk(api, "assign", ids, owner="hana", together=True))
    assert {row["id"] for row in api.ask("/loops?owner=hana")} == set(ids)
    _bulk(api, "assign", ids[:1])
    assert [row["id"] for row in api.ask("/loops?owner=rolf")] == ids[:1]


def _mails(kit: Kit) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(kit.folder.parent.glob("outbox/**/*.eml"))]


def test_whoever_is_waited_for_is_reminded_once_a_day(api: Client) -> None:
    proposed, waiting, cancelled = _three(api)
    rows = _bulk(api, "remind", [proposed, waiting, cancelled])
    assert [row["done"] for row in rows] == [False, True, False]
    assert "nobody's answer is awaited" in rows[0]["fault"]["detail"]
    (mail,) = [m for m in _mails(api.kit) if "Your times for" in m]
    assert "mara@example.org" in mail
    (row,) = _bulk(api, "remind", [waiting])
    assert "reminded at 2026-03-09 07:00 UTC" in row["fault"]["detail"]
    api.kit.clock.forward(days=1)
    (row,) = _bulk(api, "remind", [waiting])
    assert row["done"]


def test_people_are_reminded_of_the_answers_they_owe(api: Client) -> None:
    loop = api.loop()
    api.ask(f"/proposals/{loop['proposals'][0]['id']}/choose", "POST")
    seats = {s["person"] for i in api.ask(f"/bookings?loop={loop['id']}") for s in i["seats"]}
    (row,) = _bulk(api, "remind", [loop["id"]])
    assert row["done"], row
    asked = [m for m in _mails(api.kit) if "Can you come?" in m]
    emails = {p.email for p in api.kit.company.people if p.id in seats}
    assert len(asked) == len(seats)
    assert all(any(email in m for m in asked) for email in emails)
    assert api.ask(f"/loops/{loop['id']}")["state"] == "confirmed"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"action": "delete", "loops": ["a"]}, "action", "delete"),
        ({"action": "plan", "loops": []}, "loops", "give at least one"),
        ({"action": "plan", "loops": ["a"] * 101}, "loops", "at most 100"),
        ({"action": "plan", "loops": ["a", "b", "a"]}, "loops[2]", "is loops[0] again"),
        ({"action": "assign", "loops": ["a"], "owner": "nobody"}, "owner", "no person 'nobody'"),
        ({"action": "plan", "loops": ["a"], "owner": "hana"}, "owner", "means nothing to plan"),
        ({"action": "assign", "loops": ["a"], "message": "x"}, "message", "means nothing to assign"),
        ({"action": "remind", "loops": ["a"], "reason": "other"}, "reason", "means nothing to remind"),
        ({"action": "cancel", "loops": ["a"], "reason": "workload"}, "reason", "is no reason for cancel"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    api: Client, body: dict[str, Any], field: str, words: str
) -> None:
    problem = api.refused(422, "/loops/bulk", "POST", json=body)
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]
