"""The stand-in calendar services in a process of their own, and the bad days that they can be told to have.

They outlive the workers that are killed, as the real ones do.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from connectors.google.auth import READ_ROOMS, scopes_for
from tests.chaos.seen import Seen, at_google, at_outlook
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_batch import Outcome
from tests.connectors.servers.graph_payload import Refused

ORGANIZER = "interviews@testwerk.example"
ON_GOOGLE = ("hana@testwerk.example", "ben@testwerk.example")
ON_OUTLOOK = ("anna@testwerk.example", "cleo@testwerk.example")
FOREIGN = "canary-foreign-5d1e"
"""The title of every meeting of somebody else."""
_WRITES = r"events\.(insert|patch|delete)"


class Mood(StrEnum):
    """How the organizer's calendar answers writes, and the look for what became of them."""

    OK = "ok"
    ANSWER_LOST = "answer lost"
    WRITE_LOST = "write lost"
    DUPLICATE = "duplicate accepted"
    STORM = "429 storm"
    DOWN = "503"


class MoodyGraph(GraphServer):
    """Microsoft's stand-in whose next writes go wrong, one mood each."""

    def __init__(self) -> None:
        super().__init__()
        self.moods: list[str] = []

    def _single(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> Outcome:
        if method == "GET" or "getSchedule" in target or not self.moods:
            return super()._single(method, target, headers, raw)
        mood = self.moods.pop(0)
        if mood == "lost":
            super()._single(method, target, headers, raw)
        if mood in ("lost", "dropped"):
            return None
        return self._error(Refused(int(mood), "ApplicationThrottled", headers={"Retry-After": "1"}))


@dataclass
class Services:
    """The process, as the one that started it knows it."""

    google: str
    graph: str
    process: int
    pipe: Connection

    def ask(self, what: str, *arguments: Any) -> Any:
        self.pipe.send((what, arguments))
        good, answer = self.pipe.recv()
        if not good:
            raise RuntimeError(answer)
        return answer

    def end(self) -> None:
        self.pipe.send(("end", ()))
        os.waitpid(self.process, 0)
        self.pipe.close()


def start(monday: datetime) -> Services:
    """Begin it; to be asked of a process without threads."""
    ours, theirs = Pipe()
    process = os.fork()
    if process == 0:
        ours.close()
        try:
            _serve(theirs, monday)
        finally:
            os._exit(0)
    theirs.close()
    google, graph = ours.recv()
    return Services(google, graph, process, ours)


def _serve(pipe: Connection, monday: datetime) -> None:
    with GoogleServer() as google, MoodyGraph() as graph:
        _populate(google, graph, monday)
        pipe.send((google.url, graph.base))
        known: dict[str, Callable[..., Any]] = {
            "mood": lambda mood: _set(google, graph, mood),
            "decline": lambda on, event, who: _decline(google, graph, on, event, who),
            "seen": lambda on: _seen(google, graph, on),
            "problems": lambda: [*google.world.problems, *graph.violations],
        }
        while True:
            what, arguments = pipe.recv()
            if what == "end":
                return
            try:
                pipe.send((True, known[what](*arguments)))
            except Exception:
                pipe.send((False, traceback.format_exc()))


def _populate(google: GoogleServer, graph: GraphServer, monday: datetime) -> None:
    """Everybody, each with a meeting of somebody else."""
    for address in (ORGANIZER, *ON_GOOGLE):
        google.world.add_calendar(address, zone="Europe/Berlin")
        google.accounts.people.add(address)
    google.accounts.delegated |= {*scopes_for("typed"), READ_ROOMS}
    for address in (ORGANIZER, *ON_OUTLOOK):
        graph.world.add_mailbox(address)
    begin, end = monday + timedelta(hours=12), monday + timedelta(hours=13)
    times = {"start": {"dateTime": begin.isoformat()}, "end": {"dateTime": end.isoformat()}}
    for address in ON_GOOGLE:
        google.world.put(address, {"summary": FOREIGN, **times})
    for address in ON_OUTLOOK:
        graph.world.put(address, subject=FOREIGN, start=begin, end=end)


def _set(google: GoogleServer, graph: MoodyGraph, mood: str) -> None:
    """From now on; what is left of the mood before is over."""
    world = google.world
    with world.lock:
        world.faults.clear()
        world.accepts_duplicates = mood == Mood.DUPLICATE
    graph.moods = []
    graph.routes.duplicates = mood == Mood.DUPLICATE
    if mood in (Mood.ANSWER_LOST, Mood.DUPLICATE):
        for _ in range(2):  # the answer, and then the line for as long as the connector looks
            world.fail(on=_WRITES, lose=True)
            world.fail(on=r"events\.get", drop=True, times=2)
        graph.moods = ["lost", "lost"]
    elif mood == Mood.WRITE_LOST:
        world.fail(on=_WRITES, drop=True, times=3)
        graph.moods = ["dropped"] * 3
    elif mood == Mood.STORM:
        world.fail(on=_WRITES, status=429, reason="rateLimitExceeded", domain="usageLimits", times=3)
        graph.moods = ["429"] * 5
    elif mood == Mood.DOWN:
        world.fail(on=_WRITES, status=503, reason="backendError", times=3)
        graph.moods = ["503"] * 5


def _decline(google: GoogleServer, graph: GraphServer, on: str, event: str, who: str) -> None:
    if on == "google":
        google.world.answer(ORGANIZER, event, who, "declined", "")
        return
    with graph.locked() as world:
        world.answer(who, ORGANIZER, event, "declined")


def _seen(google: GoogleServer, graph: GraphServer, on: str) -> list[Seen]:
    if on == "google":
        with google.world.lock:
            return at_google(google.world, ORGANIZER)
    with graph.locked() as world:
        return at_outlook(world, ORGANIZER)
