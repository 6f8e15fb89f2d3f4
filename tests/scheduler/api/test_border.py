"""The border: strange bodies and addresses, one shape for every refusal, headers on every answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.api import border
from scheduler.services.access import sessions
from scheduler.services.asking import requests
from scheduler.storage.errors import Unavailable
from tests.scheduler.api.client import BASE, Client, event, problem, stored, wanted
from tests.scheduler.kit import Kit, make

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(make(tmp_path_factory.mktemp("api")))


def sent(api: Client, body: bytes, status: int, headers: dict[str, str] = JSON) -> Any:
    answer = api.post(f"{BASE}/loops", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert stored(api.kit) == (0, 0)
    return problem(answer)


GOOD = json.dumps(wanted())


async def anybody(_: Any) -> None:
    """Whoever asks is let in."""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (GOOD[:-1].encode(), "not JSON"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "not JSON"),
        (GOOD.encode("utf-16"), "UTF-8"),
        (GOOD.replace("Mara", "M\\ud800").encode(), "half a character"),
        (GOOD.replace("Mara", "M\\u0000").encode(), "NUL"),
        (GOOD.replace("Mara", "Mär").encode("latin-1"), "UTF-8"),
        (GOOD.replace('"short"', '"short", "template": "onsite"').encode(), "stands twice"),
        (GOOD.replace('"short"', "NaN").encode(), "NaN"),
        (GOOD.replace('"short"', "-Infinity").encode(), "Infinity"),
        (GOOD.replace('"short"', "1e999").encode(), "too large"),
        (GOOD.replace('"short"', "9" * 5000).encode(), "5000 digits"),
        (GOOD.replace('"short"', "[" * 51 + "]" * 51).encode(), "nested deeper"),
        (b"[" * 900_000, "nested deeper"),
        (b'{"a":' * 150_000, "nested deeper"),
        (b"", "body"),
        (b"null", "body"),
        (b'"text"', "body"),
        (b"[]", "body"),
    ],
)
def test_a_body_that_programs_read_differently_is_refused(api: Client, body: bytes, said: str) -> None:
    refused = sent(api, body, 422)
    assert said in refused["detail"]
    assert refused["errors"][0]["field"] == "body"
    assert refused["errors"][0]["fix"]


def test_five_megabytes_are_refused_before_they_are_read(api: Client) -> None:
    assert sent(api, b" " * 5_000_000, 413)["errors"][0]["field"] == "body"

    def parts() -> Iterator[bytes]:  # no length is announced
        for _ in range(50):
            yield b" " * 100_000

    answer = api.post(f"{BASE}/loops", content=parts(), headers=JSON)
    assert answer.status_code == 413
    assert sent(api, b"{}", 413, {**JSON, "content-length": "9" * 5000})["type"] == "too_large"


def test_too_many_megabytes_of_company_are_refused(api: Client) -> None:
    assert api.refused(413, "/company", "PUT", content=b"x" * 17_000_000)["type"] == "too_large"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_only_json_is_read(api: Client, kind: str) -> None:
    assert sent(api, GOOD.encode(), 415, {"content-type": kind})["type"] == "not_json"


def test_a_body_that_does_not_come_is_waited_for_only_so_long(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(border, "SLOWEST", 0.05)
    messages: list[Any] = []

    async def never() -> Any:
        await anyio.sleep(30)

    async def keep(message: Any) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "POST", "path": f"{BASE}/loops", "headers": [], "query_string": b""}
    anyio.run(border.Border(api.app, anybody), scope, never, keep)
    assert messages[0]["status"] == 408


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Iterator[None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(requests, "ask_in", fail)
        yield


def cookie(api: Client, host: str) -> dict[str, str]:
    """What a browser that has come in sends to this host."""
    door = api.app.state.door  # type: ignore[attr-defined]
    with api.kit.app.db.write() as tx:
        secret = sessions.begin(api.kit.app, tx, door.keeping, "", "", "test")
    return {"host": host, "cookie": f"{door.names()[1]}={secret}"}


def answers(api: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Any]]:
    """One refusal of every kind."""
    yield 401, api.deliver(event(), secret="x" * 24)
    yield 401, api.get(f"{BASE}/people", headers={"authorization": "Bearer x"})
    yield 403, api.get(f"{BASE}/people", headers={"authorization": "", **cookie(api, "evil.example")})
    yield 404, api.get("/favicon.ico")
    yield 404, api.get(f"{BASE}/loops/")
    yield 404, api.get("//evil.example/../x")
    yield 404, api.get(f"{BASE}/nothing")
    yield 404, api.post(f"{BASE}/nothing", json={})
    yield 404, api.get(f"{BASE}/loops/x")
    yield 405, api.delete(f"{BASE}/loops")
    yield 405, api.options(f"{BASE}/loops")
    yield 405, api.request("TRACE", f"{BASE}/loops")
    yield 405, api.request("BREW", f"{BASE}/loops")
    yield 409, api.post(f"{BASE}/loops/{api.loop()['id']}/repair")
    yield 413, api.post(f"{BASE}/loops", content=b"x" * 1_000_001, headers=JSON)
    yield 415, api.post(f"{BASE}/loops", content=b"x")
    yield 422, api.post(f"{BASE}/loops", json={})
    with failing(monkeypatch, RuntimeError("secret-of-ours /srv/path")):
        yield 500, api.post(f"{BASE}/loops", json=wanted())
    with failing(monkeypatch, Unavailable("host db.internal port 5432 refused")):
        yield 503, api.post(f"{BASE}/loops", json=wanted())


def test_every_refusal_has_the_one_shape_and_says_nothing_of_the_inside(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for status, answer in answers(api, monkeypatch):
        assert answer.status_code == status, answer.text
        body = problem(answer)
        seen.add(body["type"])
        for secret in ("secret-of-ours", "/srv", "db.internal", "Traceback", "sqlite", ".py"):
            assert secret not in answer.text
        assert ("retry-after" in answer.headers) is (status == 503)
        assert ("allow" in answer.headers) is (status == 405)
    assert len(seen) == 10
    assert stored(api.kit) == (1, 1), "the one loop that is asked for so that it can be in the way"


def test_every_answer_has_the_headers(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = [api.get(f"{BASE}/{p}") for p in ("people", "health", "docs", "openapi.json")]
    assert [a.status_code for a in fine] == [200] * 4
    for answer in [*fine, *(a for _, a in answers(api, monkeypatch))]:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "base-uri 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_a_database_without_tables_is_not_healthy(kit: Kit) -> None:
    from scheduler.storage.database import Database

    object.__setattr__(kit.app, "db", Database(f"sqlite:///{kit.folder.parent / 'new.sqlite3'}"))
    refused = Client(kit).refused(503, "/health/ready")
    assert "loopwright migrate" in refused["detail"]


def test_an_error_after_the_answer_began_cuts_the_connection(api: Client) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(RuntimeError, match="too late"):
        anyio.run(border.Border(broken, anybody), scope, receive, keep)
    assert [m["status"] for m in sent] == [200]


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    ("application",),
    ("application", "id"),
    ("application", "candidate"),
    ("application", "candidate", "name"),
    ("application", "candidate", "zone"),
    ("application", "accommodation"),
    ("template",),
    ("windows",),
    ("windows", 0),
    ("windows", 0, "start"),
    ("zone",),
    ("mode",),
    ("horizon",),
    ("branch",),
    ("leave_out",),
    ("adjust",),
    ("stage_visit",),
    ("site",),
]
HOSTILE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@HOSTILE
@given(place=st.sampled_from(PLACES), value=VALUE)
def test_no_value_anywhere_makes_a_mistake_of_ours(api: Client, place: tuple[Any, ...], value: Any) -> None:
    body = json.loads(GOOD)
    node = body
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    answer = api.post(f"{BASE}/loops", content=json.dumps(body).encode(), headers=JSON)
    assert answer.status_code in (202, 422), answer.text
    if answer.status_code == 422:
        problem(answer)


@HOSTILE
@given(body=st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0d8e1-', max_size=40).map(str.encode))
def test_no_bytes_make_a_mistake_of_ours(api: Client, body: bytes) -> None:
    for path in ("loops", "loops/x/cancel", "loops/x/change"):
        answer = api.post(f"{BASE}/{path}", content=body, headers=JSON)
        assert answer.status_code in (404, 422), (path, answer.text)
    for path in ("company", "people/x", "applications/x"):
        assert api.put(f"{BASE}/{path}", content=body, headers=JSON).status_code == 422
    assert api.deliver(body).status_code == 422


@HOSTILE
@given(
    section=st.sampled_from(["people", "pools", "rooms", "templates"]),
    value=st.dictionaries(
        st.sampled_from(
            [
                "id",
                "name",
                "email",
                "hours",
                "site",
                "qualified",
                "capacity",
                "calendar",
                "interviews",
                "title",
            ]
        ),
        VALUE,
        max_size=5,
    ),
)
def test_no_entry_makes_a_mistake_of_ours(api: Client, section: str, value: dict[str, Any]) -> None:
    answer = api.put(f"{BASE}/{section}/zz", content=json.dumps(value).encode(), headers=JSON)
    assert answer.status_code in (200, 422), answer.text
