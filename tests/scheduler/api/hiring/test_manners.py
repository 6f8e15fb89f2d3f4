"""Every address that changes something, called as it is meant to be: one that is stale stops it and nothing has happened,
the same request twice has its effect once, and what is got has a tag by which it is known again.

What may be done is taken from the description of the API; an address for which there is no call here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.loops import LoopState
from scheduler.services.asking import leaving
from scheduler.services.telling import hooks
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.scheduler.api.client import APPLICATION, BASE, DAYS, Client, event, occupy, wanted
from tests.scheduler.services.hiring.kit import Hiring, company_text, connected

ALONE = {
    ("post", "/loops/{loop_id}/try"),  # changes nothing
    ("post", "/exports"),  # asks, and changes nothing
    ("post", "/webhooks/{system}/{connection}"),  # a message is known by its signature
    ("post", "/webhooks/stage"),  # told by `test_once.py`, since it is signed
    ("post", "/push/google"),
    ("post", "/push/microsoft"),
    ("delete", "/sessions/{session_id}"),  # a session is only ended
    ("delete", "/me/sessions/{session_id}"),
}
MOVED = "/loops/{loop_id}/accept-move"
"""No event was moved: it is refused for that first. `test_once.py` tells of its key."""
TOLD_ONCE = {"/links", "/tokens"}
"""Whose answer holds a secret that is kept nowhere: the second is told that it was made."""


PROCESSES = "[{id: usual, stages: [{stage: Review}]}]"


@pytest.fixture
def hiring(tmp_path: Path) -> Iterator[Hiring]:
    """One plan is enough."""
    with connected(tmp_path, GreenhouseServer, company_text(alternatives="1", processes=PROCESSES)) as found:
        yield found


@dataclass(frozen=True)
class Deed:
    """One call; ``path`` is the address with its ids, ``route`` as the description has it."""

    method: str
    route: str
    path: str
    body: Any = None


@pytest.fixture
def api(hiring: Hiring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(hooks.wire, "post", lambda *_, **__: hooks.wire.Posted(200))
    hiring.kit.app = replace(hiring.kit.app, base_url="https://loops.example.com")
    with Client(hiring.kit) as client:
        yield client


def deeds(api: Client, hiring: Hiring) -> Iterator[Deed]:
    yield from _company(api)
    yield from _accounts(api)
    yield from _hooks(api)
    yield from _hiring(api, hiring)
    yield from _loops(api)
    yield from _without_a_plan(api)
    yield from _batches(api)
    yield from _process(api)
    yield Deed("post", "/erasures", "/erasures", {"email": "c0@example.org"})


def _company(api: Client) -> Iterator[Deed]:
    whole = api.ask("/company")
    yield Deed("put", "/company", "/company", whole)
    for kind, id in (("people", "hana"), ("pools", "engineers"), ("rooms", "oak"), ("templates", "short")):
        body = next(e for e in whole[kind] if e["id"] == id)
        yield Deed("put", f"/{kind}/{{id}}", f"/{kind}/{id}", body)
    yield Deed("put", "/applications/{application_id}", "/applications/app-1", APPLICATION)


def _accounts(api: Client) -> Iterator[Deed]:
    rolf = {"name": "Rolf", "email": "rolf@example.com", "person": "rolf", "roles": [{"role": "recruiter"}]}
    api.ask("/users/rolf", "PUT", rolf)
    yield Deed("put", "/users/{user_id}", "/users/rolf", {**rolf, "name": "Rolf W."})
    yield Deed("post", "/tokens", "/tokens", {"name": "x", "roles": [{"role": "auditor"}], "days": 7})
    yield Deed("delete", "/tokens/{token_id}", f"/tokens/{api.ask('/tokens')[0]['id']}")


def _hooks(api: Client) -> Iterator[Deed]:
    yield Deed("post", "/hooks", "/hooks", {"url": "https://ats.example.com/hook", "types": ["loop.*"]})
    hook = f"/hooks/{api.ask('/hooks')[0]['id']}"
    api.ask("/loops", "POST", wanted(stage_visit="hooks", windows=[]), 202)
    message = api.ask(f"{hook}/deliveries")[0]["id"]
    yield Deed("post", "/hooks/{hook_id}/rotate", f"{hook}/rotate", {"overlap_hours": 1})
    yield Deed("post", "/hooks/{hook_id}/enable", f"{hook}/enable")
    one = "/hooks/{hook_id}/deliveries/{delivery_id}/replay"
    yield Deed("post", one, f"{hook}/deliveries/{message}/replay")
    yield Deed("post", "/hooks/{hook_id}/replay", f"{hook}/replay", {"state": "done", "since": 1})
    yield Deed("delete", "/hooks/{hook_id}", hook)


def _hiring(api: Client, hiring: Hiring) -> Iterator[Deed]:
    two, at = "/connections/two", "/connections/{connection_id}"
    yield Deed("post", "/connections", "/connections", {"id": "two", "system": "workable", "name": "Second"})
    yield Deed("patch", at, two, {"writes": False})
    yield Deed("post", f"{at}/rotate", f"{two}/rotate", {"overlap_hours": 1})
    yield Deed("delete", at, two)
    yield Deed("post", f"{at}/read", "/connections/main/read")
    theirs = next(m["theirs"] for m in api.ask("/connections/main/matches?kind=person"))
    match = f"/connections/main/matches/person/{theirs}"
    yield Deed("put", f"{at}/matches/{{kind}}/{{theirs}}", match, {"ours": "hana"})
    hiring.advance(hiring.apply(), "Decision")
    (nothing,) = api.ask("/advances")
    yield Deed("post", "/advances/{advance_id}/retry", f"/advances/{nothing['id']}/retry")
    yield Deed("post", "/inbox/{delivery_id}/replay", f"/inbox/{api.ask('/inbox')[0]['id']}/replay")
    late, at = "/automations/late", "/automations/{automation_id}"
    api.ask(late, "PUT", {"stage": "Offer", "template": "short"})
    yield Deed("put", at, late, {"stage": "Talks", "template": "short"})
    yield Deed("post", f"{at}/pause", f"{late}/pause")
    yield Deed("post", f"{at}/resume", f"{late}/resume")
    yield Deed("post", "/automations/pause", "/automations/pause")
    yield Deed("post", "/automations/resume", "/automations/resume")
    since = {"since": hiring.kit.clock().isoformat()}
    yield Deed("post", f"{at}/undo", f"{late}/undo", since)
    yield Deed("delete", at, late)
    told = event(application={**APPLICATION, "recruiter": "nobody"})
    dead = api.deliver(told).json()["delivery"]
    api.kit.run()
    route = "/webhooks/deliveries/{delivery_id}/replay"
    yield Deed("post", route, f"/webhooks/deliveries/{dead}/replay")


def _loops(api: Client) -> Iterator[Deed]:
    at = "/loops/{loop_id}"
    yield Deed("post", "/loops", "/loops", wanted("short", stage_visit="one"))
    (found,) = api.ask("/loops?state=proposed")
    loop = f"/loops/{found['id']}"
    yield Deed("post", "/links", "/links", {"purpose": "follow", "loop": found["id"]})
    link = api.ask(f"/links?loop={found['id']}")[0]["id"]
    yield Deed("post", "/links/{link_id}/revoke", f"/links/{link}/revoke", {})
    yield Deed("post", f"{at}/change", f"{loop}/change", {"zone": "Europe/Berlin", "windows": DAYS})
    yield Deed("post", f"{at}/replan", f"{loop}/replan", {"reason": "candidate_asked"})
    yield Deed("post", f"{at}/ask-candidate", f"{loop}/ask-candidate")
    yield Deed("put", f"{at}/owner", f"{loop}/owner", {"owner": "hana"})
    bulk = {"action": "assign", "owner": "rolf", "loops": [found["id"]]}
    yield Deed("post", "/loops/bulk", "/loops/bulk", bulk)
    plan = next(p["id"] for p in api.ask(loop)["proposals"] if p["state"] == "offered")
    yield Deed("post", "/proposals/{proposal_id}/choose", f"/proposals/{plan}/choose")
    with api.kit.app.db.write() as tx:
        failed = "UPDATE lw_ledger SET state = 'failed' WHERE write = 'mail' AND loop = ?"
        tx.connection.exec_driver_sql(failed, (found["id"],))
    yield Deed("post", f"{at}/send-again", f"{loop}/send-again")
    lock = {"changes": [{"do": "lock", "interview": "talk", "time": True}]}
    version = api.ask(f"{loop}/try", "POST", lock)["version"]
    yield Deed("post", f"{at}/apply", f"{loop}/apply", {**lock, "version": version})
    yield Deed("post", f"{at}/undo", f"{loop}/undo", {"reason": "candidate_asked"})
    yield Deed("post", f"{at}/remind", f"{loop}/remind")
    _needs_attention(api, found["id"])
    yield Deed("post", f"{at}/repair", f"{loop}/repair")
    yield Deed("post", f"{at}/accept-move", f"{loop}/accept-move")
    yield Deed("post", f"{at}/cancel", f"{loop}/cancel", {"message": "Sorry.", "reason": "position_filled"})


def _needs_attention(api: Client, loop: str) -> None:
    with api.kit.app.db.write() as tx:
        tx.loops.move(
            loop,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.CONFIRMED},
            actor="t",
            cause="t",
            at=api.kit.clock(),
        )


def _without_a_plan(api: Client) -> Iterator[Deed]:
    occupy(api.kit, "hana@example.com", "2026-03-11T00:00+01:00", "2026-03-14T00:00+01:00")
    loop = api.loop("short", stage_visit="away")["id"]
    matter = f"/attention/loop_infeasible:{loop}"
    yield Deed("post", "/attention/{matter_id}/take", f"{matter}/take", {"person": "hana"})
    until = {"until": "2026-03-20T12:00", "zone": "Europe/Berlin"}
    yield Deed("post", "/attention/{matter_id}/snooze", f"{matter}/snooze", until)
    closed = {"reason": "as_it_should_be"}
    yield Deed("post", "/attention/{matter_id}/close", f"{matter}/close", closed)
    yield Deed("post", "/attention/{matter_id}/reopen", f"{matter}/reopen")
    fixes = {fix["how"]: f"/loops/{loop}/fixes/{fix['id']}" for fix in api.ask(f"/loops/{loop}/fixes")}
    at = "/loops/{loop_id}/fixes/{fix_id}"
    yield Deed("post", at, fixes["ask_people"])
    yield Deed("post", f"{at}/answer", f"{fixes['ask_people']}/answer", {"agreed": False})


def _batches(api: Client) -> Iterator[Deed]:
    body = {"window": DAYS[0], "zone": "Europe/Berlin"}

    counted = count()

    def loops() -> list[str]:
        n = next(counted)
        candidate = {**APPLICATION["candidate"], "email": f"c{n}@example.org"}
        more = {"application": {**APPLICATION, "id": f"app-{n}", "candidate": candidate}}
        return [api.ask("/loops", "POST", wanted("short", **more), 202)["id"]]

    yield Deed("post", "/batches", "/batches", {**body, "loops": loops()})
    at = "/batches/{batch_id}"
    with api.kit.app.db.read() as tx:
        made = tx.connection.exec_driver_sql("SELECT id FROM lw_batches").scalar_one()
    yield Deed("post", f"{at}/repack", f"/batches/{made}/repack", {})
    yield Deed("post", f"{at}/choose", f"/batches/{made}/choose")
    other = api.post(f"{BASE}/batches", json={**body, "loops": loops()}).json()["id"]
    yield Deed("post", f"{at}/cancel", f"/batches/{other}/cancel")


def _process(api: Client) -> Iterator[Deed]:
    one, at = "/applications/app-process", "/applications/{application_id}"
    api.ask(one, "PUT", {**APPLICATION, "id": "app-process"})
    with api.kit.app.db.write() as tx:
        leaving.entered(api.kit.app, tx, "app-process", "Review", "t", api.kit.clock())
    yield Deed("post", f"{at}/decide", f"{one}/decide", {"stage": "Review", "verdict": "go"})
    yield Deed("post", f"{at}/pivot", f"{one}/pivot", {"job": "Another job"})


def _facts(api: Client) -> int:
    with api.kit.app.db.read() as tx:
        return int(tx.connection.exec_driver_sql("SELECT count(*) FROM lw_facts").scalar() or 0)


def _stale(api: Client, deed: Deed, described: Any) -> None:
    before = _facts(api)
    answer = api.request(deed.method, BASE + deed.path, json=deed.body, headers={"If-Match": '"another"'})
    assert answer.status_code == (409 if deed.route == MOVED else 412), (deed, answer.text)
    assert answer.json()["type"] in ("stale", "wrong_state")
    assert str(answer.status_code) in described["responses"], deed
    assert _facts(api) == before, deed


def _twice(api: Client, deed: Deed, described: Any, key: str) -> None:
    def call() -> Any:
        return api.request(deed.method, BASE + deed.path, json=deed.body, headers={"Idempotency-Key": key})

    first = call()
    assert first.is_success, (deed, first.text)
    then, again = _facts(api), call()
    for answer in (first, again):
        assert str(answer.status_code) in described["responses"], (deed, answer.text)
    assert _facts(api) == then, (deed, "had its effect twice")
    if deed.route in TOLD_ONCE:
        assert again.status_code == 409 and "told once and not kept" in again.text
    else:
        assert (again.status_code, again.json()) == (first.status_code, first.json()), deed


def test_every_change_is_stopped_by_a_stale_tag_and_every_post_has_its_effect_once(
    api: Client, hiring: Hiring
) -> None:
    described = api.get(f"{BASE}/openapi.json").json()["paths"]
    every = {
        (method, path.removeprefix(BASE))
        for path, methods in described.items()
        for method in methods
        if method != "get"
    }
    done = set()
    for n, deed in enumerate(deeds(api, hiring)):
        about = described[BASE + deed.route][deed.method]
        names = {p["name"] for p in about.get("parameters", [])}
        if "If-Match" in names:
            _stale(api, deed, about)
        done.add((deed.method, deed.route))
        if deed.route == MOVED:
            continue
        if "Idempotency-Key" in names:
            _twice(api, deed, about, f"key-{n}")
        else:
            answer = api.request(deed.method, BASE + deed.path, json=deed.body)
            assert answer.is_success, (deed, answer.text)
        api.kit.run()
    assert every - done == ALONE
