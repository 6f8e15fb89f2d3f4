"""A proxy on the loopback that answers for Google's hosts, with an authority of its own.

It speaks ``CONNECT`` as every HTTPS proxy does, then TLS with a certificate for the host that was
asked for, then as the stand-in server: so the connector runs with its production addresses.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.connectors.servers.google import GoogleServer, Handler

HOSTS = ("www.googleapis.com", "admin.googleapis.com", "oauth2.googleapis.com")


NAME = "test authority"


def hashed_name() -> str:
    """The file name under which OpenSSL looks for the authority in a folder: SHA-1 over the
    canonical name (attributes as lower-case UTF-8, no outer sequence), the first four bytes reversed."""
    text = NAME.encode()
    pair = b"\x06\x03\x55\x04\x03" + bytes([0x0C, len(text)]) + text  # common name, UTF8String
    pair = bytes([0x30, len(pair)]) + pair
    whole = hashlib.sha1(bytes([0x31, len(pair)]) + pair).digest()
    return whole[:4][::-1].hex() + ".0"


class Authority:
    """A certificate authority that nobody trusts unless told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        certificate = self._sign(self._name, self._key, None)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, host: str | None) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        if host is None:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
            own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            builder = builder.add_extension(own, critical=False)
        else:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
            builder = builder.add_extension(issuer_key, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def context(self, host: str) -> ssl.SSLContext:
        """What a server of that name shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        path = self._folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._sign(name, key, host).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


class ProxyHandler(Handler):
    """The stand-in behind ``CONNECT``."""

    server: ProxyServer

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        self.server.connects.append(host)
        wanted = self.server.password
        if wanted and self.headers.get("proxy-authorization", "").replace("basic", "Basic") != wanted:
            self.send_error(407)
            return
        if host not in self.server.contexts:
            self.send_error(502)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        self.connection = self.server.contexts[host].wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)  # type: ignore[assignment]
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()


class ProxyServer(GoogleServer):
    def __init__(self, contexts: dict[str, ssl.SSLContext]) -> None:
        super().__init__(ProxyHandler)
        self.contexts = contexts
        self.connects: list[str] = []
        self.password = ""
        """The ``Proxy-Authorization`` that is asked for; empty: none."""


@contextmanager
def intercepting(folder: Path) -> Iterator[tuple[ProxyServer, Path]]:
    """The proxy, and the bundle that makes it trusted."""
    authority = Authority(folder)
    with ProxyServer({host: authority.context(host) for host in HOSTS}) as server:
        yield server, authority.bundle
