"""Cold pulls of many people's calendars from the Graph stand-in, which answers after a realistic latency.

Ways: `free_busy` (getSchedule, twenty people a request, four requests at once), `typed` (each one's events,
twenty people a batch), `typed_singly` (each one's events, four requests at once) and what most tools do (each
one's events, one after the other). Half of the latency is the way there and back, which a batch goes once, half
the service's work, which it does four at a time. The stand-in runs in a process of its own, so that memory is
that of the connector alone.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.connectors.figures import Figures, resident
from connectors.calls import Limiter
from connectors.http import Http, Response
from connectors.outlook.calendar import OutlookCalendar, app_limiter
from connectors.tokens import MemoryTokens
from connectors.types import Known, Window
from tests.connectors.servers import graph_schema
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_harness import StaticBearer

LATENCY = 0.08
WAYS = ("free_busy", "typed", "typed_singly", "one_by_one")
START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=14))
EVENTS_EACH = 20


class _Singly(Limiter):
    """Four places, of which a batch does not know: reads go singly."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self.places = 1


class _Counting(Http):
    """The connector's own client, counting."""

    count = 0

    def request(self, *args: Any, **kwargs: Any) -> Response:
        self.count += 1
        return super().request(*args, **kwargs)


def address(number: int) -> str:
    return f"p{number}@contoso.example"


def _serve(people: int, latency: float, pipe: Connection) -> None:
    """The stand-in with everybody's two weeks, until told to end. Its checks are the tests' business."""
    graph_schema.check_list = graph_schema.check_action = lambda *_: None
    with GraphServer() as server:
        server.faults.latency = server.faults.travel = latency / 2
        for number in range(people):
            server.world.add_mailbox(address(number))
            for n in range(EVENTS_EACH):
                begin = START + timedelta(hours=9 + n % 8, days=n * 7 // 10)
                server.world.put(address(number), subject="x", start=begin, end=begin + timedelta(minutes=45))
        pipe.send(server.base)
        pipe.recv()


@contextmanager
def standing(people: int, latency: float) -> Iterator[str]:
    """The address of a stand-in in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(people, latency, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
        ours.send("end")
    finally:
        process.join(timeout=10)
        if process.is_alive():
            process.terminate()


_LIMITERS = {"one_by_one": lambda: Limiter(1), "typed_singly": lambda: _Singly(4)}


def measure(way: str, people: int, latency: float = LATENCY, *, pulls: int = 3) -> Figures:
    """One cold pull, and the memory kept after some more of them."""
    mode = "free_busy" if way == "free_busy" else "typed"
    asked = [address(n) for n in range(people)]
    with standing(people, latency) as base, _Counting() as http:
        calendar = OutlookCalendar(
            MemoryTokens(),
            mode=mode,  # type: ignore[arg-type]
            reader=address(0),
            limiter=_LIMITERS.get(way, app_limiter)(),
            http=http,
            sign_in=StaticBearer(),
            base=base,
        )
        started = time.perf_counter()
        answers = calendar.availability(asked, WINDOW)
        seconds, requests = time.perf_counter() - started, http.count
        blocks = sum(len(a.busy) for a in answers.values() if isinstance(a, Known))
        if blocks != people * EVENTS_EACH:
            raise RuntimeError(f"{blocks} blocks of {people * EVENTS_EACH} came back")
        del answers
        before = resident()
        for _ in range(pulls - 1 if way != "one_by_one" else 0):
            calendar.availability(asked, WINDOW)
        return Figures("outlook", way, people, latency, requests, seconds, resident() - before)
