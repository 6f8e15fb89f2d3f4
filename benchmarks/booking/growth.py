"""What a loop, a booking and a round cost where the company is large, or has been at it for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cpu
import scene

from connectors.local import events
from connectors.local.calendar import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.protocol import event_id
from connectors.types import Attendee, EventIntent, Reply, Role
from scheduler.domain.bookings import Interview, InterviewState, Seat, SeatState
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.templates import InterviewKind, Modality, SeatKind
from scheduler.domain.time import Span
from scheduler.services.afterwards import conflicts, replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import choose, reconcile

POOL = 12
"""People of the pool that the short loop asks for, whatever the size of the company."""
ORGANIZER = "interviews@bench.example"
WINDOWS = (("2026-03-11T09:00", "2026-03-11T17:00"), ("2026-03-12T09:00", "2026-03-12T17:00"))
_INTERVIEWS = 5
"""Of each booked loop."""
_TEXT = "Interview with a candidate.\n\n" + "What to ask, and how to write down what was said. " * 6


def company(size: int, loops: int, seed: int) -> dict[str, Any]:
    """CPU seconds of a short loop, from the request until it is confirmed, in a company of ``size`` people."""
    found: dict[str, list[Any]] = {"cpu": [], "states": []}
    with TemporaryDirectory(prefix="loopwright-bench-") as folder:
        made = scene.make(Path(folder) / "scene", POOL, seed, others=size - POOL)
        for number in range(loops + 1):
            spent = cpu.seconds()
            state = _short(made, number)
            if number:  # the first one warms up
                found["cpu"].append(round(cpu.seconds() - spent, 3))
                found["states"].append(state)
        made.app.db.dispose()
    return found


def _short(made: scene.Scene, number: int) -> str:
    """Asked, planned, chosen, booked."""
    candidate = Candidate(f"Candidate {number}", f"c{number}@example.org", "Europe/Lisbon")
    application = Application(f"app-{number}", candidate, "Backend Engineer", "hana", "rolf")
    request = LoopRequest(application, "short", WINDOWS, scene.ZONE, BookMode.PROPOSE)
    loop = requests.ask(made.app, request, "person:rolf")
    made.run(frozenset({"proposed", "infeasible", "needs_attention"}), loop.id)
    made.waiting.jobs.clear()  # what nobody waits for is not part of it
    with made.app.db.read() as tx:
        offered = [p for p in tx.proposals.of_loop(loop.id) if p.state.value == "offered"]
    if offered:
        choose.choose(made.app, offered[0].id, actor="person:rolf")
        made.run(frozenset({"confirmed", "needs_attention"}), loop.id)
    return made.state(loop.id)


def history(size: int, loops: int, seed: int) -> dict[str, Any]:
    """CPU seconds of booking one event where the organizer's calendar holds ``size`` of ours, all still ahead."""
    del seed
    found: dict[str, list[Any]] = {"cpu": [], "seconds": []}
    people = [f"e{n}@bench.example" for n in range(POOL)]
    others = [f"o{n}@bench.example" for n in range(4 * POOL)]
    with TemporaryDirectory(prefix="loopwright-bench-") as folder:
        for address in [ORGANIZER, *people, *others]:
            create_calendar(Path(folder), address, address, scene.ZONE)
        _fill(Path(folder), (_intent(f"old-{n}/talk/0", others, n) for n in range(size)))
        local = LocalCalendar(Path(folder), clock=lambda: scene.NOW)
        for number in range(loops + POOL // 3):
            begun, spent = time.perf_counter(), time.process_time()
            local.book(ORGANIZER, _intent(f"new-{number}/talk/0", people, size + number))
            if number >= POOL // 3:  # everybody's calendar has been read by then
                found["cpu"].append(round(time.process_time() - spent, 4))
                found["seconds"].append(round(time.perf_counter() - begun, 4))
    return found


def rounds(size: int, loops: int, seed: int) -> dict[str, Any]:
    """CPU seconds of a round that follows replies, looks for conflicts and for orphans, where nothing is new and so
    many interviews are booked; the first round is not counted."""
    found: dict[str, list[Any]] = {"cpu": []}
    with TemporaryDirectory(prefix="loopwright-bench-") as folder:
        made = scene.make(Path(folder) / "scene", 60, seed)
        _booked(made, Path(folder) / "scene" / "calendars", size)
        for number in range(loops + 1):
            spent = time.process_time()
            replies.sync(made.app)
            conflicts.look(made.app, 7)
            assert not reconcile.orphans(made.app)
            if number:
                found["cpu"].append(round(time.process_time() - spent, 4))
        made.app.db.dispose()
    return found


def _intent(name: str, people: list[str], number: int) -> EventIntent:
    """The ``number``-th of many interviews, one after the other on the days ahead, eight at a time."""
    start = scene.NOW + timedelta(days=1 + number // 64, hours=2 + number // 8 % 8)
    who = [people[(number * 3 + n) % len(people)] for n in range(3)]
    attendees = tuple(Attendee(address, address, Role.REQUIRED) for address in who)
    end = start + timedelta(minutes=45)
    return EventIntent(f"bench/{name}", "Interview", start, end, scene.ZONE, attendees, _TEXT)


def _fill(folder: Path, intents: Iterator[EventIntent]) -> None:
    """Everybody's files as they are when all this was booked, delivered and accepted."""
    texts: dict[str, list[str]] = {}
    for intent in intents:
        guests = [events.invited(attendee, ORGANIZER) for attendee in intent.attendees]
        there = tuple(replace(g, reply=Reply.ACCEPTED, status=events.DELIVERED) for g in guests)
        stored = events.intended(intent, ORGANIZER, there)
        stored = replace(stored, sent=stored.times)
        texts.setdefault(ORGANIZER, []).append(events.render(stored, scene.NOW))
        for guest in guests:
            copy = events.render(stored, scene.NOW, copy_for=guest.address)
            texts.setdefault(guest.address, []).append(copy)
    for address, some in texts.items():
        path = folder / f"{address}.ics"
        text = path.read_bytes().decode()
        path.write_bytes(text.replace("END:VCALENDAR", "".join(some) + "END:VCALENDAR").encode())


def _booked(made: scene.Scene, calendars: Path, size: int) -> None:
    """So many interviews in the tables and in the calendars, as if all had been booked."""
    template = next(t for t in made.company.templates if t.id == "short")
    people = [p.account.address for p in made.company.people if p.id.startswith("e")]
    ids = {p.account.address: p.id for p in made.company.people}
    intents = [_intent(f"l{n // _INTERVIEWS}/i{n % _INTERVIEWS}/0", people, n) for n in range(size)]
    _fill(calendars, iter(intents))
    with made.app.db.write() as tx:
        for number in range(0, size, _INTERVIEWS):
            some, name = intents[number : number + _INTERVIEWS], f"l{number // _INTERVIEWS}"
            candidate = Candidate(name, f"{name}@example.org", "Europe/Lisbon")
            tx.applications.put(Application(f"a-{name}", candidate, "Engineer", "hana", "rolf"))
            around = Span(min(i.start for i in some), max(i.end for i in some))
            before = scene.NOW - timedelta(days=1)
            loop = Loop(
                name, f"a-{name}", template, LoopState.CONFIRMED, BookMode.BOOK, scene.ZONE, "berlin",
                around, (around,), "1", before, before, generation=1,
            )  # fmt: skip
            tx.loops.add(loop, "bench", "bench")
            tx.interviews.put_all([_interview(name, intent, ids) for intent in some])


def _interview(loop: str, intent: EventIntent, ids: dict[str, str]) -> Interview:
    seats = tuple(
        Seat(ids[a.address], SeatKind.LEAD, SeatState.ACCEPTED, n) for n, a in enumerate(intent.attendees)
    )
    return Interview(
        intent.key, loop, intent.key.split("/")[2], "Interview", InterviewKind.INTERVIEW, Modality.VIDEO,
        Span(intent.start, intent.end), None, seats, InterviewState.CONFIRMED, 0, ORGANIZER, event_id(intent.key),
    )  # fmt: skip
