"""The one HTTP client: bounded, quiet, and going where the environment says."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connectors.errors import Invalid, Transient, Unreadable
from connectors.http import Http, Response, ca_bundle, redact, tls_context


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str]]]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.seen.append((self.command, self.path, dict(self.headers.items())))
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self._send(302, b"", Location="/elsewhere", Set_Cookie="session=1; Path=/")
        elif path == "/large":
            self._send(200, b"x" * 3_000_000)
        elif path == "/bomb":
            self._send(200, gzip.compress(b"0" * 40_000_000), Content_Encoding="gzip")
        elif path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.05)
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.wfile.flush()
            self.close_connection = True
        elif path == "/garbled":
            self._send(200, b"not gzip", Content_Encoding="gzip")
        elif path == "/silent":
            time.sleep(3.0)
        else:
            self._send(200, b'{"a": 1}')


@contextmanager
def server() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    seen: list[tuple[str, str, dict[str, str]]] = []
    handler = type("Handler", (_Handler,), {"seen": seen})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = True
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}", seen
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join(timeout=5)


def test_an_answer_is_read_whatever_its_status_and_redirects_are_not_followed() -> None:
    with server() as (url, seen), Http(url, headers={"X-Ours": "1"}) as http:
        assert http.request("GET", "/").json() == {"a": 1}
        answer = http.request("GET", "/redirect")
        assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
        http.request("GET", "/after")
        assert [path for _, path, _ in seen] == ["/", "/redirect", "/after"]
        assert all(headers["X-Ours"] == "1" for _, _, headers in seen)
        assert not any("Cookie" in headers for _, _, headers in seen), "no cookie is kept"


@pytest.mark.parametrize("path", ["/large", "/bomb"])
def test_an_answer_larger_than_allowed_is_refused(path: str) -> None:
    with (
        server() as (url, _),
        Http(url, max_bytes=2_000_000) as http,
        pytest.raises(Unreadable, match="larger than"),
    ):
        http.request("GET", path)


@pytest.mark.parametrize(
    ("path", "timeout", "error", "words"),
    [
        ("/slow", 20.0, Transient, "took longer than 0.3 s"),
        ("/silent", 0.3, Transient, "no answer in time"),
        ("/cut", 20.0, Transient, "connection broke"),
        ("/garbled", 20.0, Unreadable, "cannot be unpacked"),
    ],
)
def test_a_bad_answer_is_one_line(path: str, timeout: float, error: type[Exception], words: str) -> None:
    with server() as (url, _), Http(url, timeout=timeout, deadline=0.3) as http:
        with pytest.raises(error, match=words) as caught:
            http.request("GET", path)
        assert "\n" not in str(caught.value)
        assert path not in str(caught.value)


def test_nobody_there_and_no_address() -> None:
    with Http() as http:
        with pytest.raises(Transient, match="cannot connect"):
            http.request("GET", "http://127.0.0.1:9/x")
        with pytest.raises(Invalid, match="not an address"):
            http.request("GET", "ftp://127.0.0.1/x")


def test_the_log_shows_no_path_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with server() as (url, _), Http(url) as http:
        http.request("GET", "/users/ada@example.org/events?$deltatoken=secret")
    assert "HTTP Request: GET http://127.0.0.1" in caplog.text
    assert "ada@example.org" not in caplog.text
    assert "secret" not in caplog.text


def test_a_proxy_of_the_environment_is_used_and_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as (proxy, seen):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with Http() as http:
            assert http.request("GET", "http://calendar.example/x").json() == {"a": 1}
            assert seen[-1][1] == "http://calendar.example/x"
            http.request("GET", f"{proxy}/direct")
            assert seen[-1][1] == "/direct"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://user:hunter2@proxy:notaport", "not an address"),
        ("ftp://user:hunter2@proxy:21", "not an address"),
        ("socks5://user:hunter2@proxy:1080", "socksio"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv("https_proxy", value)
    with pytest.raises(Invalid, match="proxy") as caught:
        Http()
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_authorities_come_from_the_usual_variables_in_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    one.write_text("x")
    two.write_text("x")
    assert ca_bundle({}) is None
    assert tls_context({}) is True
    assert ca_bundle({"REQUESTS_CA_BUNDLE": str(two)}) == two
    assert ca_bundle({"REQUESTS_CA_BUNDLE": str(two), "SSL_CERT_FILE": str(one)}) == one
    assert ca_bundle({"REQUESTS_CA_BUNDLE": str(two), "SSL_CERT_DIR": str(tmp_path)}) == tmp_path
    with pytest.raises(Invalid, match=r"SSL_CERT_FILE=/nowhere/ca\.pem: no such file"):
        ca_bundle({"SSL_CERT_FILE": "/nowhere/ca.pem"})
    with pytest.raises(Invalid, match="not a bundle of PEM certificates"):
        tls_context({"SSL_CERT_FILE": str(one)})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("", None), ("soon", None), ("nan", None), ("inf", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert Response(429, {"retry-after": value}, b"").retry_after() == seconds


def test_retry_after_as_a_date() -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    found = Response(429, {"retry-after": format_datetime(at)}, b"").retry_after()
    assert found is not None
    assert 85 < found <= 90


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 200_000])
def test_an_answer_that_is_no_json_is_never_quoted(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        Response(200, {}, body).json()
    assert str(caught.value) == "an answer (200) that should be JSON is not"


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer eyJhbGciOi.abc.def",
        'body {"access_token": "s3cr3t"}',
        "grant_type=x&client_secret=s3cr3t&y=1",
        "GET /delta?$deltatoken=s3cr3t",
        "http://user:s3cr3t@proxy:8080",
        "clientState=s3cr3t",
        "eyJ0eXAiOi.s3cr3t.s3cr3t",
        "assertion: s3cr3t",
    ],
)
def test_secrets_are_blanked(secret: str) -> None:
    assert "s3cr3t" not in redact(secret)
    assert "eyJ" not in redact(secret)
    assert "***" in redact(secret)


def test_plain_words_are_left_alone() -> None:
    text = "mailbox ada@example.org: ErrorAccessDenied, the key monkey and the code are fine"
    assert redact(text) == text
