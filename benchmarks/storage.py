"""What a transaction of the storage costs: ``python -m benchmarks.storage [DATABASE_URL]``.

Prints the median and the 95th percentile, in milliseconds, of the transactions that every loop goes
through: holding an on-site loop (30 reservations, 6 interviews, 6 ledger rows, a move and its fact,
one commit that is on the disk), and of the small ones around it. By default on a SQLite file in the
folder for temporary files; a PostgreSQL address must name an empty database.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from scheduler.domain.bookings import (
    Hold,
    Interview,
    InterviewState,
    LedgerRow,
    Reservation,
    Seat,
    Write,
)
from scheduler.domain.errors import Taken
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import (
    InterviewKind,
    InterviewSpec,
    LoopTemplate,
    Modality,
    SeatKind,
    SeatSpec,
)
from scheduler.domain.time import Span
from scheduler.storage import Database

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PANELS, PEOPLE = 6, 5
TEMPLATE = LoopTemplate(
    "onsite",
    "On site",
    tuple(
        InterviewSpec(f"i{n}", f"Interview {n}", 45, seats=(SeatSpec(pools=("a",)),)) for n in range(PANELS)
    ),
)


def span(loop: int, panel: int) -> Span:
    start = START + timedelta(hours=6 * loop, minutes=45 * panel)
    return Span(start, start + timedelta(minutes=45))


def reservations(loop: int, name: str) -> list[Reservation]:
    subjects = [Subject.room("oak"), Subject.candidate(name)]
    subjects += [Subject.person(f"p{n}") for n in range(PEOPLE - 2)]
    return [
        Reservation(s, span(loop, n), name, f"{name}/i{n}", Hold.HELD, START + timedelta(days=9999))
        for n in range(PANELS)
        for s in subjects
    ]


def interviews(loop: int, name: str) -> list[Interview]:
    seats = tuple(Seat(f"p{n}", SeatKind.LEAD, number=n) for n in range(PEOPLE - 2))
    fixed = (InterviewKind.INTERVIEW, Modality.ON_SITE)
    return [
        Interview(
            f"{name}/i{n}",
            name,
            f"i{n}",
            f"Interview {n}",
            *fixed,
            span(loop, n),
            "oak",
            seats,
            InterviewState.HELD,
        )
        for n in range(PANELS)
    ]


def request(database: Database, number: int) -> str:
    name = f"loop-{number}"
    horizon = Span(START, START + timedelta(days=14))
    with database.write() as tx:
        tx.applications.put(Application(name, Candidate("Ada", "ada@example.net", "UTC"), "j", "p0", "p1"))
        tx.loops.add(
            Loop(
                name,
                name,
                TEMPLATE,
                LoopState.PROPOSED,
                BookMode.BOOK,
                "UTC",
                None,
                horizon,
                (),
                name,
                START,
                START,
            ),
            "system",
            "benchmark",
        )
    return name


def hold(database: Database, number: int, name: str) -> None:
    with database.write() as tx:
        tx.loops.move(
            name,
            LoopState.HELD,
            expect={LoopState.PROPOSED},
            actor="system",
            cause="b",
            at=START,
            generation=1,
        )
        tx.reservations.take(reservations(number, name))
        tx.interviews.put_all(interviews(number, name))
        rows = [
            LedgerRow(
                f"{name}/w{n}", name, f"{name}/i{n}", Write.BOOK, f"{name}/{n}", {"title": "x" * 400}, 1, n
            )
            for n in range(PANELS)
        ]
        tx.ledger.add_all(rows, START)


def read_back(database: Database, name: str) -> None:
    with database.read() as tx:
        assert tx.loops.get(name)
        assert len(tx.interviews.of_loop(name)) == PANELS
        assert len(tx.ledger.of_loop(name)) == PANELS


def report(what: str, seconds: list[float]) -> None:
    ordered = sorted(1000 * s for s in seconds)
    high = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{what:<58} median {statistics.median(ordered):7.2f} ms   95 % {high:7.2f} ms   n={len(ordered)}")


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def rush(database: Database, clients: int) -> tuple[list[float], int]:
    """So many threads hold the same time of the same people; how long each took, and how many won."""
    names = [request(database, 10_000 + n) for n in range(clients)]
    barrier, took, won = threading.Barrier(clients), [], []

    def client(name: str) -> None:
        barrier.wait()
        begin = time.perf_counter()
        try:
            hold(database, 9000, name)
            won.append(name)
        except Taken:
            pass
        took.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=client, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, len(won)


def main(url: str, rounds: int = 200) -> None:
    database = Database(url)
    print(f"{database.dialect}")
    report("bring an empty database to the newest schema", [timed(database.migrate)])
    names = [request(database, n) for n in range(rounds)]
    held = [timed(partial(hold, database, n, name)) for n, name in enumerate(names)]
    report("hold a loop: 30 reservations, 6 interviews, 6 ledger rows", held)
    report(
        "read a loop with its interviews and its ledger",
        [timed(partial(read_back, database, name)) for name in names],
    )
    deliveries = [timed(partial(_receive, database, n)) for n in range(rounds)]
    report("keep a delivery of 2 kB", deliveries)
    took, won = rush(database, 30)
    report(f"30 threads hold the same time, {won} gets it", took)
    with database.read() as tx:
        report("verify every fact", [timed(tx.facts.verify)])
    database.dispose()


def _receive(database: Database, number: int) -> None:
    with database.write() as tx:
        tx.inbox.receive("ats", f"d-{number}", "sha", b"x" * 2000, START)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(f"sqlite:///{Path(folder)}/benchmark.db")
