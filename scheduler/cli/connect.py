"""`loopwright connect`: one person lets Loopwright use their calendar, from the command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getpass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Mode

PORT = 8765
"""Where the browser comes back to. It stands in the app's registration, so it is always the same."""
WAIT = 300.0
_LONGEST = 65_536
_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Loopwright</title>
<p>Loopwright has the answer. Close this page and go back to the terminal.</p></html>"""


@dataclass(frozen=True)
class Door:
    """Where the consent page sends the browser, and how its answer gets here from there."""

    redirect: str
    answer: Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line. ``port`` 0 takes a free one; ``redirect`` is another
    registered address to come back to, which needs ``paste``. ``wait`` is in seconds."""

    mode: Mode = Mode.TYPED
    rooms: bool = False
    client: Path | None = None
    port: int = PORT
    wait: float = WAIT
    paste: bool = False
    redirect: str = ""


def run(provider: str, data: Path | None, wanted: Wanted) -> None:
    """Print the address to open, take the answer, keep the sign-in where the app reads it."""
    if wanted.redirect and not wanted.paste:
        raise BadInput("--redirect", "nobody listens there", "give --paste too")
    settings = config.load(data=data)
    with wiring.consent(settings, provider, _client(wanted.client)) as consent:
        if wanted.client is not None and consent.file.exists():
            fix = "leave it out to consent again with what is kept, or move that file away"
            raise BadInput("--client", f"{consent.file} is there already", fix)
        with _door(wanted, consent.host) as door:
            address, flow = consent.begin(door.redirect, wanted.mode, wanted.rooms, wanted.paste)
            _say("Open this address in a browser, sign in as the organizer, and agree:", "", address, "")
            answer = door.answer()
        who = consent.finish(flow, answer)
    _say(
        f"connected{': ' + who if who else ''}; kept in {consent.file}",
        "next: loopwright doctor (serve and work take up a provider that is new to them when restarted)",
    )


def _say(*lines: str) -> None:
    for line in lines:
        out.print(line, soft_wrap=True)


def _client(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput("--client", f"{file}: {error.strerror}", "name the client file") from None


@contextmanager
def _door(wanted: Wanted, host: str) -> Iterator[Door]:
    if wanted.paste:
        redirect = wanted.redirect or f"http://{host}:{wanted.port or PORT}/"
        yield Door(redirect, _pasted)
        return
    try:
        server = _Listener(("127.0.0.1", wanted.port), _Visitor)
    except OSError as error:
        text = f"{wanted.port} cannot be listened on: {error.strerror}"
        raise BadInput("--port", text, "give another one that the registration allows, or --paste") from None
    try:
        yield Door(f"http://{host}:{server.server_address[1]}/", lambda: _visited(server, wanted.wait))
    finally:
        server.server_close()


class _Listener(HTTPServer):
    """Takes one answer. Only this machine can reach it, and whoever does needs the state of this try."""

    allow_reuse_address = False
    found: Mapping[str, str] | None = None


def _visited(server: _Listener, wait: float) -> Mapping[str, str]:
    """What the first visitor with an answer brought; others (a favicon, a scanner) are sent away."""
    until = time.monotonic() + wait
    while server.found is None:
        server.timeout = until - time.monotonic()
        if server.timeout <= 0:
            fix = "is its redirect address registered? where the browser runs elsewhere, give --paste"
            raise BadInput("connect", f"nobody came back within {wait:.0f} s", fix)
        server.handle_request()
    return server.found


class _Visitor(BaseHTTPRequestHandler):
    timeout = 10.0
    """Seconds for which one connection may hold up the others."""
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: addresses hold codes."""

    def do_GET(self) -> None:
        self._take(urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else 0
        self._take(self.rfile.read(min(size, _LONGEST)).decode("utf-8", "replace"))

    def _take(self, text: str) -> None:
        answer = dict(parse_qsl(text))
        good = "state" in answer and ("code" in answer or "error" in answer)
        if good:
            self.server.found = answer
        self.send_response(200 if good else 404)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(_PAGE) if good else 0)),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if good:
            self.wfile.write(_PAGE)


def _pasted() -> Mapping[str, str]:
    """The answer from the address of the page that the browser ended on (which need not have loaded).
    At a terminal it is not shown: it holds a code."""
    prompt = "Then paste the whole address of the page you end on (it is not shown), and press Enter: "
    try:
        text = getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    except EOFError:
        text = ""
    try:
        parts = urlsplit(text.strip())
        answer = dict(parse_qsl(parts.query or parts.fragment))
    except ValueError:
        answer = {}
    if "state" not in answer or not {"code", "error"} & set(answer):
        raise BadInput("connect", "this is not the address of a consent's answer", "paste all of it")
    return answer
