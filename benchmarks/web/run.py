"""The console with thousands of loops beside an empty page of the same server: ``./dev bench web``.

Every page is asked for in turn, so that whatever else the machine does falls on all of them. Wall time is that of the
client, CPU seconds those of the server.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scheduler import config, wiring  # noqa: E402
from scheduler.domain.loops import (  # noqa: E402
    Application,
    BookMode,
    Candidate,
    Loop,
    LoopState,
    Reason,
)
from scheduler.domain.proposals import PlannedInterview, Proposal, ProposalState  # noqa: E402
from scheduler.domain.time import Span  # noqa: E402
from scheduler.services.company.read import read_company  # noqa: E402
from scheduler.storage.database import Tx  # noqa: E402
from tests.scheduler.cli.served import serving  # noqa: E402

COMPANY = ROOT / "tests" / "scheduler" / "company.yaml"
EMPTY = "/you"
STATES = (LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION, LoopState.PROPOSED)
MUST = {"/today": 12, "/loops": 12, "plans": 10}
console = Console()


@dataclass
class Figures:
    """Seconds of each answer, and of the server's processor for all of them."""

    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    size: int = 0

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench web", description=__doc__)
    parser.add_argument("--loops", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loopwright-web-") as name:
        folder = Path(name)
        proposed = fill(folder, asked.loops)
        with serving(folder) as served:
            pages = {
                "empty": EMPTY,
                "/today": "/today",
                "/loops": "/loops",
                "plans": f"/loops/{proposed}/plans",
            }
            with client(f"http://127.0.0.1:{served.port}", served.token) as session:
                found = measured(session, served.process.pid, pages, asked.rounds)
    report(found, asked.loops)
    return 0


def fill(folder: Path, count: int) -> str:
    """A company with that many open loops, a third each without a plan, in need of a person, and on offer; the id of one
    on offer with three plans of twelve columns."""
    runtime = wiring.build(config.load(data=folder))
    wiring.migrate(runtime)
    company = read_company(COMPANY.read_text(encoding="utf-8"), "yaml", COMPANY.name)
    with runtime.app.db.write() as tx:
        tx.company.replace(company, runtime.app.clock())
        template = tx.templates.get("onsite")
    assert template is not None
    last = ""
    for first in track(range(0, count, 500), "loops", console=console):
        with runtime.app.db.write() as tx:
            for number in range(first, min(first + 500, count)):
                last = _one(tx, number, template, runtime.app.clock()) or last
    runtime.close()
    return last


def _one(tx: Tx, number: int, template: object, now: object) -> str:
    state = STATES[number % len(STATES)]
    candidate = Candidate(f"Candidate {number}", f"c{number}@mail.example", "Europe/Berlin")
    application = Application(f"app-{number}", candidate, "Backend Engineer", "hana", "rolf")
    tx.applications.put(application)
    text = "no plan: on every day that the candidate offers, Hana Maier or the room is taken for all of it"
    reasons = (Reason("busy", text, ("hana",)),) if state is not LoopState.PROPOSED else ()
    made = now - timedelta(hours=number % 200)  # type: ignore[operator]
    loop = Loop(
        f"lp_{number:016x}", application.id, template, LoopState.PLANNING, BookMode.PROPOSE, "Europe/Berlin", "berlin",  # type: ignore[arg-type]
        Span(made, made + timedelta(days=14)), (), f"visit-{number}", made, made,
    )  # fmt: skip
    tx.loops.add(loop, actor="bench", cause="")
    tx.loops.move(
        loop.id, state, expect={LoopState.PLANNING}, actor="bench", cause="", at=made, reasons=reasons
    )
    if state is not LoopState.PROPOSED:
        return ""
    tx.proposals.add_all([_plan(loop, rank) for rank in (1, 2, 3)])
    return loop.id


def _plan(loop: Loop, rank: int) -> Proposal:
    people = (("anna",), ("ben",), ("cleo",), ("dirk",), ("hana",))
    start = (loop.created_at + timedelta(days=3 + rank)).replace(hour=9, minute=0, second=0, microsecond=0)
    planned, at = [], start
    for n, spec in enumerate(i for i in loop.template.interviews if i.minutes):
        end = at + timedelta(minutes=spec.minutes)
        seats = tuple(people[(n + m) % len(people)] for m, _ in enumerate(spec.seats))
        planned.append(PlannedInterview(spec.id, Span(at, end), seats))
        at = end
    return Proposal(
        f"pr_{loop.id[3:]}{rank}", loop.id, rank, tuple(planned), {"finish": 60 * rank}, 60 * rank, 60, "optimal",
        loop.created_at, (), ProposalState.OFFERED, loop.created_at, loop.generation,
    )  # fmt: skip


@contextmanager
def client(base: str, token: str) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {token}", "accept-encoding": "gzip"}
    with httpx2.Client(base_url=base, headers=headers, timeout=60) as made:
        yield made


def measured(session: httpx2.Client, pid: int, pages: dict[str, str], rounds: int) -> dict[str, Figures]:
    found = {name: Figures() for name in pages}
    for path in pages.values():  # templates are compiled once
        session.get(path).raise_for_status()
    for _ in track(range(rounds), "rounds", console=console):
        for name, path in pages.items():
            before, began = _cpu(pid), time.perf_counter()
            answer = session.get(path)
            found[name].seconds.append(time.perf_counter() - began)
            answer.raise_for_status()
            found[name].cpu += _cpu(pid) - before
            found[name].size = int(answer.headers.get("content-length", len(answer.content)))
    return found


def _cpu(pid: int) -> float:
    """Seconds that a process has computed so far (proc(5))."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def report(found: dict[str, Figures], loops: int) -> None:
    table = Table(title=f"{loops:,} loops; p95 of {len(found['empty'].seconds)} answers each")
    for head in ("page", "p95 ms", "÷ empty", "must", "CPU ms each", "kB sent"):
        table.add_column(head, justify="left" if head == "page" else "right")
    empty = found["empty"].p95
    for name, figures in found.items():
        must = f"≤ {MUST[name]}" if name in MUST else ""
        each = figures.cpu / len(figures.seconds) * 1000
        table.add_row(
            name, f"{figures.p95 * 1000:.1f}", f"{figures.p95 / empty:.1f}", must, f"{each:.1f}", f"{figures.size / 1000:.1f}",
        )  # fmt: skip
    console.print(table)
    console.print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    sys.exit(main())
