"""Who may ask: whoever has the secret, and nobody by what a header says of where they are."""

from __future__ import annotations

import hashlib
import os
import time
from http.cookies import SimpleCookie
from typing import Any

import anyio
import pytest

from scheduler.api.gate import tries, visits
from scheduler.api.gate.origin import _is_local
from scheduler.config import Settings
from tests.scheduler.api.client import BASE, TOKEN, Client, problem, stored, wanted
from tests.scheduler.kit import Kit

HOST = "127.0.0.1:8080"
PUBLIC = "https://hire.example.com"
ASKED = "/people?limit=2"


def browser(kit: Kit, host: str = HOST, **settings: str) -> Client:
    """A browser that has not come in yet; it keeps cookies."""
    return Client(kit, host=host, api_token=TOKEN, **settings)


def ticket(api: Client) -> str:
    made = visits.invite(Settings(data=api.kit.folder.parent / "data"), f"http://{HOST}")
    assert made.startswith(f"http://{HOST}/?token=")
    return made.partition("=")[2]


def come_in(api: Client) -> Any:
    answer = api.get(f"/?token={ticket(api)}")
    assert answer.status_code == 303, answer.text
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1;proto=https;host=localhost"},
        {"x-real-ip": "127.0.0.1", "x-forwarded-host": "localhost"},
        {"host": "localhost", "origin": "http://localhost", "sec-fetch-site": "same-origin"},
        {"host": "x@localhost"},
        {"cookie": "loopwright=1; session=abc"},
    ],
)
def test_no_header_makes_a_stranger_at_home(kit: Kit, headers: dict[str, str]) -> None:
    for api in (Client(kit, api_token=TOKEN), Client(kit, api_token="")):
        refused = api.refused(401, ASKED, headers=headers)
        assert refused["type"] == "unauthorized"
        assert refused["errors"][0]["field"] == "authorization"
        assert "token from" in refused["errors"][0]["fix"]
        assert api.refused(401, "/loops", "POST", headers=headers, json=wanted())
    assert kit.jobs.waiting == []


def test_without_any_secret_nobody_is_let_in(kit: Kit) -> None:
    api = Client(kit, api_token="")
    for token in ("", " ", "nobody", "None"):
        assert api.refused(401, ASKED, headers={"authorization": f"Bearer {token}"})
    ticket_ = ticket(api)
    assert api.get(f"/?token={ticket_}").status_code == 401


def test_a_secret_from_the_file_opens_it(kit: Kit) -> None:
    made = "a-secret-that-serve-has-made"
    api = Client(kit, api_token="", secret=made)
    assert "api-token" in api.refused(401, ASKED)["detail"]
    assert api.get(BASE + ASKED, headers={"authorization": f"Bearer {made}"}).status_code == 200
    given = Client(kit, api_token=TOKEN, secret=made)
    assert given.get(BASE + ASKED, headers={"authorization": f"Bearer {made}"}).status_code == 401


def test_two_tokens_are_none(kit: Kit) -> None:
    api = Client(kit, api_token=TOKEN)
    twice = [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer x")]
    assert api.get(BASE + ASKED, headers=twice).status_code == 401
    beside = [("authorization", "Basic YTpi"), ("authorization", f"Bearer {TOKEN}")]
    assert api.get(BASE + ASKED, headers=beside).status_code == 200, "a proxy may have a password of its own"


def test_a_body_of_a_stranger_is_not_read(kit: Kit) -> None:
    api = Client(kit, api_token=TOKEN)
    said: list[Any] = []

    async def never() -> Any:
        raise AssertionError("the body was asked for")

    async def keep(message: Any) -> None:
        said.append(message)

    for method, path in (("POST", "/loops"), ("PUT", "/company"), ("POST", "/nothing"), ("PATCH", "/")):
        scope = {
            "type": "http",
            "method": method,
            "path": BASE + path,
            "query_string": b"",
            "scheme": "http",
            "client": ("203.0.113.7", 1),
            "headers": [(b"content-length", b"1000000"), (b"content-type", b"application/json")],
        }
        anyio.run(api.app, scope, never, keep)
        assert said[0]["status"] == 401
        said.clear()


# --- browsers ---------------------------------------------------------------------------------------


def test_an_address_is_exchanged_once_for_a_cookie(kit: Kit) -> None:
    api = browser(kit)
    assert api.get(BASE + ASKED).status_code == 401
    address = f"/?token={ticket(api)}"
    answer = api.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{BASE}/docs", "the ticket leaves the address"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["httponly"] and cookie["samesite"].lower() == "lax" and cookie["path"] == "/"
    assert not cookie["domain"], "this host alone"
    assert TOKEN not in answer.headers["set-cookie"]
    assert api.ask("/people")
    assert api.get(f"{BASE}/docs").status_code == 200
    assert api.get(address).status_code == 303, "who is in already is shown the way"
    other = browser(kit)
    refused = other.get(address)
    assert refused.status_code == 401 and "loopwright address" in problem(refused)["errors"][0]["fix"]
    assert "set-cookie" not in refused.headers


def test_the_tickets_that_lie_in_the_folder_open_nothing(kit: Kit) -> None:
    api = browser(kit)
    good = ticket(api)
    folder = kit.folder.parent / "data" / visits.FOLDER
    (name,) = [p.name for p in folder.iterdir()]
    assert name == hashlib.sha256(good.encode()).hexdigest()
    assert folder.stat().st_mode & 0o777 == 0o700
    for wrong in (name, f"../{visits.FOLDER}/{name}", "..", "", "%00", "ä", "x" * 200):
        assert api.get("/", params={"token": wrong}).status_code in (401, 422)
    assert api.get(f"/?token={good}").status_code == 303


def test_a_ticket_that_another_user_put_there_opens_nothing(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = browser(kit)
    theirs = ticket(api)
    with monkeypatch.context() as other:
        other.setattr(visits.os, "geteuid", lambda: os.getuid() + 1)
        assert api.get(f"/?token={theirs}").status_code == 401
    assert api.get(f"/?token={ticket(api)}").status_code == 303


def test_a_ticket_runs_out_and_is_forgotten(kit: Kit) -> None:
    api = browser(kit)
    old = ticket(api)
    folder = kit.folder.parent / "data" / visits.FOLDER
    past = time.time() - visits.TICKET_SECONDS - 1
    (file,) = folder.iterdir()
    os.utime(file, (past, past))
    assert api.get(f"/?token={old}").status_code == 401
    ticket(api)
    os.utime(next(folder.iterdir()), (past, past))
    ticket(api)
    assert len(list(folder.iterdir())) == 1


def test_a_cookie_ends_with_the_secret_and_with_its_time(kit: Kit) -> None:
    api = browser(kit, session_hours="12", idle_hours="12")
    come_in(api)
    (name,) = api.cookies.keys()
    kept = api.cookies[name]
    changed = Client(kit, api_token=TOKEN + "2")
    changed.cookies.set(name, kept)
    assert changed.get(BASE + ASKED).status_code == 401
    other = Client(kit, api_token=TOKEN + "2")
    (theirs,) = other.app.state.door.names()[1:]  # type: ignore[attr-defined]
    assert other.get(BASE + ASKED, headers={"cookie": f"{theirs}={kept}"}).status_code == 401
    for broken in (kept[:-2], kept + "x", kept.swapcase(), "x" + kept, "..", "", "ä"):
        with_it = browser(kit)
        assert with_it.get(BASE + ASKED, headers={"cookie": f"{name}={broken}".encode()}).status_code == 401
    assert api.get(BASE + ASKED, headers={"cookie": f"{name}={kept}"}).status_code == 200
    kit.clock.forward(hours=12)
    assert api.get(BASE + ASKED, headers={"cookie": f"{name}={kept}"}).status_code == 401


SAME = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize("headers", [SAME, {"origin": SAME["origin"]}, {"sec-fetch-site": "same-origin"}])
def test_pages_of_the_same_origin_may_write(kit: Kit, headers: dict[str, str]) -> None:
    api = browser(kit)
    come_in(api)
    answer = api.post(f"{BASE}/loops", json=wanted(), headers=headers)
    assert answer.status_code == 202
    facts = api.ask(f"/loops/{answer.json()['id']}/facts")
    assert "api:browser" in {fact["actor"] for fact in facts}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": SAME["origin"], "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
def test_pages_of_other_origins_may_not(kit: Kit, headers: dict[str, str]) -> None:
    api = browser(kit)
    come_in(api)
    for method, path in (("GET", "/people"), ("POST", "/loops")):
        body = wanted() if method == "POST" else None
        refused = api.refused(403, path, method, headers=headers, json=body)
        assert refused["type"] == "forbidden" and refused["errors"][0]["field"] == "origin"
    for silent in ({}, {"sec-fetch-site": "none"}):
        assert api.refused(403, "/loops", "POST", headers=silent, json=wanted())
        assert api.get(BASE + ASKED, headers=silent).status_code == 200, "typed in, or an old browser"
    assert stored(kit) == (0, 0)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1:8080", True),
        ("127.0.0.1", True),
        ("127.9.9.9:1", True),
        ("localhost", True),
        ("localhost:8080", True),
        ("localhost.", True),
        ("localhost.:8080", True),
        ("[::1]:8080", True),
        ("[::1]", True),
        ("x@localhost", False),
        ("localhost@evil.example", False),
        ("user:pass@localhost:80", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("localhost..", False),
        ("evil-localhost", False),
        ("", False),
        ("[", False),
        ("[localhost]", False),
        ("localhost:", False),
        ("localhost:x", False),
        ("localhost:8080:1", False),
        ("localhost/x", False),
        ("localhost#@evil.example", False),
        ("localhost\\@evil.example", False),
        ("0.0.0.0", False),
        ("127.1", False),
        ("2130706433", False),
        ("[::ffff:203.0.113.7]", False),
        (" localhost", False),
    ],
)
def test_what_names_this_machine(kit: Kit, host: str, local: bool) -> None:
    assert _is_local(host) is local
    api = browser(kit)
    come_in(api)
    for written in {host, host.upper()}:
        got = api.get(BASE + ASKED, headers={"host": written, **cookies(api)})
        assert got.status_code == (200 if local else 403), written
        if not local:
            assert problem(got)["errors"][0]["field"] == "host"


def cookies(api: Client) -> dict[str, str]:
    return {"cookie": "; ".join(f"{k}={v}" for k, v in api.cookies.items())}


@pytest.mark.parametrize(
    "written", [PUBLIC, f"{PUBLIC}/loopwright", f"{PUBLIC}:443", "HTTPS://Hire.Example.com"]
)
def test_behind_its_own_address_the_cookie_is_for_https_alone(kit: Kit, written: str) -> None:
    api = browser(kit, host="hire.example.com", base_url=written)
    answer = come_in(api)
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["secure"] and cookie.key.startswith("__Host-")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    tossed = {"origin": PUBLIC, "cookie": f"{cookie.key.removeprefix('__Host-')}={cookie.value}"}
    assert api.post(f"{BASE}/loops", json=wanted(), headers=tossed).status_code == 401
    same = {"origin": PUBLIC, **{"cookie": f"{cookie.key}={cookie.value}"}}
    assert api.post(f"{BASE}/loops", json=wanted(), headers=same).status_code == 202
    # a proxy that calls us by our own name, as nginx does unless told otherwise
    assert api.get(BASE + ASKED, headers={**same, "host": HOST}).status_code == 200
    other = {**same, "origin": "https://hire.example.com.evil.example"}
    assert api.post(f"{BASE}/loops", json=wanted(), headers=other).status_code == 403


# --- wrong tokens -----------------------------------------------------------------------------------


def test_wrong_tokens_are_slowed_down_and_the_right_one_never_is(kit: Kit) -> None:
    api = Client(kit, api_token=TOKEN)
    wrong, right = ({"authorization": f"Bearer {t}"} for t in ("guess", TOKEN))
    for _ in range(tries.FREE):
        assert api.refused(401, ASKED, headers=wrong)
    answer = api.get(BASE + ASKED, headers=wrong)
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= tries.WINDOW
    assert problem(answer)["type"] == "too_many"
    assert api.get(f"/?token={'x' * 43}").status_code == 429
    assert api.get(BASE + ASKED, headers=right).status_code == 200, "the same address, behind one proxy"
    assert api.refused(401, ASKED), "who guesses nothing is told what to send"
    assert api.get(f"{BASE}/health", headers=wrong).status_code == 200
    assert api.get(f"/?token={ticket(api)}").status_code == 303
    far = Client(kit, client=("203.0.113.7", 1), api_token=TOKEN)
    far.app = api.app
    assert far.refused(401, ASKED, headers=wrong)
