"""`loopwright connect`: from the address in the terminal to a sign-in that works, and every way it can fail."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.google.calendar import GoogleCalendar
from connectors.outlook.calendar import OutlookCalendar
from connectors.types import Known, Window
from scheduler.cli import connect
from scheduler.cli.main import app
from scheduler.wiring import FileTokens
from tests.connectors.servers.google_accounts import Code, key_file
from tests.connectors.servers.google_harness import ORGANIZER, populate
from tests.connectors.servers.google_proxy import ProxyServer, intercepting
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_entra import CLIENT, PERSON, SECRET, TENANT, Proxy

VARIABLES = ("http_proxy", "all_proxy", "no_proxy", "https_proxy", "ssl_cert_dir", "requests_ca_bundle")
CLIENT_FILE = {"client_id": "client.apps.googleusercontent.com", "client_secret": "GOCSPX-client-secret"}
Browser = Callable[[str], dict[str, str]]
"""What a person and the consent page make of the address: the parameters that the browser brings back."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def google(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ProxyServer]:
    """Google behind the environment's proxy."""
    with intercepting(tmp_path_factory.mktemp("authority")) as (server, bundle):
        populate(server)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        yield server
        assert server.world.problems == []


@pytest.fixture
def microsoft(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Microsoft behind the environment's proxy."""
    with GraphServer() as graph, Proxy(graph, tmp_path_factory.mktemp("authority")) as proxy:
        graph.world.add_mailbox(PERSON)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.bundle))
        yield proxy
        assert graph.violations == []


def agree(server: ProxyServer) -> Browser:
    """The person agrees to everything on Google's page."""

    def browse(address: str) -> dict[str, str]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = Code(
            ORGANIZER, frozenset(asked["scope"].split()), asked["redirect_uri"], asked["code_challenge"]
        )
        server.accounts.codes["4/code"] = code
        return {"state": asked["state"], "code": "4/code"}

    return browse


def kept(data: Path, name: str, content: Any) -> Path:
    folder = data / "credentials"
    folder.mkdir(mode=0o700)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return path


def registered(data: Path) -> Path:
    return kept(data, "microsoft", {"tenant": TENANT, "client_id": CLIENT, "secret": SECRET})


class Terminal:
    """The command in this process, and a browser that goes where it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
        self.data = data
        self.address = ""
        self.page = b""
        self._browser: Browser | None = None
        self._threads: list[threading.Thread] = []
        monkeypatch.setattr(connect, "_say", self._said)
        self._say = connect.out.print

    def run(self, *words: str, browser: Browser | None = None, typed: str = "") -> Result:
        self._browser = browser
        result = CliRunner().invoke(app, ["connect", *words, "--data", str(self.data)], input=typed)
        for thread in self._threads:
            thread.join(timeout=10)
        assert "verifier" not in result.output and "secret" not in result.output.replace(self.address, "")
        return result

    def _said(self, *lines: str) -> None:
        for line in lines:
            self._say(line, markup=False, highlight=False, soft_wrap=True)
            if line.startswith("https://"):
                self.address = line
                if self._browser is not None:
                    self._threads.append(threading.Thread(target=self._visit, args=(self._browser,)))
                    self._threads[-1].start()

    def _visit(self, browser: Browser) -> None:
        redirect = parse_qs(urlsplit(self.address).query)["redirect_uri"][0]
        answer = urlencode(browser(self.address))
        posted = "response_mode=form_post" in self.address
        request = Request(redirect, answer.encode()) if posted else Request(f"{redirect}?{answer}")
        with urlopen(request, timeout=10) as page:
            self.page = page.read()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    return Terminal(monkeypatch, tmp_path)


def refused(result: Result) -> str:
    """The one line of a refusal."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def today() -> Window:
    now = datetime.now(UTC)
    return Window(now, now + timedelta(days=1))


# --- it works ------------------------------------------------------------------------------------------


def test_google_from_a_client_file_to_a_calendar_that_is_read(
    terminal: Terminal, google: ProxyServer, tmp_path: Path
) -> None:
    client = tmp_path / "client_secret.json"
    client.write_text(json.dumps({"installed": CLIENT_FILE}))
    result = terminal.run("google", "--client", str(client), "--port", "0", browser=agree(google))
    assert result.exit_code == 0, result.output
    assert f"connected: {ORGANIZER}" in result.stdout
    assert "go back to the terminal" in terminal.page.decode()
    path = tmp_path / "credentials" / "google.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with GoogleCalendar(FileTokens(tmp_path / "credentials"), subject=ORGANIZER) as calendar:
        assert isinstance(calendar.availability([ORGANIZER], today())[ORGANIZER], Known)
    assert json.loads(path.read_text())["refresh_token"] not in result.output


