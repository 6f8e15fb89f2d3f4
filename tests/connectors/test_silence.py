"""A server that takes the connection and never says a word: every kind of call comes back with one clear line.

A call without a limit would make its test hang.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.calls import Retry
from connectors.errors import Transient
from connectors.google.calendar import GoogleCalendar
from connectors.google.transport import Transport
from connectors.http import Http
from connectors.local.calendar import LocalCalendar
from connectors.mail import Message, SmtpMessenger
from connectors.outlook.auth import SignIn
from connectors.tokens import MemoryTokens
from connectors.types import Unknown
from scheduler.storage.database import Database
from scheduler.storage.errors import Unavailable
from tests.connectors.conformance_kit import WINDOW
from tests.connectors.servers.google_accounts import key_file

ONCE = Retry(attempts=1, patience=1.0, wait_initial=0.01, wait_max=0.02, wait_jitter=0.0)
SHORT = 0.3


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts (the system does it for it) and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=32) as listener:
        yield listener.getsockname()[1]


def http(port: int, _: Path) -> None:
    with Http(f"http://127.0.0.1:{port}", timeout=SHORT) as client:
        client.request("POST", "/x", json={})


def handshake(port: int, _: Path) -> None:
    with Http(f"https://127.0.0.1:{port}", timeout=SHORT) as client:
        client.request("GET", "/x")


def google(port: int, _: Path) -> None:
    transport = Transport(timeout=SHORT)
    try:
        transport.request("GET", f"http://127.0.0.1:{port}/x", {})
    finally:
        transport.close()


def google_handshake(port: int, _: Path) -> None:
    transport = Transport(timeout=SHORT)
    try:
        transport.request("GET", f"https://127.0.0.1:{port}/x", {})
    finally:
        transport.close()


def microsoft_sign_in(port: int, _: Path) -> None:
    grant = {"tenant": "common.example", "client_id": "c", "secret": "s"}
    with Http(timeout=SHORT) as client:
        tokens = MemoryTokens(microsoft=json.dumps(grant).encode())
        SignIn(tokens, "microsoft", client, authority=f"https://127.0.0.1:{port}", retry=ONCE).token()


def google_sign_in(port: int, _: Path) -> None:
    endpoint = f"http://127.0.0.1:{port}"
    tokens = MemoryTokens(google=key_file())
    with GoogleCalendar(
        tokens, endpoint=endpoint, timeout=SHORT, retry=ONCE, subject="us@example.com"
    ) as service:
        service.availability(["ada@example.com"], WINDOW)


def mail(security: str) -> Callable[[int, Path], None]:
    def send(port: int, folder: Path) -> None:
        messenger = SmtpMessenger(
            "127.0.0.1", port, sender="us@example.com", sent=folder / "sent", security=security, timeout=SHORT
        )
        messenger.send(
            Message(id="m-1", to="mara@example.org", to_name="Mara", subject="Hello", text="Hello")
        )

    return send


CALLS: dict[str, Callable[[int, Path], None]] = {
    "http": http,
    "tls handshake": handshake,
    "google": google,
    "google, tls handshake": google_handshake,
    "sign-in at google": google_sign_in,
    "sign-in at microsoft": microsoft_sign_in,
    "mail": mail("starttls"),
    "mail, tls handshake": mail("tls"),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_server_that_says_nothing_is_one_line(silent: int, tmp_path: Path, what: str) -> None:
    with pytest.raises(Transient) as told:
        CALLS[what](silent, tmp_path)
    assert str(told.value) and "\n" not in str(told.value)


def test_a_database_server_that_says_nothing_is_unavailable(silent: int) -> None:
    db = Database(f"postgresql://us@127.0.0.1:{silent}/x?connect_timeout=2")
    with pytest.raises(Unavailable), db.read():
        pass
    db.dispose()


def test_a_calendar_that_is_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path) -> None:
    """What is opened may be anything that somebody put into the folder; a pipe would be waited for for ever."""
    os.mkfifo(tmp_path / "ada@example.com.ics")
    found = LocalCalendar(tmp_path).availability(["ada@example.com"], WINDOW)["ada@example.com"]
    assert isinstance(found, Unknown) and "not a plain file" in found.reason
