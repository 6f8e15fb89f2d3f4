"""A real IMAP server on loopback: pymap with one mailbox in memory, started, used, ended, nothing left behind."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "talent", "grün & geheim"
_PATIENCE = 30.0
_RUN = "import sys; from pymap.main import main; sys.exit(main())"


@dataclass(frozen=True)
class ImapServer:
    port: int

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the mailbox, as its server would."""
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            for mail in mails:
                done, said = client.append("INBOX", "", None, mail)  # type: ignore[arg-type]
                assert done == "OK", said

    def unread(self) -> int:
        """How many mails nobody has read."""
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            client.select("INBOX", readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())


@contextmanager
def running(folder: Path, *more: str) -> Iterator[ImapServer]:
    """The server, until the block ends; ``more`` are options of its command line, such as a certificate."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _RUN, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--no-service", "managesieve", *(more or ["--no-tls"])]
    command += ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    log = folder / "pymap.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1.0).close()
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < until, log.read_text()
                    time.sleep(0.05)
            yield ImapServer(port)
        finally:
            process.terminate()
            process.wait(_PATIENCE)
