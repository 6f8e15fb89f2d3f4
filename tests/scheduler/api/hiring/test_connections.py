"""Connections, matches and advances by API."""

from __future__ import annotations

from tests.scheduler.api.client import BASE, Client
from tests.scheduler.services.hiring.kit import Hiring

WANTED = {"id": "two", "system": "workable", "name": "Second"}


def test_made_changed_rotated_and_removed(api: Client) -> None:
    made = api.ask("/connections", "POST", WANTED, 201)
    assert len(made["secret"]) > 24
    shown = api.ask("/connections/two")
    assert "secret" not in shown and "credentials" not in shown
    assert [c["id"] for c in api.ask("/connections")] == ["main", "two"]
    assert api.ask("/connections/two", "PATCH", {"writes": False})["writes"] is False
    turned = api.ask("/connections/two/rotate", "POST", {"overlap_hours": 1})
    assert turned["secret"] != made["secret"] and turned["old_until"]
    answer = api.delete(f"{BASE}/connections/two")
    assert answer.status_code == 204
    api.refused(404, "/connections/two")


def test_a_secret_is_told_once_and_again_only_to_its_key(api: Client) -> None:
    headers = {"idempotency-key": "k1"}
    first = api.ask("/connections", "POST", WANTED, 201, headers=headers)
    assert api.ask("/connections", "POST", WANTED, 201, headers=headers) == first
    with api.kit.app.db.read() as tx:
        kept = tx.connection.exec_driver_sql("SELECT body FROM lw_answers").scalars().all()
    assert kept and all(first["secret"] not in body for body in kept)


def test_a_stale_change_is_refused(api: Client) -> None:
    tag = api.get(f"{BASE}/connections/main").headers["etag"]
    api.ask("/connections/main", "PATCH", {"name": "Other"}, headers={"if-match": tag})
    api.refused(412, "/connections/main", "PATCH", json={"name": "Third"}, headers={"if-match": tag})


def test_people_are_read_listed_and_said(api: Client, hiring: Hiring) -> None:
    world = hiring.server.world
    world.users[world.manager] = ("Gast Geber", "gast@elsewhere.example")
    assert api.ask("/connections/main/read", "POST")["count"] > 5
    unknown = api.ask("/connections/main/matches?kind=person&unknown=true")
    assert world.manager in [m["theirs"] for m in unknown]
    hiring.advance(hiring.apply(), "Talks")
    (waits,) = api.ask("/advances?state=waiting")
    assert waits["missing"] == [world.manager]
    said = api.ask(f"/connections/main/matches/person/{world.manager}", "PUT", {"ours": "hana"})
    assert said["how"] == "hand"
    (done,) = api.ask("/advances")
    assert (done["state"], done["loop"] is not None) == ("started", True)
    api.refused(422, f"/connections/main/matches/person/{world.manager}", "PUT", json={"ours": "x"})
    api.refused(409, f"/advances/{done['id']}/retry", "POST")


def test_an_advance_that_asked_for_nothing_is_looked_at_again(api: Client, hiring: Hiring) -> None:
    hiring.advance(hiring.apply(), "Decision")
    (nothing,) = api.ask("/advances")
    assert nothing["state"] == "nothing"
    api.ask("/automations/late", "PUT", {"stage": "Decision", "template": "short"})
    assert api.ask("/advances")[0]["state"] == "nothing"
    assert api.ask(f"/advances/{nothing['id']}/retry", "POST", status=202)["state"] == "waiting"
    assert api.ask(f"/advances/{nothing['id']}")["state"] == "started"
