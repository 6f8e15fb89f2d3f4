"""A real OpenID Connect provider on loopback: the package `nanoidp`, strict as OAuth 2.1, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import yaml

from connectors.errors import ConnectorError
from connectors.http import Http
from tests.nginx_server import free_port

CLIENT, SECRET, PASSWORD = "loopwright", "a-secret-of-the-client-1", "a-password-of-theirs-1"
BACK = ("http://127.0.0.1:8080/sign-in/back", "https://hire.example.com/sign-in/back")


@dataclass(frozen=True)
class OidcProvider:
    """``issuer`` is its address."""

    issuer: str
    http: Http

    def signs_in(self, subject: str, address: str) -> dict[str, str]:
        """What a browser brings back after somebody has signed in at the address that it was sent to."""
        form = urlencode({"username": subject, "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.http.request("POST", address, content=form, headers=headers)
        assert answer.status in (302, 303), (answer.status, answer.body[:3000])
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@contextmanager
def running(folder: Path, people: Mapping[str, str]) -> Iterator[OidcProvider]:
    """The provider, until the block ends; ``people`` can sign in there, each with an address."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [*BACK]}
    other = {"client_id": "other", "client_secret": SECRET, "redirect_uris": [*BACK]}
    settings = {
        "config_version": 1,
        "server": {"host": "127.0.0.1", "port": port},
        "oauth": {"issuer": issuer, "audience": CLIENT, "clients": [client, other]},
    }
    users = {name: {"password": PASSWORD, "email": email} for name, email in people.items()}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    (folder / "users.yaml").write_text(yaml.safe_dump({"config_version": 1, "users": users}))
    program = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "nanoidp",
        "--config",
        str(folder),
        "--profile",
        "oauth21",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(program, stdout=log, stderr=log, cwd=folder)
    try:
        with Http(timeout=5.0) as http:
            until = time.monotonic() + 60
            while True:
                try:
                    known = http.request("GET", f"{issuer}/.well-known/openid-configuration")
                    break
                except ConnectorError:
                    assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
                    time.sleep(0.1)
            assert json.loads(known.body)["issuer"] == issuer
            yield OidcProvider(issuer, http)
    finally:
        process.terminate()
        process.wait(20)
