"""Nobody's change is lost: what was got has a tag, and a change that names a stale one says what has changed since."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scheduler.api.conditional.conditions import Conditions, parse, tag_of
from scheduler.domain.errors import BadInput, Stale
from scheduler.storage import Database
from tests.scheduler.api.client import APPLICATION, BASE, Client
from tests.scheduler.kit import Kit, make

OLGA = {
    "name": "Olga Orlow",
    "email": "olga@testwerk.example",
    "site": "berlin",
    "hours": "mon-thu 09:00-15:00",
}


def got(api: Client, path: str) -> tuple[str, Any]:
    """The tag and the body of what is got."""
    answer = api.get(BASE + path)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"], answer.json()


def put(api: Client, path: str, body: Any, **headers: str) -> Any:
    return api.put(BASE + path, json=body, headers={n.replace("_", "-"): v for n, v in headers.items()})


class TestGet:
    @pytest.mark.parametrize("path", ["/people/hana", "/people", "/company", "/sites", "/pools/engineers"])
    def test_what_is_got_has_a_strong_tag(self, api: Client, path: str) -> None:
        tag, _ = got(api, path)
        assert tag.startswith('"') and tag.endswith('"') and tag == got(api, path)[0]

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*", '"x",,{}'])
    def test_who_has_it_is_told_so(self, api: Client, form: str) -> None:
        tag, _ = got(api, "/people/hana")
        answer = api.get(f"{BASE}/people/hana", headers={"if-none-match": form.format(tag)})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag and "content-type" not in answer.headers

    @pytest.mark.parametrize("form", ['"other"', "no tag", 'W/"x"', ""])
    def test_who_has_another_gets_it_whole(self, api: Client, form: str) -> None:
        answer = api.get(f"{BASE}/people/hana", headers={"if-none-match": form})
        assert answer.status_code == 200 and answer.json()["id"] == "hana"

    def test_refusals_have_none(self, api: Client) -> None:
        assert "etag" not in api.get(f"{BASE}/people/nobody").headers

    def test_the_tag_changes_with_the_thing(self, api: Client) -> None:
        before, _ = got(api, "/people/hana")
        everybody, _ = got(api, "/people")
        body = got(api, "/people/hana")[1]
        assert put(api, "/people/hana", {**body, "title": "Director"}).status_code == 200
        assert got(api, "/people/hana")[0] != before and got(api, "/people")[0] != everybody


class TestPut:
    def test_the_one_that_was_got_is_changed(self, api: Client) -> None:
        tag, body = got(api, "/people/hana")
        assert put(api, "/people/hana", {**body, "title": "Director"}, If_Match=tag).status_code == 200
        assert got(api, "/people/hana")[1]["title"] == "Director"

    def test_a_stale_one_is_refused_with_what_changed(self, api: Client) -> None:
        tag, body = got(api, "/people/hana")
        put(api, "/people/hana", {**body, "title": "Director", "hours": ["mon-thu 08:00-16:00"]})
        refused = api.refused(412, "/people/hana", "PUT", json=body, headers={"if-match": tag})
        assert refused["type"] == "stale"
        assert {e["field"]: e["fault"] for e in refused["errors"]} == {
            "hours": f"is now {json.dumps(got(api, '/people/hana')[1]['hours'])}",
            "title": 'is now "Director"',
        }
        assert got(api, "/people/hana")[1]["title"] == "Director"

    @pytest.mark.parametrize("form", ["W/{}", '"other"', 'W/"other", "x"'])
    def test_a_weak_or_foreign_tag_never_matches(self, api: Client, form: str) -> None:
        tag, body = got(api, "/people/hana")
        assert put(api, "/people/hana", body, If_Match=form.format(tag)).status_code == 412

    @pytest.mark.parametrize("form", ["*", '"other", {}', "{} ,"])
    def test_a_list_and_a_star_match(self, api: Client, form: str) -> None:
        tag, body = got(api, "/people/hana")
        assert put(api, "/people/hana", body, If_Match=form.format(tag)).status_code == 200

    @pytest.mark.parametrize("form", ["abc", '"open', "", '*, "x"', '"a" "b"', 'w/"x"', '"x";q=1'])
    def test_what_is_no_tag_is_refused(self, api: Client, form: str) -> None:
        body = got(api, "/people/hana")[1]
        refused = api.refused(422, "/people/hana", "PUT", json=body, headers={"if-match": form})
        assert refused["errors"][0]["field"] == "If-Match"

    def test_two_lines_are_one_list(self, api: Client) -> None:
        tag, body = got(api, "/people/hana")
        answer = api.put(f"{BASE}/people/hana", json=body, headers=[("If-Match", '"x"'), ("If-Match", tag)])
        assert answer.status_code == 200

    def test_without_a_condition_the_last_one_wins(self, api: Client) -> None:
        body = got(api, "/people/hana")[1]
        assert put(api, "/people/hana", {**body, "title": "A"}).status_code == 200
        assert put(api, "/people/hana", {**body, "title": "B"}).status_code == 200

    def test_only_if_there_is_none_yet(self, api: Client) -> None:
        assert put(api, "/people/olga", OLGA, If_None_Match="*").status_code == 200
        refused = api.refused(412, "/people/olga", "PUT", json=OLGA, headers={"if-none-match": "*"})
        assert refused["errors"][0]["field"] == "If-None-Match"

    def test_only_if_there_is_one(self, api: Client) -> None:
        refused = api.refused(412, "/people/olga", "PUT", json=OLGA, headers={"if-match": "*"})
        assert "there is no such thing" in refused["detail"]

    @pytest.mark.parametrize(
        "path", ["/company", "/pools/engineers", "/rooms/oak", "/templates/short", "/applications/app-1"]
    )
    def test_every_kind_of_thing(self, api: Client, path: str) -> None:
        if path.startswith("/applications"):
            put(api, path, APPLICATION)
        whole = got(api, "/company")[1]
        section, _, id = path.strip("/").partition("/")
        tag, body = got(api, path)
        if section in ("pools", "templates"):  # what is got is a summary of what is put
            body = next(e for e in whole[section] if e["id"] == id)
        assert put(api, path, body, If_Match=tag).status_code == 200
        assert put(api, path, body, If_Match='"other"').status_code == 412
        assert put(api, path, body, If_None_Match="*").status_code == 412


class TestLoops:
    def test_a_stale_one_says_what_happened_and_by_whom(self, api: Client) -> None:
        id = api.loop()["id"]
        tag, _ = got(api, f"/loops/{id}")
        api.kit.clock.forward(minutes=1)
        api.ask(f"/loops/{id}/replan", "POST", status=202)
        refused = api.refused(412, f"/loops/{id}/cancel", "POST", headers={"if-match": tag})
        told = {e["field"] for e in refused["errors"]}
        assert {"proposals", "updated_at", "facts"} <= told
        assert any("from 'proposed' to 'planning' by api:" in e["fault"] for e in refused["errors"])
        assert got(api, f"/loops/{id}")[1]["state"] == "proposed"
        tag, _ = got(api, f"/loops/{id}")
        assert api.post(f"{BASE}/loops/{id}/cancel", headers={"if-match": tag}).status_code == 202

    @pytest.mark.parametrize("what", ["change", "replan", "repair", "cancel", "accept-move"])
    def test_every_change_heeds_it(self, api: Client, what: str) -> None:
        id = api.loop()["id"]
        body = {"zone": "Europe/Berlin"} if what == "change" else None
        answer = api.post(f"{BASE}/loops/{id}/{what}", json=body, headers={"if-match": '"other"'})
        assert answer.status_code == (409 if what == "accept-move" else 412), answer.text  # nothing was moved
        assert api.refused(404, f"/loops/none/{what}", "POST", json=body, headers={"if-match": "*"})

    def test_a_plan_that_is_no_longer_on_offer(self, api: Client) -> None:
        loop = api.loop()
        first = loop["proposals"][0]["id"]
        tag, _ = got(api, f"/proposals/{first}")
        api.ask(f"/loops/{loop['id']}/replan", "POST", status=202)
        refused = api.refused(412, f"/proposals/{first}/choose", "POST", headers={"if-match": tag})
        assert [e["field"] for e in refused["errors"]] == ["state"]
        plans = got(api, f"/loops/{loop['id']}")[1]["proposals"]
        second = next(p["id"] for p in plans if p["state"] == "offered")
        tag, _ = got(api, f"/proposals/{second}")
        assert api.post(f"{BASE}/proposals/{second}/choose", headers={"if-match": tag}).status_code == 200


@pytest.mark.parametrize("made", [False, True])
def test_of_two_writers_with_one_tag_one_wins(tmp_path: Path, made: bool) -> None:
    _race(Client(make(tmp_path)), made)


@pytest.mark.parametrize("made", [False, True])
def test_of_two_writers_with_one_tag_one_wins_on_postgresql(
    tmp_path: Path, fresh_postgres_url: str, made: bool
) -> None:
    kit = on(make(tmp_path), fresh_postgres_url)
    try:
        _race(Client(kit), made)
    finally:
        kit.app.db.dispose()


def on(kit: Kit, url: str) -> Kit:
    """The same company on another database."""
    db = Database(url)
    db.migrate()
    with db.write() as tx:
        tx.company.replace(kit.company, kit.clock())
    object.__setattr__(kit.app, "db", db)
    return kit


def _race(api: Client, made: bool) -> None:
    """Eight at once change, or make, one application and one person."""
    for path, body, field in (("/applications/app-1", APPLICATION, "job"), ("/people/olga", OLGA, "name")):
        if made:
            assert put(api, path, body).status_code == 200
        headers = {"If_Match": got(api, path)[0]} if made else {"If_None_Match": "*"}
        bodies = [{**body, field: f"Writer {n}"} for n in range(8)]
        assert _together(api, path, bodies, headers) == [200] + [412] * 7, path


def _together(api: Client, path: str, bodies: list[Any], headers: dict[str, str]) -> list[int]:
    barrier = threading.Barrier(len(bodies), timeout=30)

    def write(body: Any) -> int:
        barrier.wait()
        status: int = put(api, path, body, **headers).status_code
        return status

    with ThreadPoolExecutor(len(bodies)) as pool:
        return sorted(pool.map(write, bodies))


def test_every_change_takes_a_condition_and_every_post_a_key(api: Client) -> None:
    described = api.get(f"{BASE}/openapi.json").json()["paths"]
    seen = 0
    for path, methods in described.items():
        for method, operation in methods.items():
            # a try changes nothing; hiring systems send what they send: a message is known by its signature
            # and a session is only ended: nothing of it can have changed
            alone = ("/try", "/exports", "/webhooks/{system}/{connection}", "/sessions/{session_id}")
            if method == "get" or path.endswith(alone):
                continue
            seen += 1
            names = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            assert ("If-Match" in names) is (method != "post" or "{" in path), (method, path)
            # notices of calendar services come from anybody: nothing is kept for them
            assert ("Idempotency-Key" in names) is (method == "post" and "/push/" not in path), (method, path)
            assert ("412" in operation["responses"]) is ("If-Match" in names), (method, path)
    assert seen >= 14


@pytest.mark.parametrize("text", ['"a"', 'W/"a"', '"a", W/"b"', '  "a"  ', '"a",', ',"a"', '"é"', '""'])
def test_lists_of_tags_are_read(text: str) -> None:
    assert parse("If-Match", [text]) is not None


@pytest.mark.parametrize(
    "text", ["", ",", "a", '"a', '"a""b"', '"a\x7f"', "*,*", "W/a", '"' + "x" * 9000 + '"', '"a",' * 200]
)
def test_anything_else_is_not(text: str) -> None:
    with pytest.raises(BadInput):
        parse("If-Match", [text])


def test_a_tag_does_not_depend_on_the_order_of_fields() -> None:
    assert tag_of({"a": 1, "b": [1, 2]}) == tag_of({"b": [1, 2], "a": 1}) != tag_of({"a": 1, "b": [2, 1]})


def test_a_tag_of_an_older_form_is_stale_as_a_whole() -> None:
    old = parse("If-Match", [tag_of({"a": 1})])
    with pytest.raises(Stale, match="another version"):
        Conditions(old).check("thing", "x", {"a": 1, "b": 2})
