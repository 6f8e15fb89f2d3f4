"""An intercepting HTTPS proxy on loopback that plays Microsoft: sign-in and Graph under their real names.

msal speaks to https addresses of Microsoft only; so does the connector by default. Here both run
unchanged, pointed at this proxy and its own certificate authority by the usual environment variables.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.connectors.servers.graph import GraphServer

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
TENANT, CLIENT, SECRET = (
    "contoso.onmicrosoft.com",
    "0f8a7c1e-1111-4222-8333-944455556666",
    "s3cr3t~of~the~app",
)
PERSON = "ada@contoso.example"


@dataclass(frozen=True)
class Pair:
    """A key and its certificate, as PEM."""

    key: str = field(repr=False)
    certificate: str


def make_pair(
    name: str, issuer: tuple[Any, Any] | None = None, *, authority: bool = False
) -> tuple[Pair, Any, Any]:
    """A certificate for a host name (or an authority's own), valid today."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        names: list[x509.GeneralName] = [
            x509.DNSName(name),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[0].public_key())
        builder = builder.add_extension(identifier, critical=False)
    elif authority:
        unused = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
        usage = dict.fromkeys((*unused, "key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return Pair(pem, certificate.public_bytes(serialization.Encoding.PEM).decode()), certificate, key


class Entra:
    """Microsoft's sign-in: who gets which token, and what goes wrong."""

    def __init__(self, graph: GraphServer) -> None:
        self.graph = graph
        self.secret: str | None = SECRET
        self.certificate: str | None = None
        self.requests: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.refuse: list[tuple[int, dict[str, str], bytes]] = []
        self.roles: list[str] = ["Place.Read.All"]
        self.life = 3_600
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.revoked = ""

    def answer(self, method: str, target: str, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        path = urlsplit(target).path
        self.requests.append(f"{method} {path}")
        if self.refuse:
            return self.refuse.pop(0)
        if path.endswith("/.well-known/openid-configuration"):
            if not path.startswith(f"/{TENANT}/"):
                return _json(
                    400, {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."}
                )
            root = f"https://{LOGIN}/{TENANT}"
            return _json(
                200,
                {
                    "issuer": f"{root}/v2.0",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                },
            )
        if path == "/common/discovery/instance":
            hosts = {"preferred_network": LOGIN, "preferred_cache": "login.windows.net", "aliases": [LOGIN]}
            return _json(200, {"tenant_discovery_endpoint": "x", "metadata": [hosts]})
        form = {k: v[0] for k, v in parse_qs(raw.decode()).items()}
        self.asked.append(form)
        return self._token(form)

    def _token(self, form: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        if form.get("client_id") != CLIENT:
            return _refused("unauthorized_client", "AADSTS700016", 400)
        if not self._proven(form):
            return _refused("invalid_client", "AADSTS7000215", 401)
        if self.revoked:
            return _refused("invalid_grant", self.revoked, 400)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return _json(200, self._issued({"roles": self.roles}))
        if grant == "authorization_code":
            asked = self.codes.pop(form.get("code", ""), None)
            if asked is None:
                return _refused("invalid_grant", "AADSTS54005", 400)
            return _json(200, self._issued({"scp": form["scope"]}) | self._person(asked, form["scope"]))
        if grant == "refresh_token":
            if form.get("refresh_token") not in self.refresh_tokens:
                return _refused("invalid_grant", "AADSTS700082", 400)
            return _json(200, self._issued({"scp": form["scope"]}) | self._person({}, form["scope"]))
        return _refused("unsupported_grant_type", "AADSTS70003", 400)

    def _proven(self, form: Mapping[str, str]) -> bool:
        """The app's secret, or an assertion signed by the uploaded certificate's key."""
        if self.certificate is None:
            return form.get("client_secret") == self.secret
        certificate = x509.load_pem_x509_certificate(self.certificate.encode())
        try:
            claims = jwt.decode(
                form["client_assertion"],
                certificate.public_key(),  # type: ignore[arg-type]
                algorithms=["PS256"],
                audience=f"https://{LOGIN}/{TENANT}/oauth2/v2.0/token",
            )
            shown = jwt.get_unverified_header(form["client_assertion"])["x5t#S256"]
        except (jwt.PyJWTError, KeyError):
            return False
        digest = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        return shown.rstrip("=") == digest and claims["iss"] == CLIENT

    def _issued(self, claims: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        body = {
            "aud": "https://graph.microsoft.com",
            "iat": now,
            "exp": now + self.life,
            "n": secrets.token_hex(4),
        }
        token = jwt.encode(body | claims, "not checked by anybody, thirty-two bytes", algorithm="HS256")
        self.graph.tokens = {token}
        return {"token_type": "Bearer", "expires_in": self.life, "access_token": token}

    def _person(self, asked: Mapping[str, str], scope: str) -> dict[str, Any]:
        """What comes beside an access token for a person: a new refresh token, who it is."""
        self.refresh_tokens = {f"refresh-{secrets.token_hex(8)}"}
        now = int(time.time())
        claims = {
            "iss": f"https://{LOGIN}/{TENANT}/v2.0",
            "aud": CLIENT,
            "sub": "sub-1",
            "oid": "oid-1",
            "tid": "tid-1",
            "preferred_username": PERSON,
            "iat": now,
            "exp": now + 3_600,
            "nonce": asked.get("nonce", ""),
        }
        info = base64.urlsafe_b64encode(json.dumps({"uid": "oid-1", "utid": "tid-1"}).encode()).decode()
        return {
            "refresh_token": next(iter(self.refresh_tokens)),
            "id_token": jwt.encode(claims, "not checked by anybody, thirty-two bytes", algorithm="HS256"),
            "client_info": info.rstrip("="),
            "scope": " ".join(s for s in scope.split() if s not in ("openid", "profile", "offline_access")),
        }

    def consent(self, address: str) -> dict[str, str]:
        """The person agrees on the page at that address: what comes back to the redirect address."""
        query = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_hex(8)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}


def _json(status: int, body: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _refused(error: str, number: str, status: int) -> tuple[int, dict[str, str], bytes]:
    return _json(status, {"error": error, "error_description": f"{number}: canary-7f3a. Trace ID: x"})


@cache
def _certificates() -> tuple[Pair, dict[str, Pair]]:
    """An authority and what it vouches for; made once, keys take their time."""
    authority, certificate, key = make_pair("Test authority", authority=True)
    return authority, {host: make_pair(host, (certificate, key))[0] for host in (LOGIN, GRAPH)}


class Proxy:
    """``CONNECT`` to Microsoft's two hosts ends here; every other host is refused."""

    def __init__(self, graph: GraphServer, folder: Path) -> None:
        self.entra = Entra(graph)
        self.graph = graph
        graph.public_base = f"https://{GRAPH}/v1.0"
        self.connected: list[str] = []
        authority, hosts = _certificates()
        self.bundle = folder / "authority.pem"
        self.bundle.write_text(authority.certificate)
        self.contexts = {host: self._context(folder, host, pair) for host, pair in hosts.items()}
        self._http = _Listener(("127.0.0.1", 0), _Handler)
        self._http.proxy = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @staticmethod
    def _context(folder: Path, host: str, pair: Pair) -> ssl.SSLContext:
        path = folder / f"{host}.pem"
        path.write_text(pair.key + pair.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=10)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that did not trust us is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener
    host = ""

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_CONNECT(self) -> None:
        proxy, host = self.server.proxy, self.path.partition(":")[0]
        proxy.connected.append(host)
        self.close_connection = True
        if host not in proxy.contexts:
            self.send_error(403)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with proxy.contexts[host].wrap_socket(self.connection, server_side=True) as tunnel:
            type("_Inner", (_Handler,), {"host": host})(tunnel, self.client_address, self.server)

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.host == LOGIN:
            answer = self.server.proxy.entra.answer(self.command, self.path, raw)
        else:
            given = self.server.proxy.graph.answer(self.command, self.path, headers, raw)
            assert given is not None
            answer = given
        status, extra, body = answer
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle
