"""A stateful stand-in for Microsoft Graph's calendar on a loopback socket.

Every request and every answer is checked against Microsoft's published description; what does not fit
is kept in `violations` and answered with 500. `faults` makes it behave as on its bad days.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.connectors.servers import graph_batch
from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph_payload import Refused
from tests.connectors.servers.graph_routes import Routes
from tests.connectors.servers.graph_world import World


@dataclass
class Faults:
    """What goes wrong, and how often. Counters count down."""

    latency: float = 0.0
    """Seconds that the service needs for one request, in a batch or out of it."""
    travel: float = 0.0
    """Seconds that a request and its answer are on their way; a batch travels once."""
    lose: int = 0
    """Writes that are carried out without an answer."""
    refuse: list[tuple[int, str, float | None]] = field(default_factory=list)
    """Status, code and Retry-After of the next requests' answers."""
    throttle: tuple[int, float | None] | None = None
    """Status and Retry-After of every answer, as long as it is set."""
    most_in_flight: int | None = None
    """More requests at once than this are refused, as Outlook does with more than four."""
    mangle: Callable[[bytes], bytes] | None = None
    """Changes the next answer's bytes."""


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    route: str
    mailbox: str
    query: dict[str, str]
    body: Any


class GraphServer:
    """Start it with ``with GraphServer() as server``; `base` is its address."""

    def __init__(self) -> None:
        self.world = World()
        self.faults = Faults()
        self.violations: list[str] = []
        self.requests: list[Seen] = []
        self.tokens = {"token-1"}
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.RLock()
        self._counting = threading.Lock()
        self._http = _Listener(("127.0.0.1", 0), _Handler)
        self._http.graph = self
        self.base = f"http://127.0.0.1:{self._http.server_address[1]}/v1.0"
        self.public_base = self.base
        """What links in answers begin with; differs behind an intercepting proxy."""
        self.routes = Routes(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> GraphServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=10)

    @contextmanager
    def locked(self) -> Iterator[World]:
        """The world, for a test that acts behind the connector."""
        with self._lock:
            yield self.world

    def count(self, route: str | None = None) -> int:
        """Requests so far, of one route or all."""
        return sum(1 for seen in self.requests if route in (None, seen.route))

    # --- one request ---------------------------------------------------------------------------

    def answer(
        self, method: str, target: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body; ``None`` where the connection is to be dropped."""
        if self.faults.travel:
            time.sleep(self.faults.travel)
        if (method, urlsplit(target).path) == ("POST", "/v1.0/$batch"):
            outcome = self._judged(lambda: self._batch(headers, raw))
        else:
            outcome = self._single(method, target, headers, raw)
        if outcome is None:
            return None
        status, extra, body = outcome
        text = b"" if body is None else json.dumps(body).encode()
        if self.faults.mangle is not None and status < 300:
            text, self.faults.mangle = self.faults.mangle(text), None
        return status, {"Content-Type": "application/json", **extra}, text

    def _single(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> graph_batch.Outcome:
        """One request that the service judges and counts, alone or inside a batch."""
        with self._counting:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            crowded = self.faults.most_in_flight is not None and self._in_flight > self.faults.most_in_flight
        try:
            if self.faults.latency:
                time.sleep(self.faults.latency)
            if crowded:
                return self._error(Refused(429, "ApplicationThrottled", headers={"Retry-After": "0.05"}))
            outcome = self._judged(lambda: self._served(method, target, headers, raw))
            with self._counting:
                lost = outcome[0] < 300 and method != "GET" and self.faults.lose > 0
                if lost and "getSchedule" not in target:
                    self.faults.lose -= 1
                    return None
            return outcome
        finally:
            with self._counting:
                self._in_flight -= 1

    def _judged(self, work: Callable[[], tuple[int, dict[str, str], Any]]) -> tuple[int, dict[str, str], Any]:
        try:
            return work()
        except Refused as refused:
            return self._error(refused)
        except schema.SchemaError as error:
            self.violations.append(str(error))
            return self._error(Refused(500, "SchemaViolation", str(error)))
        except Exception as error:  # a bug of the stand-in must not look like a broken connection
            self.violations.append(f"stand-in: {type(error).__name__}: {error}")
            return self._error(Refused(500, "StandInBroken", str(error)))

    def _batch(self, headers: dict[str, str], raw: bytes) -> tuple[int, dict[str, str], Any]:
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refused(400, "BadRequest", "Unable to read JSON request payload.") from None
        self.requests.append(Seen("POST", "batch", "", {}, body))
        self._known(headers)
        return 200, {}, graph_batch.serve(body, headers["authorization"], self._single)

    def _known(self, headers: dict[str, str]) -> None:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise Refused(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")

    def _served(
        self, method: str, target: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v1.0")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = json.loads(raw) if raw else None
        route, mailbox, arguments = self.routes.find(method, path)
        self.requests.append(Seen(method, route, mailbox, query, body))
        if not re.search(r'IdType="ImmutableId"', headers.get("prefer", "")):
            raise schema.SchemaError(f"{route}: Prefer lacks ImmutableId")
        self._known(headers)
        if self.faults.throttle is not None:
            status, wait = self.faults.throttle
            code = "ErrorInternalServerError" if status == 500 else "ApplicationThrottled"
            raise Refused(status, code, headers={} if wait is None else {"Retry-After": f"{wait:g}"})
        if self.faults.refuse:
            status, code, wait = self.faults.refuse.pop(0)
            raise Refused(status, code, headers={} if wait is None else {"Retry-After": f"{wait:g}"})
        with self._lock:
            status, answer, extra = self.routes.serve(route, mailbox, arguments, query, body, headers)
        return status, extra, answer

    @staticmethod
    def _error(refused: Refused) -> tuple[int, dict[str, str], Any]:
        inner = {"request-id": "0b51d3f2-9e1b-4c0e-8f7e-3f5f2b1c9a10", "date": "2026-10-20T08:00:00"}
        body = {
            "error": {"code": refused.code, "message": refused.message or refused.code, "innererror": inner}
        }
        schema.check("error", body)
        return refused.status, dict(refused.headers), body

    # --- the service's own doings --------------------------------------------------------------

    def settle(self) -> None:
        with self._lock:
            self.world.settle()

    def notice(self, subscription: str, *, life: str | None = None, state: str | None = None) -> bytes:
        """The body of a notice as Graph would deliver it."""
        with self._lock:
            kept = self.routes.subscriptions[subscription]
        item: dict[str, Any] = {
            "subscriptionId": subscription,
            "subscriptionExpirationDateTime": kept["expirationDateTime"],
            "clientState": kept["clientState"] if state is None else state,
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        }
        if life is not None:
            item["lifecycleEvent"] = life
        else:
            item |= {
                "changeType": "updated",
                "resource": kept["resource"].lstrip("/") + "/AAMk",
                "resourceData": {},
            }
        schema.check("extra.notice", item)
        return json.dumps({"value": [item]}).encode()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    graph: GraphServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.graph.answer(self.command, self.path, headers, raw)
        if answer is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, extra, body = answer
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle
