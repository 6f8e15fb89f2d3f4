"""Requests to Google over httplib2, the transport of its client library, with its traps closed.

httplib2 as it comes repeats a request whose connection broke (a POST too), follows redirects, reads
answers of any size and knows only a part of the proxy and certificate variables. Here a write is
sent once, redirects are answers, and proxies and authorities are those that the rest of the
connectors use. An object of httplib2 serves one request at a time: they are kept in a pool.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httplib2
import httplib2.decode
import socks  # type: ignore[import-untyped]

from connectors.errors import Invalid, Transient, Unreadable
from connectors.http import MEGABYTE, ca_bundle, redact, tls_context

_IDLE = 45.0
"""Seconds after which a kept connection is not trusted any more; Google closes them after minutes."""


class _TooLarge(Exception):
    """An answer is larger than allowed."""


class _Proxy(httplib2.ProxyInfo):  # type: ignore[misc]
    """A proxy that leaves out the hosts of ``NO_PROXY``, read as the rest of Python reads it."""

    def bypass_host(self, hostname: str) -> bool:
        return bool(urllib.request.proxy_bypass(hostname))


def proxy_for(scheme: str, environ: Mapping[str, str] | None = None) -> _Proxy | None:
    """The proxy that ``HTTPS_PROXY``, ``HTTP_PROXY`` or ``ALL_PROXY`` names. Raises `Invalid`."""
    environ = os.environ if environ is None else environ
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    name = next((n for n in names if environ.get(n, "").strip()), None)
    if name is None:
        return None
    value = environ[name].strip()
    kinds = {
        "http": socks.PROXY_TYPE_HTTP,
        "socks4": socks.PROXY_TYPE_SOCKS4,
        "socks5": socks.PROXY_TYPE_SOCKS5,
        "socks5h": socks.PROXY_TYPE_SOCKS5,
    }
    try:
        url = urlsplit(value if "://" in value else f"http://{value}")
        host, port, kind = url.hostname, url.port, kinds[url.scheme.lower()]
    except (ValueError, KeyError):
        host = None
    if not host:
        raise Invalid(f"{name} must look like http://host:port or socks5://host:port, not {redact(value)!r}")
    return _Proxy(
        kind,
        host,
        port or 1080 if kind != socks.PROXY_TYPE_HTTP else port or 80,
        proxy_user=unquote(url.username) if url.username else None,
        proxy_pass=unquote(url.password) if url.password else None,
    )


class _Once(httplib2.Http):  # type: ignore[misc]
    """httplib2 without its own repetitions: only a GET on a kept connection is sent again."""

    def __init__(self, timeout: float, deadline: float, max_bytes: int) -> None:
        super().__init__(
            timeout=timeout,
            proxy_info=proxy_for,
            decode_limit_hard=max_bytes,
            decode_limit_chunk=4096,  # how far an answer may swell before the limit is looked at: a thousandfold
        )
        self.follow_redirects = False
        self._deadline = deadline
        self._max_bytes = max_bytes

    def _conn_request(
        self, conn: Any, request_uri: str, method: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[httplib2.Response, bytes]:
        kept = conn.sock is not None
        try:
            if not kept:
                conn.connect()
            conn.request(method, request_uri, body, headers)
            answer = conn.getresponse()
            content = self._read(answer)
        except (OSError, http.client.HTTPException) as error:
            conn.close()
            if kept and method == "GET" and not isinstance(error, TimeoutError):
                return self._conn_request(conn, request_uri, method, body, headers)
            raise
        except _TooLarge:
            conn.close()
            raise
        response = httplib2.Response(answer)
        return response, httplib2._decompressContent(response, content, self.limit_kwargs)

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        parts: list[bytes] = []
        size, until = 0, time.monotonic() + self._deadline
        while part := answer.read1(1 << 16):
            size += len(part)
            if size > self._max_bytes:
                raise _TooLarge
            if time.monotonic() > until:
                raise TimeoutError("the answer takes too long")
            parts.append(part)
        # the standard library says nothing of an answer that was cut off, in its body or its headers
        endless = answer.getheader("content-length") is None and not answer.chunked
        if answer.length or (endless and not parts and answer.status not in (204, 304)):
            raise http.client.IncompleteRead(b"", answer.length)
        answer.close()
        return b"".join(parts)


def _https() -> type | None:
    """A connection that verifies with the authorities that the environment names; ``None``: as always."""
    path = ca_bundle()
    return _verifying(path, path.stat().st_mtime_ns) if path is not None else None


@lru_cache(maxsize=4)
def _verifying(path: Path, _changed: int) -> type | None:
    """Made once per bundle as it was written: reading one takes a tenth of a second."""
    context = tls_context({"SSL_CERT_FILE": str(path)})
    if isinstance(context, bool):
        return None

    class Connection(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._context = context

    return Connection


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read completely. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    raw: Any = field(repr=False)
    """The answer as httplib2 gives it, which is what Google's client library wants."""


class Transport:
    """Sends requests, several at once, each exactly once. Close it when done.

    ``timeout`` is for each read or write, ``deadline`` for a whole answer (both in seconds),
    ``max_bytes`` for its size.
    """

    def __init__(
        self, *, timeout: float = 30.0, deadline: float = 90.0, max_bytes: int = 32 * MEGABYTE
    ) -> None:
        self._settings = (timeout, deadline, max_bytes)
        self._https = _https()
        self._lock = threading.Lock()
        self._idle: list[tuple[_Once, float]] = []
        self._closed = False

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None = None
    ) -> Answer:
        """Raises `Transient` where no complete answer came: a write may or may not have happened."""
        parts = urlsplit(url)
        place = f"{method} {parts.hostname}"
        connection = self._https if parts.scheme == "https" else None
        try:
            with self._one() as client:
                response, content = client.request(
                    url, method, body=body, headers=dict(headers), connection_type=connection
                )
        except (_TooLarge, httplib2.decode.DecodeLimitError, httplib2.decode.DecodeRatioError):
            raise Unreadable(
                f"{place}: the answer is larger than {self._settings[2] // MEGABYTE} MB"
            ) from None
        except httplib2.FailedToDecompressContent:
            raise Unreadable(f"{place}: the answer cannot be unpacked") from None
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            raise Transient(f"{place}: {_cause(error)}") from None
        return Answer(response.status, response, content, response)

    @contextmanager
    def _one(self) -> Iterator[_Once]:
        """Lend a client to one request; it comes back only after an answer."""
        client = self._take()
        try:
            yield client
        except BaseException:
            client.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append((client, time.monotonic()))
                return
        client.close()

    def _take(self) -> _Once:
        stale: list[_Once] = []
        try:
            with self._lock:
                while self._idle:
                    client, since = self._idle.pop()
                    if time.monotonic() - since < _IDLE:
                        return client
                    stale.append(client)
        finally:
            for client in stale:
                client.close()
        return _Once(*self._settings)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client, _ in idle:
            client.close()


def _cause(error: Exception) -> str:
    """One line on why no answer came, with the fix where there is a usual one."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted; set SSL_CERT_FILE to the authority's PEM file"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socks.ProxyError):
        return f"the proxy refused ({redact(' '.join(str(error).split()))}); see HTTPS_PROXY"
    if isinstance(error, socket.gaierror | httplib2.ServerNotFoundError):
        return "its name cannot be resolved"
    if isinstance(error, ConnectionRefusedError):
        return "cannot connect"
    return f"the connection broke ({type(error).__name__})"
