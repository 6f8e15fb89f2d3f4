"""Posts to an address that somebody else gave: a public one only, looked up once, and never led elsewhere.

A name is resolved once per post and the connection goes to what came out of that, so that a name which
says something else a moment later (DNS rebinding) gains nothing; certificates are checked against the name.
Proxies of the environment are not used: they would look the name up again, out of our sight.

Told by `tests/connectors/test_hooks.py`.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from connectors.http import Response, verification

TIMEOUT = 15.0
"""Seconds for a whole post: the least that the Standard Webhooks specification recommends."""
_LARGEST = 64_000
"""Bytes of an answer that are read; nothing in it is used."""
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "::/96", "2001::/32")))
"""Local translation (RFC 8215), IPv4-compatible and Teredo addresses: they lead where we cannot see."""

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a post: the ``status`` of an answer, or 0 with the ``fault`` in words; ``retry_after`` in seconds
    where the answer asked to wait."""

    status: int
    fault: str = ""
    retry_after: float | None = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


def is_public(ip: Ip) -> bool:
    """Whether an address is somebody's on the open internet, also one of version 6 that stands for one of version 4
    (mapped, 6to4 or NAT64)."""
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
        if any(ip in network for network in _NEVER) or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_private)


def fault_of(url: str, allowed: Collection[str] = ()) -> str:
    """What is wrong with an address before anything is looked up; empty for a good one. ``allowed`` are hosts, or
    ``host:port``, that may be private and without TLS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return "is not an https address"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "holds signs that an address has not"
    if parts.username is not None or parts.password is not None:
        return "holds a user or a password"
    if parts.fragment:
        return "holds a fragment"
    if _is_allowed(parts, allowed):
        return ""
    if parts.scheme != "https":
        return "is not https"
    with suppress(ValueError):
        if not is_public(ipaddress.ip_address(parts.hostname)):
            return "is not a public address"
    return ""


def post(url: str, headers: Mapping[str, str], body: bytes, *, allowed: Collection[str] = ()) -> Posted:
    """Send a body and read the status of the answer. Whatever goes wrong is told in the value."""
    fault = fault_of(url, allowed)
    if fault:
        return Posted(0, f"the address {fault}")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = _resolved(host, port)
    except OSError:
        return Posted(0, "the name of the host is not known")
    if not _is_allowed(parts, allowed) and not all(map(is_public, found)):
        return Posted(0, "the name leads to an address that is not public")
    try:
        with _connected(found, port) as plain:
            return _talk(parts, host, plain, headers, body)
    except ssl.SSLCertVerificationError:
        return Posted(0, "the certificate is not trusted")
    except TimeoutError:
        return Posted(0, f"no answer within {TIMEOUT:.0f} seconds")
    except (OSError, HTTPException, ValueError) as error:
        return Posted(0, f"no answer ({type(error).__name__})")


def _is_allowed(parts: SplitResult, allowed: Collection[str]) -> bool:
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    return host in allowed or f"{host}:{port}" in allowed


def _resolved(host: str, port: int) -> list[Ip]:
    """Every address of a host, in the order in which the system would try them."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


@contextmanager
def _connected(found: Collection[Ip], port: int) -> Iterator[socket.socket]:
    """A connection to the first that answers. It is cut when the time is over, whatever the other side does."""
    last: OSError = OSError("no address")
    for ip in found:
        try:
            opened = socket.create_connection((str(ip), port), timeout=TIMEOUT / 3)
        except OSError as error:
            last = error
            continue
        opened.settimeout(TIMEOUT)
        cut = threading.Timer(TIMEOUT, _cut, (opened, ended := threading.Event()))
        cut.daemon = True
        cut.start()
        try:
            yield opened
            if ended.is_set():  # what was read until then may look like a whole answer
                raise TimeoutError
        except (OSError, HTTPException) as error:
            if ended.is_set():
                raise TimeoutError from error
            raise
        finally:
            cut.cancel()
            opened.close()
        return
    raise last


def _cut(opened: socket.socket, ended: threading.Event) -> None:
    ended.set()
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


def _talk(
    parts: SplitResult, host: str, plain: socket.socket, headers: Mapping[str, str], body: bytes
) -> Posted:
    connection = HTTPConnection(host, parts.port or _PORTS[parts.scheme])
    secure = parts.scheme == "https"
    connection.default_port = _PORTS[parts.scheme]  # what the Host header leaves out
    connection.sock = verification().wrap_socket(plain, server_hostname=host) if secure else plain
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", target, body, {"User-Agent": "loopwright", "Connection": "close", **headers})
    answer = connection.getresponse()
    answer.read(_LARGEST)
    told = Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, b"")
    return Posted(answer.status, "", told.retry_after())
