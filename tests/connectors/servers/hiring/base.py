"""A stand-in for a hiring system: what it knows, its bad days, and the webhooks that it sends.

Each system's file has its words, its limits and its checks: a request that the vendor does not describe is a
problem, and `Server.problems` is looked at when a test ends.
"""

from __future__ import annotations

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.calls import Cooling

PATIENT = Cooling(failures=1000)
"""A connector that asks again at once: the breaker's own clock cannot be moved here."""
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class Applied:
    """One application. ``visits`` are ``[id, stage, entered, left]``; ``standing`` is ours."""

    id: str
    person: str
    name: str
    email: str
    visits: list[list[Any]]
    standing: str = "active"
    updated: datetime = START
    deleted: bool = False

    @property
    def stage(self) -> str:
        return str(self.visits[-1][1])


@dataclass
class World:
    """People, one job with its stages, applications, interviews; ids as the system writes them."""

    ident: Callable[[int], str]
    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    applications: dict[str, Applied] = field(default_factory=dict)
    interviews: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = START
    made: int = 100

    def __post_init__(self) -> None:
        people = (("Hana Holt", "hana@example.com"), ("Rolf Reiter", "rolf@example.com"))
        people += (("Ada Adler", "ada@example.com"), ("Ben Blum", "ben@example.com"))
        for n, (name, email) in enumerate(people, 1):
            self.users[self.ident(n)] = (name, email)
        for n, name in enumerate(("Applied", "Talks", "Decision"), 11):
            self.stages[self.ident(n)] = name
        self.job = (self.ident(21), "Backend Engineer")
        self.step = (self.ident(31), "Technical interview")
        self.manager, self.recruiter = self.ident(1), self.ident(2)

    def fresh(self) -> str:
        self.made += 1
        return self.ident(self.made)

    def stage_of(self, name: str) -> str:
        return next(id for id, known in self.stages.items() if known == name)

    def apply(self, name: str = "Mara Lind", email: str = "mara@example.org") -> Applied:
        id = self.fresh()
        first = [self.fresh(), self.stage_of("Applied"), self.now, None]
        self.applications[id] = Applied(id, self.fresh(), name, email, [first], updated=self.now)
        return self.applications[id]

    def move(self, applied: Applied, stage: str) -> None:
        self.now += timedelta(minutes=1)
        applied.visits[-1][3] = self.now
        applied.visits.append([self.fresh(), self.stage_of(stage), self.now, None])
        applied.updated = self.now

    def close(self, applied: Applied, standing: str = "rejected") -> None:
        self.now += timedelta(minutes=1)
        applied.standing, applied.updated = standing, self.now


@dataclass
class Asked:
    """A request as the stand-in sees it."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Told:
    """Its answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Server(ABC):
    """The HTTP of it. ``down`` answers everything with 503; ``refuse`` holds answers to be given first; after
    ``lose`` writes the connection breaks before the answer, though the write took place."""

    system = ""

    def __init__(self) -> None:
        self.world = World(self.ident)
        self.problems: list[str] = []
        self.asked: list[Asked] = []
        self.refuse: list[Told] = []
        self.lose = 0
        self.down = False
        self.lock = threading.Lock()
        self.clients: list[Any] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    @staticmethod
    def ident(n: int) -> str:
        return f"id-{n:04}"

    def connect(self) -> Any:
        """The connector, made as in production but for the address and the waits; closed with the server."""
        self.clients.append(self.client())
        return self.clients[-1]

    @abstractmethod
    def client(self) -> Any:
        """A connector of its own."""

    @abstractmethod
    def shown(self) -> list[dict[str, Any]]:
        """The interviews that stand, each with start, end and the addresses of its people."""

    @abstractmethod
    def hook(self, applied: Applied, secret: str) -> list[tuple[bytes, dict[str, str]]]:
        """The webhooks of the last change to an application: bodies and headers."""

    @abstractmethod
    def answer(self, asked: Asked) -> Told:
        """What the system says. Called for one request at a time."""

    def problem(self, text: str) -> Told:
        self.problems.append(text)
        return Told(422, {"message": "not described"})

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for client in self.clients:
                client.close()
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class Bucket:
    """So many requests a second, so many at once; in the server's own time."""

    def __init__(self, per_second: float, burst: int) -> None:
        self.per_second, self.burst = per_second, burst
        self.left, self.at = float(burst), time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Silence."""

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            is_json = "json" in self.headers.get("content-type", "")
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(raw) if raw and is_json else raw.decode(),
            )
            with server.lock:
                told = _told(server, asked)
                lost = told.status < 300 and server.lose > 0 and asked.method == "POST" and _writes(asked)
                if lost:
                    server.lose -= 1
            if lost:
                self.close_connection = True
                return
            body = b"" if told.body is None else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in {"content-type": "application/json", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    return Handler


def _writes(asked: Asked) -> bool:
    return not asked.path.endswith(("info", "list", "listHistory", "token"))


def _told(server: Server, asked: Asked) -> Told:
    server.asked.append(asked)
    if server.down:
        return Told(503)
    if server.refuse:
        return server.refuse.pop(0)
    return server.answer(asked)
