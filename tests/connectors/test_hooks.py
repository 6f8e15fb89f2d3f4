"""A post goes to public addresses alone, to what was looked up, once, and ends in time whatever the other side does."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator

import pytest

from connectors.outgoing import hooks
from connectors.outgoing.hooks import fault_of, is_public, post

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:a00:1::",
    "::127.0.0.1",
    "::8.8.8.8",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("text", PRIVATE)
def test_no_address_of_an_inside_is_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_of_the_outside_are(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://example.com/hook", ""),
        ("https://8.8.8.8/x?y=1", ""),
        ("http://example.com/", "is not https"),
        ("http://intra.example:8080/", ""),
        ("http://intra.example:8081/", "is not https"),
        ("https://127.0.0.1/", "is not a public address"),
        ("https://[::ffff:10.0.0.1]/", "is not a public address"),
        ("https://[::1", "is not an address"),
        ("https://example.com:99999/", "is not an address"),
        ("https://example.com:0/", "is not an https address"),
        ("ftp://example.com/", "is not an https address"),
        ("https://", "is not an https address"),
        ("https://user:pw@example.com/", "holds a user or a password"),
        ("https://example.com/#x", "holds a fragment"),
        ("https://exämple.com/", "holds signs that an address has not"),
        ("https://example.com/a b", "holds signs that an address has not"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(url: str, fault: str) -> None:
    assert fault_of(url, {"intra.example:8080"}) == fault


def _found(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names lead to these addresses, one list for each look; the names that were looked up."""
    asked: list[str] = []
    left = list(answers)

    def look(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (ip, port)) for ip in left.pop(0)]

    monkeypatch.setattr(hooks.socket, "getaddrinfo", look)
    return asked


@pytest.mark.parametrize(
    "ips", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]]
)
def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, ips: list[str]) -> None:
    _found(monkeypatch, ips)
    monkeypatch.setattr(hooks.socket, "create_connection", lambda *_, **__: pytest.fail("it was called"))
    answer = post("https://rebound.example/", {}, b"{}")
    assert answer.fault == "the name leads to an address that is not public"


def test_the_connection_goes_to_what_was_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _found(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    called: list[object] = []

    def connect(address: object, **_: object) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(hooks.socket, "create_connection", connect)
    assert post("https://rebound.example/", {}, b"{}").status == 0
    assert asked == ["rebound.example"]
    assert called == [("8.8.8.8", 443)]


@pytest.fixture
def talker() -> Iterator[tuple[str, list[bytes], dict[str, bytes]]]:
    """A server that says what it is told to, slowly if so, and what it was sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    says: dict[str, bytes] = {"answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(connection.recv(65536))
                try:
                    if "drip" in says:
                        for byte in says["drip"] * 1000:
                            connection.send(bytes([byte]))
                            if ended.wait(0.02):
                                return
                    connection.sendall(says["answer"])
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen, says
    ended.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


Talker = tuple[str, list[bytes], dict[str, bytes]]


def test_a_redirect_is_not_followed(talker: Talker) -> None:
    url, seen, says = talker
    says["answer"] = b"HTTP/1.1 307 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    answer = post(f"{url}/a?b=c", {"webhook-id": "m"}, b'{"x":1}', allowed={"127.0.0.1"})
    assert (answer.status, answer.good) == (307, False)
    assert len(seen) == 1
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert b"webhook-id: m" in head and f"Host: {url.removeprefix('http://')}".encode() in head
    assert body == b'{"x":1}' or seen[0].endswith(b"\r\n\r\n")


def test_an_answer_that_never_ends_is_cut(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    url, _, says = talker
    says["drip"] = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100
    monkeypatch.setattr(hooks, "TIMEOUT", 0.5)
    answer = post(url, {}, b"{}", allowed={"127.0.0.1"})
    assert answer.status == 0
    assert answer.fault.startswith("no answer within")


@pytest.mark.parametrize(
    "noise", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200\r\n" + b"A: b\r\n" * 500]
)
def test_noise_is_a_failure_and_no_error(talker: Talker, noise: bytes) -> None:
    url, _, says = talker
    says["answer"] = noise
    answer = post(url, {}, b"{}", allowed={"127.0.0.1"})
    assert (answer.status, answer.good) == (0, False)
    assert answer.fault


def test_a_wish_to_wait_is_passed_on(talker: Talker) -> None:
    url, _, says = talker
    says["answer"] = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    assert post(url, {}, b"{}", allowed={"127.0.0.1"}).retry_after == 120
