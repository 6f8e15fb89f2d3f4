"""Raw connections that begin and do not go on: closed after a time, and no more than so many at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from scheduler.cli.connections import MOST
from tests.scheduler.api.client import BASE
from tests.scheduler.cli.served import Served, serving

SHORT = 0.6
HEALTH = f"GET {BASE}/health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served") / "data", header_seconds=str(SHORT)) as found:
        yield found


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def status(connection: socket.socket) -> int:
    """Of the next answer, which is read whole."""
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def everything_or_nothing(connection: socket.socket) -> bytes:
    try:
        return everything(connection)
    except TimeoutError:
        return b""


def drip(connection: socket.socket, text: bytes, every: float = 0.1) -> bytes:
    """Send byte by byte until the other side closes, and give what it said. Raises if it never does."""
    connection.settimeout(every)
    said = b""
    for n in range(len(text)):
        try:
            connection.sendall(text[n : n + 1])
            part = connection.recv(65536)
            if not part:
                return said
            said += part
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return said
    raise AssertionError(f"{len(text)} bytes were taken, one by one: {said!r}")


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (b"", False),
        (b"G", True),
        (b"GET / HTTP/1.1", True),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", True),
        (f"POST {BASE}/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n".encode(), True),
    ],
)
def test_what_is_begun_and_not_ended_is_closed(served: Served, begun: bytes, told: bool) -> None:
    with served.connect() as connection:
        connection.sendall(begun)
        said = everything(connection)
    assert said.startswith(b"HTTP/1.1 408 ") is told, said
    assert told or said == b""


def test_a_byte_now_and_then_keeps_nothing_open(served: Served) -> None:
    with served.connect() as connection:
        assert b" 408 " in drip(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 600)


def test_the_second_request_of_a_connection_has_no_more_patience(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(HEALTH)
        assert status(connection) == 200
        assert b" 408 " in drip(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 600)


def test_the_rest_of_a_refused_body_keeps_nothing_open(served: Served) -> None:
    head = f"POST {BASE}/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n".encode()
    with served.connect() as connection:
        connection.sendall(head)
        assert status(connection) == 401, "before a byte of the body"
        drip(connection, b"x" * 600)


def test_a_refused_body_that_does_come_leaves_the_connection_good(served: Served) -> None:
    body = b"x" * 300_000
    head = f"POST {BASE}/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with served.connect() as connection:
        connection.sendall(head + body)
        assert status(connection) == 401
        connection.sendall(HEALTH)
        assert status(connection) == 200


def test_an_endless_refused_body_is_cut_off(served: Served) -> None:
    head = f"PUT {BASE}/company HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with served.connect() as connection:
        connection.sendall(head)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            for _ in range(10_000):
                connection.sendall(chunk)


def test_an_answer_that_nobody_reads_is_given_up(served: Served) -> None:
    request = f"GET {BASE}/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", served.port))
        connection.settimeout(60)
        end = time.monotonic() + 60
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() < end:
                connection.sendall(request)
                time.sleep(0.02)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("patient") / "data", header_seconds="300") as found:
        yield found


def test_many_who_come_at_once_are_all_answered(patient: Served) -> None:
    asking = [patient.connect() for _ in range(MOST + 100)]
    for connection in asking:
        connection.sendall(HEALTH)
    for connection in asking:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.close()


def test_more_of_them_push_the_oldest_out_and_health_answers(patient: Served) -> None:
    held = [patient.connect() for _ in range(MOST)]
    for connection in held:
        connection.sendall(b"GET / HTTP/1.1\r\n")
    for _ in range(3):
        with patient.connect() as asking:
            asking.sendall(HEALTH)
            assert asking.recv(65536).startswith(b"HTTP/1.1 200 ")
    held[0].settimeout(0.05)
    more = []
    while not everything_or_nothing(held[0]):
        more.append(patient.connect())
    assert everything(held[1]), "they waited longest"
    held[-1].settimeout(0.2)
    with pytest.raises(TimeoutError):
        held[-1].recv(1)
    for connection in (*held, *more):
        connection.close()
