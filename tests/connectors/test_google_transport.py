"""The transport by itself, against sockets that behave badly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connectors.errors import Transient
from connectors.google import transport as module
from connectors.google.transport import Transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(*scripts: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server whose n-th connection follows the n-th script; what it read is kept."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    heard: list[bytes] = []

    def run() -> None:
        for script in scripts:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                heard.append(b"")
                script(_Listening(connection, heard))  # type: ignore[arg-type]

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", heard
    finally:
        listener.close()
        thread.join(15)


class _Listening:
    """A connection that keeps what was read from it."""

    def __init__(self, connection: socket.socket, heard: list[bytes]) -> None:
        self._connection, self._heard = connection, heard

    def request(self) -> bytes:
        """One request: its headers, which is all that these have."""
        got = b""
        while b"\r\n\r\n" not in got:
            part = self._connection.recv(65536)
            if not part:
                return got
            got += part
        self._heard[-1] += got
        return got

    def say(self, text: bytes) -> None:
        self._connection.sendall(text)

    def wait(self) -> None:
        """Until the other side goes away."""
        try:
            while self._connection.recv(65536):
                pass
        except OSError:
            return


def answers(*texts: bytes) -> Callable[[_Listening], None]:
    def script(peer: _Listening) -> None:
        for text in texts:
            peer.request()
            peer.say(text)

    return script


def hangs(first: bytes = b"") -> Callable[[_Listening], None]:
    def script(peer: _Listening) -> None:
        peer.request()
        peer.say(first)
        peer.wait()

    return script


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(timeout=0.3, deadline=0.5)
    yield transport
    transport.close()


def test_a_connection_is_kept_and_used_again(transport: Transport) -> None:
    with serving(answers(OK, OK, OK)) as (url, heard):
        for _ in range(3):
            assert transport.request("GET", url, {}).body == b"ok"
        assert heard[0].count(b"GET /x") == 3


def test_a_connection_that_was_idle_for_long_is_not_trusted(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE", 0.0)
    with serving(answers(OK), answers(OK)) as (url, heard):
        for _ in range(2):
            assert transport.request("POST", url, {}).status == 200
        assert [h.count(b"POST") for h in heard] == [1, 1]


def test_a_read_on_a_connection_that_went_away_is_sent_again_once(transport: Transport) -> None:
    with serving(answers(OK), answers(OK)) as (url, heard):
        transport.request("GET", url, {})
        assert transport.request("GET", url, {}).body == b"ok"
        assert [h.count(b"GET") for h in heard] == [1, 1]


def test_a_write_on_a_connection_that_went_away_is_not_sent_again(transport: Transport) -> None:
    with serving(answers(OK), answers(OK)) as (url, heard):
        transport.request("POST", url, {})
        with pytest.raises(Transient, match="connection broke"):
            transport.request("POST", url, {})
        assert transport.request("POST", url, {}).status == 200  # a new one, for a new request
        assert [h.count(b"POST") for h in heard] == [1, 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "connection broke"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "connection broke"),
        (b"HTTP/1.1 200 OK\r\n", "connection broke"),
        (b"nonsense\r\n\r\n", "connection broke"),
        (b"", "connection broke"),
    ],
    ids=["cut off", "cut off in a chunk", "headers cut off", "no http", "nothing"],
)
def test_an_answer_that_is_not_whole_is_none(transport: Transport, text: bytes, says: str) -> None:
    with serving(answers(text)) as (url, _), pytest.raises(Transient, match=says):
        transport.request("POST", url, {})


def test_silence_is_not_waited_for_for_ever(transport: Transport) -> None:
    with serving(hangs()) as (url, _), pytest.raises(Transient, match="no answer in time"):
        transport.request("GET", url, {})


def test_a_trickle_is_not_either(transport: Transport) -> None:
    def trickle(peer: _Listening) -> None:
        peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        stop = threading.Event()
        try:
            while not stop.wait(0.05):
                peer.say(b"x")
        except OSError:
            return

    with serving(trickle) as (url, _), pytest.raises(Transient, match="no answer in time"):
        transport.request("GET", url, {})


def test_a_redirect_is_an_answer_and_the_token_goes_nowhere(transport: Transport) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://evil.invalid/\r\nContent-Length: 0\r\n\r\n"
    with serving(answers(moved)) as (url, heard):
        answer = transport.request("GET", url, {"authorization": "Bearer secret"})
        assert answer.status == 302
        assert len(heard) == 1


def test_nobody_there(transport: Transport) -> None:
    with pytest.raises(Transient, match=r"GET 127\.0\.0\.1: cannot connect"):
        transport.request("GET", "http://127.0.0.1:9/x?secret=1", {})


def test_a_name_that_does_not_resolve(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(Transient, match="cannot be resolved"):
        transport.request("GET", "http://calendar.invalid/x", {})


def test_after_closing_nothing_is_kept(transport: Transport) -> None:
    with serving(answers(OK), answers(OK)) as (url, _):
        transport.request("GET", url, {})
        transport.close()
        assert transport.request("GET", url, {}).status == 200
        assert transport._idle == []
