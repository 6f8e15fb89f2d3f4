"""A deployment as the page about running it describes it: two `serve` and two `work` on a real PostgreSQL, one of them
killed, a backup taken with loops in flight, and all of it put back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from connectors.local.calendar import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.types import Window
from scheduler import config, wiring
from scheduler.domain.time import zone
from scheduler.services.company.read import read_company
from tests.nginx_server import free_port
from tests.postgres_server import PostgresServer
from tests.scheduler.kit import COMPANY

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-deployment-1"
PATIENCE = 240.0
ORGANIZER = "interviews@testwerk.example"
LOOPS = 4


def folder_of(path: Path) -> Path:
    """A data folder with everybody's calendar."""
    company = read_company(COMPANY.read_text(encoding="utf-8"), "yaml", COMPANY.name)
    calendars = path / "calendars"
    for address in [
        company.organizer.address,
        *(p.account.address for p in company.people),
        *(r.account.address for r in company.rooms),
    ]:
        create_calendar(calendars, address, address, "Europe/Berlin")
    return path


def load(folder: Path, url: str) -> None:
    made = wiring.build(config.load(data=folder, database=url))
    wiring.migrate(made)
    company = read_company(COMPANY.read_text(encoding="utf-8"), "yaml", COMPANY.name)
    with made.app.db.write() as tx:
        tx.company.replace(company, datetime.now(UTC))
    made.close()


@contextmanager
def running(folder: Path, url: str, *words: str, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
    env |= {"LOOPWRIGHT_DATA": str(folder), "LOOPWRIGHT_DATABASE": url, "LOOPWRIGHT_API_TOKEN": TOKEN}
    env |= {"LOOPWRIGHT_LOG": "json"} | ({"LOOPWRIGHT_PORT": str(port)} if port else {})
    log = folder / f"{'-'.join(words).strip('-')}-{port}.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "scheduler.cli.main", *words],
            cwd=ROOT, env=env, stdout=output, stderr=output, text=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def asked(port: int, path: str, body: Any = None) -> Any:
    request = Request(
        f"http://127.0.0.1:{port}/api/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
    )
    with urlopen(request, timeout=60) as answer:
        text = answer.read().decode()
    return json.loads(text) if answer.headers["content-type"].startswith("application/json") else text


def until_it_answers(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            asked(port, "/health")
            return
        except (TimeoutError, URLError, ConnectionError):
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.2)


def request(number: int) -> dict[str, Any]:
    """A short loop in mode *book*, each candidate on days of their own."""
    first = datetime.now(zone("Europe/Berlin")).date() + timedelta(days=7)
    days = [first + timedelta(days=n) for n in range(9) if (first + timedelta(days=n)).weekday() < 5]
    return {
        "application": {
            "id": f"app-{number}",
            "job": "Backend Engineer",
            "candidate": {"name": f"C {number}", "email": f"c{number}@example.org", "zone": "Europe/Lisbon"},
            "hiring_manager": "hana",
            "recruiter": "rolf",
        },
        "template": "short",
        "zone": "Europe/Berlin",
        "mode": "book",
        "windows": [{"start": f"{d}T09:00", "end": f"{d}T17:00"} for d in days],
    }


def until_confirmed(port: int, loops: list[str]) -> None:
    end = time.monotonic() + PATIENCE
    states: list[str] = []
    while states != ["confirmed"] * len(loops):
        assert time.monotonic() < end, states
        assert "needs_attention" not in states and "infeasible" not in states
        time.sleep(0.3)
        states = [asked(port, f"/loops/{loop}")["state"] for loop in loops]


def booked(folder: Path) -> list[str]:
    """Keys of the events that stand in the organizer's calendar."""
    now = datetime.now(UTC)
    found = LocalCalendar(folder / "calendars").find_all(ORGANIZER, Window(now, now + timedelta(days=60)))
    return sorted(event.key for event in found)


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def done(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def test_two_of_each_survive_a_kill_and_a_restore(
    tmp_path: Path, postgres_server: PostgresServer, fresh_postgres_url: str
) -> None:
    folder, url = folder_of(tmp_path / "data"), fresh_postgres_url
    load(folder, url)
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(running(folder, url, "serve", "--no-work", port=port))
        workers = [stack.enter_context(running(folder, url, "work", "--name", f"loop-{n}")) for n in (1, 2)]
        for port in ports:
            until_it_answers(port)
        loops = [asked(ports[n % 2], "/loops", request(n))["id"] for n in range(LOOPS)]
        workers[0].kill()  # whatever it was at, the other one takes it up
        until_confirmed(ports[1], loops)
        assert len(booked(folder)) == len(set(booked(folder))) == 3 * LOOPS
        metrics = asked(ports[0], "/metrics")
        assert f'loopwright_loops{{state="confirmed"}} {LOOPS}.0' in metrics
        assert asked(ports[1], "/health/ready")["checks"]
        workers[1].kill()
        more = [asked(ports[0], "/loops", request(n))["id"] for n in range(LOOPS, LOOPS + 2)]
        backup = tmp_path / "loopwright.dump"  # with their planning queued
        done([postgres_server.binaries / "pg_dump", "-Fc", "-d", plain(url), "-f", backup])
        kept = tmp_path / "kept"
        shutil.copytree(folder, kept)
    restored = postgres_server.create_database("restored")
    try:
        done([postgres_server.binaries / "pg_restore", "-d", plain(restored), backup])
        with running(kept, restored, "serve", port=ports[0]):
            until_it_answers(ports[0])
            until_confirmed(ports[0], [*loops, *more])
        assert len(booked(kept)) == len(set(booked(kept))) == 3 * (LOOPS + 2)
    finally:
        postgres_server.drop_database("restored")


def test_lines_of_the_log_are_json_and_name_nobody(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data")
    url = f"sqlite:///{tmp_path / 'one.sqlite3'}"
    load(folder, url)
    port = free_port()
    with running(folder, url, "serve", port=port):
        until_it_answers(port)
        until_confirmed(port, [asked(port, "/loops", request(1))["id"]])
    (log,) = folder.glob("serve-*.log")
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"plan", "book", "perform"} <= {line.get("job") for line in lines}
    assert {"ask_for_a_loop", "get_loop"} & {line.get("call") for line in lines}
    assert not [line for line in lines if "example" in json.dumps(line)]


@pytest.mark.parametrize(
    "word", ["TimeoutStopSec=30", "serve --no-work", "pg_dump", "loopwright_jobs_waiting"]
)
def test_the_page_says_what_is_done_here(word: str) -> None:
    assert word in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
