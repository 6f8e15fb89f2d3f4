"""A real OpenID Connect provider on loopback: the package `oidc-provider-mock`, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import ConnectorError
from connectors.http import Http
from tests.nginx_server import free_port


@dataclass(frozen=True)
class OidcProvider:
    """``issuer`` is its address; people are whoever `knows` was told of."""

    issuer: str
    http: Http

    def knows(self, subject: str, **claims: Any) -> None:
        """Somebody who can sign in there."""
        answer = self.http.request("PUT", f"{self.issuer}/users/{subject}", json=claims)
        assert answer.status == 204, answer.body

    def signs_in(self, subject: str, address: str, action: str = "") -> dict[str, str]:
        """What a browser brings back after somebody has signed in at the address that it was sent to."""
        form = f"sub={subject}" + (f"&action={action}" if action else "")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.http.request("POST", address, content=form, headers=headers)
        assert answer.status in (302, 303), (answer.status, answer.body[:500])
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@contextmanager
def running() -> Iterator[OidcProvider]:
    """The provider, until the block ends."""
    port = free_port()
    program = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        with Http(timeout=5.0) as http:
            until = time.monotonic() + 60
            while True:
                try:
                    known = http.request("GET", f"{issuer}/.well-known/openid-configuration")
                    break
                except ConnectorError:
                    assert process.poll() is None and time.monotonic() < until, "it does not start"
                    time.sleep(0.1)
            assert json.loads(known.body)["issuer"] == issuer
            yield OidcProvider(issuer, http)
    finally:
        process.terminate()
        process.wait(20)
