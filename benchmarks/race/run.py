"""`./dev bench race`: 200 clients on one slot, an older build and a check-then-insert endpoint beside this one.

    ./dev bench race [sqlite] [postgres] [--clients 200] [--rounds 3] [--against REVISION]

Prints a line per race as it ends and the ratios at the end: answers per second, p99, CPU seconds of the
server. A ratio within one run is what counts: the seconds are those of this machine at this moment. Ends
with status 1 where a slot was taken twice, or by nobody.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.race.clients import Race, race  # noqa: E402
from tests.postgres_server import PostgresServer, running_postgres  # noqa: E402

BEFORE = "7e331a1"
"""The build before losers of a race were answered from the database."""
HERE = Path(__file__).resolve().parent
_REST = 5.0
"""Seconds in which a booking is written into the calendars."""
SETTLES = 600.0
"""Seconds that the processes of a race may take to start."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One race and what its server spent on it."""

    race: Race
    cpu: float

    @property
    def winners(self) -> int:
        return self.race.answers[200]

    def line(self, name: str) -> str:
        answers = ", ".join(f"{n} × {status}" for status, n in sorted(self.race.answers.items()))
        return (
            f"{name:18} {self.race.rate:7.0f} answers/s   p50 {self.race.percentile(0.5):6.2f} s   "
            f"p99 {self.race.percentile(0.99):6.2f} s   CPU {self.cpu:5.2f} s   wall {self.race.wall:5.2f} s   {answers}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench race")
    parser.add_argument("databases", nargs="*", default=[], help="sqlite, postgres; both by default")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", default=BEFORE, help="the older build, as git names it")
    asked = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="loopwright-race-") as folder, _build(asked.against) as old:
        for kind in asked.databases or ["sqlite", "postgres"]:
            server = running_postgres(durable=True) if kind == "postgres" else nullcontext(None)
            with server as postgres:
                wrong += _compare(Path(folder) / kind, postgres, old, asked)
    return 1 if wrong else 0


def _compare(folder: Path, postgres: PostgresServer | None, old: Path, asked: argparse.Namespace) -> int:
    """All rounds over one kind of database, turn by turn; how many races ended wrongly."""
    found: dict[str, list[Figures]] = {"before": [], "now": [], "check-then-insert": []}
    for number in range(asked.rounds):
        for name in found:
            place = folder / f"{name}-{number}"
            place.mkdir(parents=True)
            url = postgres.create_database(f"r{number}_{name[:3]}") if postgres else ""
            if name == "check-then-insert":
                figures = _naive(place, url, asked.clients)
            else:
                figures = _ours(place, url, asked.clients, old if name == "before" else ROOT)
            found[name].append(figures)
            print(f"{folder.name:9} round {number + 1}  {figures.line(name)}", flush=True)
    _ratios(folder.name, found)
    return sum(f.winners != 1 for name in ("before", "now") for f in found[name])


def _ratios(kind: str, found: dict[str, list[Figures]]) -> None:
    rate = {name: statistics.median(f.race.rate for f in rows) for name, rows in found.items()}
    p99 = {name: statistics.median(f.race.percentile(0.99) for f in rows) for name, rows in found.items()}
    cpu = {name: statistics.median(f.cpu for f in rows) for name, rows in found.items()}
    print(
        f"{kind}: answers per second, now ÷ before            {rate['now'] / rate['before']:6.1f}   (wanted ≥ 10)"
    )
    print(
        f"{kind}: p99, now ÷ before                           {p99['now'] / p99['before']:6.2f}   (wanted ≤ 0.1)"
    )
    print(f"{kind}: CPU seconds, now ÷ before                   {cpu['now'] / cpu['before']:6.2f}")
    share = rate["now"] / rate["check-then-insert"]
    print(f"{kind}: answers per second, now ÷ check-then-insert {share:6.2f}   (wanted ≥ 0.5)", flush=True)


def _ours(folder: Path, url: str, clients: int, build: Path) -> Figures:
    env = _environment(build)
    made = subprocess.run(
        [sys.executable, HERE / "prepare.py", folder, url, str(clients)],
        env=env,
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
    )
    plans = json.loads(made.stdout.splitlines()[-1])
    if url:
        env["LOOPWRIGHT_DATABASE"] = url
    port = _free_port()
    main = "from scheduler.cli.main import app; app(prog_name='loopwright')"
    command = [sys.executable, "-c", main, "serve", "--data", str(folder), "--port", str(port)]
    with _running(command, env, folder, port) as process:
        secret = folder / "api-token"
        headers = {"authorization": f"Bearer {secret.read_text().strip()}"} if secret.exists() else {}
        return _measured(process, port, [f"/api/v1/proposals/{p}/choose" for p in plans], headers)


def _naive(folder: Path, url: str, clients: int) -> Figures:
    port = _free_port()
    command = [sys.executable, str(HERE / "naive.py"), url or f"sqlite:///{folder / 'naive.db'}", str(port)]
    with _running(command, _environment(ROOT), folder, port) as process:
        return _measured(process, port, ["/book/anna/20/21", *["/book/anna/10/11"] * clients], {})


def _measured(
    process: subprocess.Popen[bytes], port: int, paths: list[str], headers: dict[str, str]
) -> Figures:
    """A race for all addresses but the first: that one is asked before, and what follows from it done."""
    if race(port, paths[:1], headers).answers != {200: 1}:
        raise SystemExit(f"bench race: {paths[0]} was not answered with 200")
    time.sleep(_REST)
    before = _cpu(process.pid)
    found = race(port, paths[1:], headers)
    return Figures(found, _cpu(process.pid) - before)


def _cpu(pid: int) -> float:
    """CPU seconds of a process until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _environment(build: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOOPWRIGHT_")}
    return {**kept, "PYTHONPATH": str(build)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _running(
    command: list[str], env: dict[str, str], folder: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers, until the block ends."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _await(process, port, folder / "log")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + SETTLES
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(2)  # what starts beside the port: jobs, the first round of the periodic work
            return
    raise SystemExit(f"bench race: the server did not start:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _build(revision: str) -> Iterator[Path]:
    """The files of another revision in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="loopwright-before-") as folder:
        packed = subprocess.run(["git", "archive", revision], cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if packed.returncode:
            raise SystemExit(f"bench race: git does not know {revision!r}; name another with --against")
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
