"""`./dev bench ingest`: how fast webhooks of a hiring system are acknowledged, beside an endpoint that keeps none.

    ./dev bench ingest [--seconds 60] [--rate 200] [--clients 8]

Prints, for both, the most acknowledgements a second that the clients get one after the other, and then ours at the
asked rate: p50 and p99 of an acknowledgement, and whether each is in the inbox. Ends with status 1 where one was lost,
or where ours reaches less than 0.3 of the bare endpoint. Seconds are those of this machine at this moment: the ratio
is what counts.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx2  # noqa: E402

from tests.scheduler.cli.served import serving  # noqa: E402

SECRET = "a-secret-of-the-hiring-system-1"
LEAST = 0.3
_SHORT = 10.0
"""Seconds of each run one after the other."""


@dataclass
class Acks:
    """What one run got: seconds of each acknowledgement, and what was refused."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    wall: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.wall

    def line(self, name: str) -> str:
        cut = statistics.quantiles(self.seconds, n=100)
        return (
            f"{name:22} {self.rate:7.0f} acks/s   p50 {cut[49] * 1000:7.1f} ms   p99 {cut[98] * 1000:7.1f} ms   "
            f"{len(self.seconds)} acknowledged, {self.refused} refused"
        )


def message(n: int) -> tuple[bytes, dict[str, str]]:
    told = {"action": "candidate_stage_change", "payload": {"application": {"id": n}, "filler": "x" * 800}}
    body = json.dumps(told).encode()
    mac = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    return body, {"signature": f"sha256 {mac}", "content-type": "application/json"}


def send(url: str, clients: int, seconds: float, rate: float | None, first: int) -> Acks:
    """From ``clients`` at once: as fast as each gets its answer, or ``rate`` a second altogether."""
    found, lock, begun = Acks(), threading.Lock(), time.monotonic()

    def one(client: int) -> None:
        n = 0
        with httpx2.Client(timeout=30) as http:
            while (now := time.monotonic()) - begun < seconds:
                due = begun + (n * clients + client) / rate if rate else now
                if due > now:
                    time.sleep(due - now)
                body, headers = message(first + n * clients + client)
                started = max(due, begun) if rate else time.monotonic()
                status = http.post(url, content=body, headers=headers).status_code
                with lock:
                    found.seconds.append(time.monotonic() - started)
                    found.refused += status != 200
                n += 1

    threads = [threading.Thread(target=one, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.wall = time.monotonic() - begun
    return found


@contextmanager
def bare() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = str(Path(__file__).with_name("bare.py"))
    process = subprocess.Popen([sys.executable, script, str(port), SECRET])
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        process.kill()
        process.wait()


def kept(folder: Path) -> int:
    with sqlite3.connect(folder / "loopwright.sqlite3") as db:
        return int(db.execute("SELECT count(*) FROM lw_inbox").fetchone()[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench ingest")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    with bare() as url:
        best = send(url, asked.clients, _SHORT, None, 0)
    print(best.line("bare, at most"), flush=True)
    with tempfile.TemporaryDirectory(prefix="loopwright-ingest-") as name, serving(Path(name)) as served:
        base, auth = f"http://127.0.0.1:{served.port}/api/v1", {"authorization": f"Bearer {served.token}"}
        wanted = {"id": "main", "system": "greenhouse", "secret": SECRET}
        httpx2.post(f"{base}/connections", json=wanted, headers=auth).raise_for_status()
        url = f"{base}/webhooks/greenhouse/main"
        most = send(url, asked.clients, _SHORT, None, 1_000_000)
        print(most.line("ours, at most"), flush=True)
        steady = send(url, asked.clients, asked.seconds, asked.rate, 5_000_000)
        print(steady.line(f"ours, at {asked.rate:g}/s"), flush=True)
        lost = len(most.seconds) + len(steady.seconds) - kept(Path(name))
    ratio = most.rate / best.rate
    refused = best.refused + most.refused + steady.refused
    print(f"ratio to the bare endpoint {ratio:.2f} (at least {LEAST})   lost {lost}   refused {refused}")
    return int(lost != 0 or refused != 0 or ratio < LEAST)


if __name__ == "__main__":
    raise SystemExit(main())
