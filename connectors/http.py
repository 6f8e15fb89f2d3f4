"""One HTTP client for every system we call: bounded, proxied as the environment says, quiet.

The usual variables are followed: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` by
the client library; the certificate authorities come from `ca_bundle`, in the order
``SSL_CERT_FILE``, ``SSL_CERT_DIR``, ``REQUESTS_CA_BUNDLE``, else those of the system.
Certificates are always checked and redirects never followed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx2

from connectors.errors import Invalid, Transient, Unreadable

MEGABYTE = 1 << 20

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?"), "***"),  # a JSON web token
    (
        re.compile(
            r"(?i)\b(access_token|refresh_token|id_token|client_secret|client_assertion|assertion"
            r"|client_?state|\$?deltatoken|\$?skiptoken|synctoken|api_?key|password|signature|token)"
            r"(\"?\s*[=:]\s*\"?)[^\s&\"',;]+"
        ),
        r"\1\2***",
    ),
    (re.compile(r"(?i)(https?://)[^/\s@]+@"), r"\1***@"),  # credentials of a proxy
)


def redact(text: str) -> str:
    """Blank what must not reach a log or an error: tokens, secrets, cursors, proxy passwords."""
    for pattern, mark in _SECRETS:
        text = pattern.sub(mark, text)
    return text


class _NoQueries(logging.Filter):
    """The client library logs whole addresses at INFO: keep method, host and status, no path or query.

    Paths hold mail addresses and event ids, queries hold cursors and keys.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                f"{arg.scheme}://{arg.host}" if isinstance(arg, httpx2.URL) else arg for arg in record.args
            )
        return True


logging.getLogger("httpx2").addFilter(_NoQueries())


def ca_bundle(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file or folder of certificate authorities that the environment names; ``None``: the system's.

    Raises `Invalid` naming the variable where nothing is there.
    """
    environ = os.environ if environ is None else environ
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        value = environ.get(name, "").strip()
        if not value:
            continue
        path = Path(value)
        if not path.exists():
            raise Invalid(f"{name}={value}: no such file; point it at a PEM bundle or unset it")
        return path
    return None


def tls_context(environ: Mapping[str, str] | None = None) -> ssl.SSLContext | bool:
    """What to verify servers with. ``True`` leaves the system's authorities to the client library."""
    path = ca_bundle(environ)
    if path is None:
        return True
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError) as error:
        raise Invalid(f"{path}: not a bundle of PEM certificates ({type(error).__name__})") from None


@lru_cache(maxsize=1)
def _system_context() -> ssl.SSLContext:
    """The system's authorities, read once: that takes longer than most requests."""
    return httpx2.create_ssl_context(trust_env=False)


def verification() -> ssl.SSLContext:
    """What every server is verified with, whatever is sent to it."""
    context = tls_context()
    return _system_context() if isinstance(context, bool) else context


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read completely. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; `Unreadable` where it is none (the body itself is never quoted)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable(f"an answer ({self.status}) that should be JSON is not") from None

    def retry_after(self) -> float | None:
        """Seconds that the service asked to wait (a number or an HTTP date); ``None``: not said."""
        value = self.headers.get("retry-after", "").strip()
        if not value:
            return None
        try:
            seconds = float(value)
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
            except ValueError:
                return None
        return max(0.0, seconds) if seconds < float("inf") else None


class Http:
    """Requests with limits. Safe to use from several threads; close it, or use it as a context.

    ``timeout`` is for each read or write, ``deadline`` for a whole answer (both in seconds),
    ``max_bytes`` for its unpacked size. ``headers`` go with every request.
    """

    def __init__(
        self,
        base_url: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        deadline: float = 90.0,
        max_bytes: int = 16 * MEGABYTE,
        connections: int = 20,
    ) -> None:
        self._deadline = deadline
        self._max_bytes = max_bytes
        try:
            self._client = httpx2.Client(
                base_url=base_url,
                headers={"User-Agent": "loopwright", **(headers or {})},
                timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0), pool=deadline),
                limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),  # keep none
                verify=verification(),
                follow_redirects=False,
                trust_env=True,
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise Invalid(f"a proxy variable is not an address: {redact(str(error))}") from None
        except ImportError:
            raise Invalid(
                "a proxy variable names a SOCKS proxy, which needs the package socksio; or use an http:// one"
            ) from None

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | str | None = None,
    ) -> Response:
        """Send one request and read its answer, whatever its status.

        Raises `Transient` where no complete answer came (it is not known whether a write took
        place) and `Unreadable` where the answer is larger than allowed.
        """
        place = method
        started = time.monotonic()
        try:
            place = f"{method} {httpx2.URL(url).host or self._client.base_url.host}"
            with self._client.stream(
                method, url, params=params, headers=headers, json=json, content=content
            ) as answer:
                body = self._read(answer, place, started)
                return Response(answer.status_code, dict(answer.headers), body)
        except httpx2.TimeoutException:
            raise Transient(f"{place}: no answer in time") from None
        except httpx2.DecodingError:
            raise Unreadable(f"{place}: the answer cannot be unpacked") from None
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
            raise Invalid(f"{place}: not an address") from None
        except httpx2.TransportError as error:
            raise Transient(f"{place}: {_cause(error)}") from None

    def _read(self, answer: httpx2.Response, place: str, started: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise Unreadable(f"{place}: the answer is larger than {self._max_bytes // MEGABYTE} MB")
            if time.monotonic() - started > self._deadline:
                raise Transient(f"{place}: the answer took longer than {self._deadline:g} s")
            parts.append(part)
        return b"".join(parts)


def _cause(error: httpx2.TransportError) -> str:
    """One line on why no answer came, with the fix where there is a usual one."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted; set SSL_CERT_FILE to the authority's PEM file"
    if isinstance(error, httpx2.ProxyError):
        return f"the proxy refused ({redact(text)}); see HTTPS_PROXY"
    if isinstance(error, httpx2.ConnectError):
        return f"cannot connect ({redact(text)})"
    return f"the connection broke ({type(error).__name__})"
