"""Many loops at the same moment, through `loopwright serve` as a process of its own: how many are confirmed without a
human, and what they cost. Its days are counted from the coming Monday, since the server goes by the machine's clock."""

from __future__ import annotations

import os
import random
import re
import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cpu
import httpx2
import scene

from connectors.local.folder import Entry, Show, add_entries, answer, create_calendar
from connectors.types import Reply, RoomInfo
from scheduler import config, wiring
from scheduler.services.company.read import read_company

_PATIENCE = 600.0
"""Seconds that a crowd may take; what is not settled by then counts as taking so long."""
_AT_WORK = ("planning", "held", "booking", "repairing", "cancelling")


@dataclass
class Office:
    """A server at work on a company of its own."""

    process: subprocess.Popen[bytes]
    http: httpx2.Client
    monday: datetime
    folder: Path
    pool: int

    def ask(self, number: int, template: str, days: int, mode: str) -> str:
        """Ask for a loop on the working days of the two weeks ahead, the first ``days`` of them."""
        dates = [self.monday + timedelta(days=n) for n in range(14) if n % 7 < 5][:days]
        body = {
            "application": {
                "id": f"app-{number}",
                "job": "Backend Engineer",
                "candidate": {
                    "name": f"Candidate {number}",
                    "email": f"c{number}@bench.example",
                    "zone": scene.ZONE,
                },
                "hiring_manager": f"e{number % self.pool}",  # one manager cannot be at every talk
                "recruiter": "hana",
            },
            "template": template,
            "windows": [{"start": f"{d:%Y-%m-%d}T09:00", "end": f"{d:%Y-%m-%d}T17:00"} for d in dates],
            "zone": scene.ZONE,
            "mode": mode,
        }
        answer = self.http.post("/loops", json=body)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def settle(self, *more: str) -> None:
        """Wait until no loop is in a state of work, or in one of ``more``, seen three times in a row."""
        until, calm, states = time.monotonic() + _PATIENCE, 0, (*_AT_WORK, *more)
        while calm < 3 and time.monotonic() < until:
            at_work = any(self.http.get("/loops", params={"state": s, "limit": 1}).json() for s in states)
            calm = 0 if at_work else calm + 1
            time.sleep(0.25)

    def states(self, loops: list[str]) -> list[str]:
        return [str(self.http.get(f"/loops/{loop}").json()["state"]) for loop in loops]

    def spent(self) -> float:
        """CPU seconds of the server and its children since they started."""
        return cpu.seconds(self.process.pid)


@contextmanager
def office(pool: int, seed: int, **settings: str) -> Iterator[Office]:
    """A company with calendars as full as `scene`'s from the coming Monday on, and `serve` on SQLite."""
    with TemporaryDirectory(prefix="loopwright-bench-") as name:
        folder = Path(name)
        monday = _fill(folder, pool, seed)
        token, port = secrets.token_hex(16), _free_port()
        run = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            "from scheduler.cli.main import app; app()",
            "serve",
            "--port",
            str(port),
        ]
        told = {"DATA": name, "API_TOKEN": token, "POLL_SECONDS": "15", **settings}
        env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
        env |= {f"LOOPWRIGHT_{k}": v for k, v in told.items()} | {"PYTHONPATH": sys.path[0]}
        with (folder / "serve.log").open("ab") as log:
            process = subprocess.Popen(run, cwd=sys.path[0], env=env, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}/api/v1"
        http = httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        try:
            _answers(http, process, folder / "serve.log")
            yield Office(process, http, monday, folder, pool)
        finally:
            process.terminate()
            process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(http: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            http.get("/health")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"serve does not answer:\n{log.read_text()[-2000:]}")


def _fill(folder: Path, pool: int, seed: int) -> datetime:
    company = read_company(scene.text(pool), "yaml", "bench.yaml")
    made = wiring.build(config.load(data=folder))
    wiring.migrate(made)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today + timedelta(days=14 - today.weekday())
    calendars = folder / "calendars"
    calendars.mkdir(exist_ok=True)
    have = {path.stem for path in calendars.glob("*.ics")}
    draw = random.Random(seed)
    for person in company.people:
        create_calendar(calendars, person.account.address, person.name, scene.ZONE)
        add_entries(calendars, person.account.address, scene.meetings(draw, scene.FULL, monday))
    for room in company.rooms:
        info = RoomInfo(room.account.address, room.name, room.capacity, room.site, tuple(room.features))
        create_calendar(calendars, room.account.address, room.name, scene.ZONE, info)
        add_entries(calendars, room.account.address, scene.meetings(draw, scene.FULL_ROOM, monday))
    if company.organizer.address not in have:
        create_calendar(calendars, company.organizer.address, company.name, "UTC")
    with made.app.db.write() as tx:
        tx.company.replace(company, made.app.clock())
    made.close()
    return monday


