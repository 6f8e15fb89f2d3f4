"""Cold pulls of many people's calendars from the stand-in for Google, which answers after a latency.

Ways: `free_busy` (fifty people a request, eight requests at once), `typed` (each one's events, eight
at once) and what most tools do (a request per person, one after the other). The stand-in runs in a
process of its own, so that memory and time are those of the connector.
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
from connectors.google.auth import scopes_for
from connectors.google.calendar import GoogleCalendar
from connectors.tokens import MemoryTokens
from connectors.types import Known, Window
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.google_accounts import consent

WAYS = ("free_busy", "typed", "one_by_one")
LATENCY = 0.12
START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=14))
EVENTS_EACH = 20


def address(number: int) -> str:
    return f"p{number}@example.com"


def _serve(people: int, latency: float, pipe: Connection) -> None:
    """The stand-in with everybody's two weeks; tells its address, then what was asked of it."""
    with GoogleServer() as server:
        server.accounts.consents["1//refresh-secret"] = (address(0), frozenset(scopes_for("typed")))
        for number in range(people):
            server.world.add_calendar(address(number))
            for n in range(EVENTS_EACH):
                start = START + timedelta(hours=9 + n % 8, days=n * 7 // 10)
                times = (start, start + timedelta(minutes=45))
                first, last = ({"dateTime": t.isoformat()} for t in times)
                server.world.put(address(number), {"summary": "x", "start": first, "end": last})
        list(server.world.views(address(0)))  # its index is no part of what is measured
        server.world.latency = latency
        pipe.send(server.url)
        while pipe.recv() == "requests?":
            pipe.send(len(server.world.log))
        pipe.send(server.world.problems)


@contextmanager
def standing(people: int, latency: float) -> Iterator[tuple[str, Connection]]:
    """The address of a stand-in in a process of its own, and the line to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(people, latency, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
        ours.send("end")
        problems = ours.recv()
        if problems:
            raise RuntimeError(f"the stand-in objected: {problems[:3]}")
    finally:
        process.join(timeout=10)
        if process.is_alive():
            process.terminate()


def pull(calendar: GoogleCalendar, way: str, asked: list[str]) -> dict[str, Any]:
    """Everybody's two weeks."""
    if way != "one_by_one":
        return dict(calendar.availability(asked, WINDOW))
    return {one: calendar.availability([one], WINDOW)[one] for one in asked}


def measure(way: str, people: int, latency: float = LATENCY, *, pulls: int = 3) -> Figures:
    """One cold pull, sign-in included, and the memory kept after some more of them.

    Google's quota of 600 requests a minute and user is not waited for: it would only slow down the
    ways that need more requests.
    """
    asked = [address(n) for n in range(people)]
    mode = "typed" if way == "typed" else "free_busy"
    tokens = MemoryTokens(google=consent())
    with (
        standing(people, latency) as (url, pipe),
        GoogleCalendar(tokens, mode=mode, endpoint=url, limiter=Limiter()) as calendar,  # type: ignore[arg-type]
    ):
        started = time.perf_counter()
        answers = pull(calendar, way, asked)
        seconds = time.perf_counter() - started
        pipe.send("requests?")
        requests = pipe.recv()
        known = [a for a in answers.values() if isinstance(a, Known)]
        minutes = sum(((b.end - b.start).total_seconds() / 60 for a in known for b in a.busy), 0.0)
        if len(known) != people or minutes != people * EVENTS_EACH * 45:
            raise RuntimeError(f"{len(known)} of {people} people and {minutes} minutes came back")
        del answers, known
        before = resident()
        for _ in range(pulls - 1 if way != "one_by_one" else 0):
            pull(calendar, way, asked)
        return Figures("google", way, people, latency, requests, seconds, resident() - before)