def test_microsoft_from_a_registration_to_a_calendar_that_is_read(
    terminal: Terminal, microsoft: Proxy, tmp_path: Path
) -> None:
    registered(tmp_path)
    result = terminal.run("outlook", "--port", "0", browser=microsoft.entra.consent)
    assert parse_qs(urlsplit(terminal.address).query)["response_mode"] == ["form_post"]
    assert result.exit_code == 0, result.output
    assert f"connected: {PERSON}" in result.stdout
    redirect = urlsplit(parse_qs(urlsplit(terminal.address).query)["redirect_uri"][0])
    assert (redirect.scheme, redirect.hostname) == ("http", "localhost")
    with OutlookCalendar(FileTokens(tmp_path / "credentials")) as calendar:
        assert isinstance(calendar.availability([PERSON], today())[PERSON], Known)
    for token in microsoft.entra.refresh_tokens:
        assert token not in result.output


def test_the_command_as_it_is_typed(google: ProxyServer, tmp_path: Path) -> None:
    kept(tmp_path, "google", {"web": CLIENT_FILE})
    words = ["connect", "google", "--data", str(tmp_path), "--port", "0", "--mode", "free_busy", "--rooms"]
    with subprocess.Popen(
        [sys.executable, "-m", "scheduler.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "40"},
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = next(line.strip() for line in process.stdout if line.startswith("https://"))
        scopes = parse_qs(urlsplit(address).query)["scope"][0]
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        urlopen(f"{redirect}?{urlencode(agree(google)(address))}", timeout=10).close()
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert ORGANIZER in rest
    assert "events.readonly" not in scopes and "admin.directory.resource" in scopes


@pytest.mark.parametrize("provider", ["google", "outlook"])
def test_where_the_browser_is_elsewhere_the_address_is_pasted(
    terminal: Terminal, google: ProxyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    browsers: dict[str, Browser] = {"google": agree(google)}
    with GraphServer() as graph, Proxy(graph, tmp_path) as proxy:
        if provider == "google":
            kept(tmp_path, "google", {"installed": CLIENT_FILE})
        else:
            browsers[provider] = proxy.entra.consent
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("SSL_CERT_FILE", str(proxy.bundle))
            registered(tmp_path)

        def paste() -> dict[str, str]:
            end = f"https://hire.example.com/back?{urlencode(browsers[provider](terminal.address))}\n"
            monkeypatch.setattr(
                sys, "stdin", type("Typed", (), {"isatty": lambda _: False, "readline": lambda _: end})()
            )
            return dict(real())

        real = connect._pasted
        monkeypatch.setattr(connect, "_pasted", paste)
        result = terminal.run(provider, "--paste", "--redirect", "https://hire.example.com/back")
    assert result.exit_code == 0, result.output
    assert "connected: " in result.stdout


def test_a_consent_that_ended_is_given_again(terminal: Terminal, microsoft: Proxy, tmp_path: Path) -> None:
    path = registered(tmp_path)
    for _ in range(2):
        assert terminal.run("outlook", "--port", "0", browser=microsoft.entra.consent).exit_code == 0
    assert json.loads(path.read_text())["secret"] == SECRET, "the registration is kept"


# --- it does not ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "", "error": "access_denied"}, "consent was refused"),
        ({"state": "another"}, "was not begun here"),
        ({"code": "4/expired"}, "expired or was used already"),
    ],
)
def test_what_google_and_the_person_may_answer(
    terminal: Terminal, google: ProxyServer, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    path = kept(tmp_path, "google", {"installed": CLIENT_FILE})
    before = path.read_bytes()
    browse = agree(google)
    answer = lambda address: {k: v for k, v in (browse(address) | change).items() if v}  # noqa: E731
    assert words in refused(terminal.run("google", "--port", "0", browser=answer))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "", "error": "access_denied"}, "refused; begin again"),
        ({"state": "another"}, "was not begun here"),
        ({"code": "expired"}, "used already; begin again"),
    ],
)
def test_what_microsoft_and_the_person_may_answer(
    terminal: Terminal, microsoft: Proxy, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    path = registered(tmp_path)
    before = path.read_bytes()
    browse = microsoft.entra.consent
    answer = lambda address: {k: v for k, v in (browse(address) | change).items() if v}  # noqa: E731
    assert words in refused(terminal.run("outlook", "--port", "0", browser=answer))
    assert path.read_bytes() == before


def test_an_answer_to_somebody_elses_flow_is_not_ours(
    terminal: Terminal, google: ProxyServer, tmp_path: Path
) -> None:
    """A code that was asked for with another verifier: Google refuses it, and so do we."""
    kept(tmp_path, "google", {"installed": CLIENT_FILE})

    def stolen(address: str) -> dict[str, str]:
        answer = agree(google)(address)
        google.accounts.codes["4/code"].challenge = "of another verifier"
        return answer

    assert "begin again" in refused(terminal.run("google", "--port", "0", browser=stolen))


def test_a_port_that_is_taken(terminal: Terminal, tmp_path: Path) -> None:
    kept(tmp_path, "google", {"installed": CLIENT_FILE})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert refused(terminal.run("google", "--port", port)).startswith(
            f"--port: {port} cannot be listened on"
        )


def test_nobody_comes_back(terminal: Terminal, tmp_path: Path) -> None:
    kept(tmp_path, "google", {"installed": CLIENT_FILE})
    assert "nobody came back within 1 s" in refused(terminal.run("google", "--port", "0", "--wait", "1"))


def test_visitors_without_an_answer_are_sent_away(
    terminal: Terminal, google: ProxyServer, tmp_path: Path
) -> None:
    kept(tmp_path, "google", {"installed": CLIENT_FILE})
    seen = []

    def noisy(address: str) -> dict[str, str]:
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        for path in ("favicon.ico", "?code=x", "?state=x", ""):
            with pytest.raises(HTTPError) as error:
                urlopen(redirect + path, timeout=10)
            seen.append(error.value.code)
            error.value.close()
        host, port = urlsplit(redirect).netloc.split(":")
        with socket.create_connection((host, int(port))) as silent:
            silent.sendall(b"nonsense\r\n\r\n")
            silent.settimeout(10)
            silent.recv(100)
        return agree(google)(address)

    assert terminal.run("google", "--port", "0", browser=noisy).exit_code == 0
    assert seen == [404] * 4


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("local",), "PROVIDER: nobody consents at 'local'"),
        (("yahoo",), "PROVIDER: nobody consents at 'yahoo'"),
        (("google", "--client", "/nowhere.json"), "--client: /nowhere.json: No such file"),
        (("google", "--redirect", "https://x.example"), "--redirect: nobody listens there"),
        (("google",), "Google account 'google': the project's OAuth client file is needed first"),
        (("outlook",), "Microsoft account 'microsoft' is not connected"),
    ],
)
def test_bad_input_is_one_line(terminal: Terminal, words: tuple[str, ...], line: str) -> None:
    assert refused(terminal.run(*words, "--port", "0")).startswith(line)


