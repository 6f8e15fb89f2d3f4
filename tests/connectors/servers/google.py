"""A stand-in for Google over real sockets: tokens, Calendar v3 and the directory of rooms.

Every request, and every answer of its own, is checked against Google's descriptions; what they do
not know ends up in ``world.problems`` and fails the test that made it.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from tests.connectors.servers.google_accounts import Accounts
from tests.connectors.servers.google_api import METHODS, Call
from tests.connectors.servers.google_lists import Refused
from tests.connectors.servers.google_schema import (
    Mismatch,
    apis,
    check_fields,
    keep_fields,
    parse_fields,
)
from tests.connectors.servers.google_world import CANARY, Fault, World


class Handler(BaseHTTPRequestHandler):
    """One connection. Kept open between requests, as Google does."""

    protocol_version = "HTTP/1.1"
    server: GoogleServer
    timeout = 60

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """The world keeps its own log."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        url = urlsplit(self.path)
        if self.server.world.latency:
            time.sleep(self.server.world.latency)
        if url.path == "/token":
            self._token(raw)
        else:
            self._call(url.path, url.query, raw)

    # --- tokens --------------------------------------------------------------------------------

    def _token(self, raw: bytes) -> None:
        fault = self._fault("token")
        if fault is not None:
            return
        with self.server.world.lock:
            status, body = self.server.accounts.token(dict(parse_qsl(raw.decode())))
        self._send(status, json.dumps(body).encode())

    # --- the APIs ------------------------------------------------------------------------------

    def _call(self, path: str, query_text: str, raw: bytes) -> None:
        world = self.server.world
        verb = self.headers.get("x-http-method-override", self.command)
        method = next((m for api in apis() if (m := api.find(verb, path))), None)
        if method is None:
            world.problems.append(f"{verb} {path} is no method of Google's")
            self._refuse(Refused(404, "notFound"))
            return
        if verb != self.command:  # a long address travels in the body of a POST
            query_text, raw = raw.decode(), b""
        query = parse_qs(query_text, keep_blank_values=True)
        try:
            body = json.loads(raw) if raw and verb in ("POST", "PATCH", "PUT") else None
            method.api.check_query(method, query)
            method.api.check_body(method, body)
            tree = parse_fields(query["fields"][-1]) if "fields" in query else {}
            if tree:
                check_fields(method.api, method.description["response"], tree)
        except (Mismatch, ValueError) as error:
            world.problems.append(f"request: {error}")
            self._refuse(Refused(400, "badRequest"))
            return
        subject = self.server.accounts.who(self.headers.get("authorization", ""), method.scopes)
        with world.lock:
            world.log.append(
                (method.id, str(subject), {"query": query, "body": body, "path": dict(method.path)})
            )
        fault = self._fault(method.id)
        if fault is not None and not fault.lose:
            return
        if isinstance(subject, int):
            reason = "authError" if subject == 401 else "insufficientPermissions"
            self._refuse(Refused(subject, reason))
            return
        token = self.server.accounts.tokens[self.headers["authorization"].removeprefix("Bearer ")]
        path_values = {name: unquote(value) for name, value in method.path.items()}
        if_match = self.headers.get("if-match")
        call = Call(world, self.server.accounts, subject, token.scopes, path_values, query, body, if_match)
        try:
            with world.lock:
                answer = METHODS[method.id](call)
        except Refused as refused:
            if fault is None:
                self._refuse(refused)
            else:
                self._hang_up()
            return
        try:
            method.api.check_answer(method, answer)
        except Mismatch as error:
            world.problems.append(f"answer: {error}")
        if fault is not None:
            self._hang_up()
        elif answer is None:
            self._send(204, b"")
        else:
            self._send(200, json.dumps(keep_fields(tree, answer)).encode())

    # --- answers -------------------------------------------------------------------------------

    def _fault(self, method_id: str) -> Fault | None:
        """The fault that is due, already acted out unless the request is to be carried out first."""
        world = self.server.world
        with world.lock:
            fault = next((f for f in world.faults if re.search(f.on + "$", method_id)), None)
            if fault is None:
                return None
            fault.times -= 1
            if fault.times <= 0:
                world.faults.remove(fault)
        if fault.drop:
            self._hang_up()
        elif fault.body is not None:
            self._send(fault.status or 200, fault.body)
        elif not fault.lose:
            extra = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._refuse(Refused(fault.status, fault.reason, fault.domain), extra)
        return fault

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _refuse(self, refused: Refused, headers: dict[str, str] | None = None) -> None:
        about = {"domain": refused.domain, "reason": refused.reason, "message": f"{CANARY} {refused.reason}"}
        body = {"error": {"errors": [about], "code": refused.status, "message": CANARY}}
        self._send(refused.status, json.dumps(body).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        if len(body) > 1000 and "gzip" in self.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if status != 204:
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class GoogleServer(ThreadingHTTPServer):
    """The server on a free port of the loopback; use it as a context."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler] = Handler) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.world = World()
        self.accounts = Accounts()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def calls(self, ending: str = "") -> list[dict[str, Any]]:
        """What was asked of the methods whose id ends so, in order."""
        return [about for name, _, about in self.world.log if name.endswith(ending)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no problem of the server's."""

        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError | OSError):
            self.world.problems.append(f"server: {type(error).__name__} {error}")

    def __enter__(self) -> GoogleServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()