def burst(pool: int, template: str, number: int, days: int, loops: int, seed: int) -> dict[str, Any]:
    """``number`` loops asked for at once in mode *book*: CPU seconds per loop, seconds until all have settled, the
    ``states`` they ended in, and how many of those given to a human are placed when asked for again
    (``placed_again``: what there was a plan for)."""
    del loops
    with office(pool, seed) as there:
        spent, begun = there.spent(), time.perf_counter()
        asked = [there.ask(n, template, days, "book") for n in range(number)]
        there.settle("proposed")  # policy says yes by itself
        found: dict[str, Any] = {"cpu": [round((there.spent() - spent) / number, 3)]}
        found["seconds"] = [round(time.perf_counter() - begun, 1)]
        found["states"] = there.states(asked)
        found["plannings"] = [_plannings(there, asked) / number]
        left = [loop for loop, state in zip(asked, found["states"], strict=True) if state != "confirmed"]
        for loop in left:
            there.http.post(f"/loops/{loop}/replan")
            there.settle()
        again = Counter(there.states(left))
        found["placed_again"] = [again["confirmed"] + again["proposed"]]
    return found


def _plannings(there: Office, loops: list[str]) -> int:
    """How often a planning of one of the loops came to its end."""
    facts = (fact for loop in loops for fact in there.http.get(f"/loops/{loop}/facts").json())
    return sum(fact["what"] == "loop_moved" and fact["before"] == "planning" for fact in facts)


def approvals(pool: int, template: str, number: int, loops: int, seed: int) -> dict[str, Any]:
    """``number`` candidates of one day, proposed first and then approved one after the other: ``answers`` are the
    statuses of the approvals, ``states`` what came of it."""
    del loops
    with office(pool, seed) as there:
        spent = there.spent()
        asked = [there.ask(n, template, 1, "propose") for n in range(number)]
        there.settle()
        answers = []
        for loop in asked:
            offered: list[Mapping[str, Any]] = there.http.get(f"/loops/{loop}/proposals").json()
            if offered:
                answers.append(there.http.post(f"/proposals/{offered[0]['id']}/choose").status_code)
        there.settle()
        return {
            "cpu": [(there.spent() - spent) / number],
            "answers": answers,
            "states": there.states(asked),
        }


def week(pool: int, template: str, number: int, minutes: float, loops: int, seed: int) -> dict[str, Any]:
    """``number`` loops that come in bursts over some ``minutes``, while every tenth is declined by somebody and meetings
    of others fall onto every tenth: CPU seconds per confirmed loop, and ``states`` at the end."""
    del loops
    draw, size = random.Random(seed), 25
    with office(pool, seed) as there:
        spent, begun, asked = there.spent(), time.monotonic(), list[str]()
        bursts = range(0, number, size)
        for first in bursts:
            asked += [there.ask(n, template, 10, "book") for n in range(first, min(first + size, number))]
            until = begun + minutes * 60 * (first + size) / number
            time.sleep(max(0.0, until - time.monotonic()))
            _disturb(there, draw, asked[first : first + size])
        there.settle("proposed")
        states = there.states(asked)
        confirmed = max(1, states.count("confirmed"))
        return {"cpu": [(there.spent() - spent) / confirmed], "states": states}


def _disturb(there: Office, draw: random.Random, loops: list[str]) -> None:
    calendars = there.folder / "calendars"
    for loop in loops:
        chance = draw.random()
        rows = [r for r in there.http.get("/bookings", params={"loop": loop}).json() if r["seats"]]
        if chance >= 0.2 or not rows:
            continue
        row = draw.choice(rows)
        address = f"{draw.choice(row['seats'])['person']}@bench.example"
        if chance < 0.1:
            keys = re.findall(
                rf"X-LOOPWRIGHT-KEY:(.*/{loop}/{row['interview']}/\d+)", _text(calendars, address)
            )
            for key in keys[:1]:
                answer(calendars, address, key, Reply.DECLINED)
        else:
            start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
            add_entries(calendars, address, [Entry("Meeting", start, end, Show.BUSY)])


def _text(calendars: Path, address: str) -> str:
    return (calendars / f"{address}.ics").read_bytes().decode().replace("\r\n ", "").replace("\r\n", "\n")