@pytest.mark.parametrize("typed", ["", "hello\n", "https://hire.example.com/\n", "http://[\n", "\x00\n"])
def test_pasting_something_else(terminal: Terminal, tmp_path: Path, typed: str) -> None:
    kept(tmp_path, "google", {"installed": CLIENT_FILE})
    line = refused(terminal.run("google", "--paste", typed=typed))
    assert line.startswith("connect: this is not the address of a consent's answer")


@pytest.mark.parametrize("given", [False, True])
def test_a_service_account_is_not_overwritten(terminal: Terminal, tmp_path: Path, given: bool) -> None:
    path = kept(tmp_path, "google", json.loads(key_file()))
    before = path.read_bytes()
    client = tmp_path / "client.json"
    client.write_text(json.dumps({"installed": CLIENT_FILE}))
    more = ("--client", str(client)) if given else ()
    line = refused(terminal.run("google", "--port", "0", *more))
    assert ("is there already; leave it out" if given else "client file") in line
    assert path.read_bytes() == before


def test_the_wait_is_not_prolonged_by_somebody_who_says_nothing(tmp_path: Path) -> None:
    server = connect._Listener(("127.0.0.1", 0), connect._Visitor)
    connect._Visitor.timeout, before = 0.2, connect._Visitor.timeout
    try:
        with socket.create_connection(server.server_address[:2]):
            started = time.monotonic()
            with pytest.raises(Exception, match="nobody came back"):
                connect._visited(server, 0.4)
            assert time.monotonic() - started < 5
    finally:
        connect._Visitor.timeout = before
        server.server_close()
