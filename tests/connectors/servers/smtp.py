"""A mail server for tests: real sockets, answers as told, keeps what it was given."""

from __future__ import annotations

import datetime
import ipaddress
import socketserver
import ssl
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class _Session(socketserver.StreamRequestHandler):
    server: SmtpServer

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        if self.server.silent:
            return
        self.say("220 test ESMTP")
        while line := self.rfile.readline():
            word = line.split()[0].decode().upper() if line.split() else ""
            self.server.commands.append(line.decode().strip())
            if word in self.server.answers:
                self.say(self.server.answers[word])
            elif word == "EHLO":
                self.wfile.write("".join(f"250-{e}\r\n" for e in self.server.extensions).encode())
                self.say("250 SIZE 1000000")
            elif word == "AUTH":
                self.say("235 welcome")
            elif word == "DATA":
                self.data()
                if self.server.mute:
                    return
            elif word == "QUIT":
                if not self.server.rude:
                    self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def data(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.mails.append(b"".join(lines))
        time.sleep(self.server.thinks)
        if not self.server.mute:
            self.say(self.server.answers.get("END", "250 taken"))


class SmtpServer(socketserver.ThreadingTCPServer):
    """``answers``: verb (or ``END`` for the end of the data) → the line to answer with. ``mute``: takes the
    mail and hangs up without a word."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answers: dict[str, str] = {}
        self.extensions: list[str] = ["test", "AUTH PLAIN"]
        self.mails: list[bytes] = []
        self.commands: list[str] = []
        self.silent = False
        self.rude = False
        self.mute = False
        self.thinks = 0.0  # seconds before the answer to a whole mail
        self.context = context
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get_request(self):  # type: ignore[no-untyped-def]
        request, address = super().get_request()
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        return request, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up (because it does not trust us) is nothing to print."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


def self_signed(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1, and a client's that trusts just that one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    trusting = ssl.create_default_context(
        cadata=certificate.public_bytes(serialization.Encoding.PEM).decode()
    )
    return server, trusting
