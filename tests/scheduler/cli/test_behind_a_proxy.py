"""A deployment without a token of its own, alone and behind a real nginx with nothing but `proxy_pass`."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx2
import pytest

from scheduler.cli import address
from scheduler.config import Settings
from tests.nginx_server import find_nginx, running_nginx
from tests.scheduler.api.client import BASE, wanted
from tests.scheduler.cli.served import Served, serving

ASKED = f"{BASE}/people?limit=2"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def direct(served: Served) -> str:
    return f"http://127.0.0.1:{served.port}"


@pytest.fixture(scope="module")
def proxied(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_nginx(tmp_path_factory.mktemp("proxy") / "nginx", served.port) as port:
        yield f"http://127.0.0.1:{port}"


STRANGERS = [
    {},
    {"host": "hire.example.com"},
    {"host": "localhost"},
    {"host": "x@localhost"},
    {"x-forwarded-for": "127.0.0.1"},
    {"forwarded": "for=127.0.0.1"},
    {"authorization": "Bearer guess"},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_stranger_is_served_nothing(
    direct: str, proxied: str, served: Served, headers: dict[str, str]
) -> None:
    for where in (direct, proxied):
        for path in (ASKED, f"{BASE}/loops", f"{BASE}/company", f"{BASE}/nothing"):
            answer = httpx2.get(where + path, headers=headers)
            if headers == {"host": "x@localhost"} and where == proxied:
                assert answer.status_code == 400, "nginx takes no such name"
                continue
            assert answer.status_code in (401, 429), (where, path, answer.text)
            assert served.token not in answer.text
        assert httpx2.post(f"{where}{BASE}/loops", json=wanted(), headers=headers).status_code in (
            400,
            401,
            429,
        )
        assert httpx2.get(f"{where}{BASE}/health").status_code == 200


def test_the_token_opens_it_from_both_sides(direct: str, proxied: str, served: Served) -> None:
    for where in (direct, proxied):
        for host in ({}, {"host": "hire.example.com"}):
            headers = {"authorization": f"Bearer {served.token}", **host}
            assert len(httpx2.get(where + ASKED, headers=headers).json()) == 2


def test_wrong_tokens_behind_the_proxy_shut_nobody_out(proxied: str, served: Served) -> None:
    wrong = [
        httpx2.get(proxied + ASKED, headers={"authorization": f"Bearer {n}"}).status_code for n in range(15)
    ]
    assert 429 in wrong
    good = {"authorization": f"Bearer {served.token}"}
    assert httpx2.get(proxied + ASKED, headers=good).status_code == 200


def test_the_printed_line_for_programs_works(served: Served) -> None:
    (line,) = [line for line in served.said if line.startswith("In programs: ")]
    command = line.removeprefix("In programs: ").strip()
    assert served.token not in command, "what is printed may be kept in a log"
    done = subprocess.run(
        ["sh", "-c", f"{command} -s -o /dev/null -w '%{{http_code}}'"], capture_output=True, text=True
    )
    assert done.stdout == "200", (command, done)
    assert shlex.split(command)[0] == "curl"


def test_a_browser_comes_in_through_the_proxy_once(proxied: str, served: Served) -> None:
    printed = f"{proxied}/?token={served.ticket}"
    answer = httpx2.get(printed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    sent = {"cookie": f"{cookie.key}={cookie.value}"}
    assert httpx2.get(proxied + ASKED, headers=sent).status_code == 200
    assert httpx2.get(f"{proxied}{BASE}/docs", headers=sent).status_code == 200
    assert httpx2.get(printed).status_code in (401, 429)
    foreign = {**sent, "origin": "https://evil.example"}
    assert httpx2.post(f"{proxied}{BASE}/loops", json=wanted(), headers=foreign).status_code == 403
    assert httpx2.post(f"{proxied}{BASE}/loops", json=wanted(), headers=sent).status_code == 403


def test_another_address_can_be_had(direct: str, served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    address.run(served.folder, None, served.port)
    first, second = capsys.readouterr().out.splitlines()
    made = first.removeprefix("In a browser, once: ")
    assert made.startswith(f"{direct}/?token=")
    assert second in "".join(served.said)
    assert httpx2.get(made).status_code == 303


def test_where_a_token_was_given_the_line_names_its_variable(tmp_path: Path) -> None:
    given = Settings(data=tmp_path, api_token="a-token-of-the-deployment-1", host="::1")
    assert address.curl(given, address.where(given)) == (
        'curl -H "Authorization: Bearer $LOOPWRIGHT_API_TOKEN" http://[::1]:8080/api/v1/loops'
    )


def test_no_nginx_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NGINX_BIN", str(tmp_path / "none"))
    with pytest.raises(RuntimeError, match=r"NGINX_BIN=.*: is no program"):
        find_nginx()
