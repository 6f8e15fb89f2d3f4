"""A real `serve` on a port of its own, and raw connections to it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scheduler import config, wiring
from scheduler.api.gate import secret
from scheduler.services.company.read import read_company
from tests.nginx_server import free_port
from tests.scheduler.kit import COMPANY, NOW

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
"""Seconds that a slow machine gets; nothing here takes a fraction of it."""


@dataclass
class Served:
    """``said`` is what it printed at its start."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        return (self.folder / secret.FILE).read_text().strip()

    @property
    def ticket(self) -> str:
        """The one in the address that was printed."""
        return re.findall(r"/\?token=(\S+)", "".join(self.said))[0]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)


def prepared(folder: Path) -> None:
    """A loaded company in a folder of its own."""
    company = read_company(COMPANY.read_text(encoding="utf-8"), "yaml", COMPANY.name)
    made = wiring.build(config.load(data=folder))
    wiring.migrate(made)
    with made.app.db.write() as tx:
        tx.company.replace(company, NOW)
    made.close()


def environment(**settings: str) -> dict[str, str]:
    """That of a process with these settings and no others."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
    return env | {f"LOOPWRIGHT_{k.upper()}": v for k, v in settings.items()}


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """`serve --no-work` with a company, until the end of the block."""
    prepared(folder)
    port = free_port()
    command = [sys.executable, "-m", "scheduler.cli.main", "serve", "--no-work", "--data", str(folder)]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=ROOT,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = Served(folder, port, process)
    try:
        _wait(served)
        yield served
    finally:
        process.kill()
        process.communicate()


def _wait(served: Served) -> None:
    assert served.process.stdout is not None
    for line in served.process.stdout:
        served.said.append(line)
        if line.startswith("In programs:"):
            break
    end = time.monotonic() + PATIENCE
    while served.process.poll() is None and time.monotonic() < end:
        try:
            served.connect().close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"it does not serve: {''.join(served.said)}{served.process.stdout.read()}")
