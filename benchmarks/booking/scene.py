"""A company whose pools are as large as asked for, its calendars full as those of real people, made anew.

It is loaded into whatever build of the product comes first on the path, and uses only what every build has.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.local.calendar import LocalCalendar
from connectors.local.folder import Entry, Show, add_entries, create_calendar
from connectors.mail import LocalMessenger
from connectors.types import RoomInfo
from scheduler.domain.company import Company
from scheduler.domain.people import Mode
from scheduler.services.app import App
from scheduler.services.company.read import read_company
from scheduler.services.solving import Solver
from scheduler.storage.database import Database, Tx
from scheduler.workers.tasks import tasks

NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
"""A Monday morning; three weeks before Europe's clocks change."""

ZONE = "Europe/Berlin"
DAYS = 14
"""Days that have meetings."""

_MEETINGS = (30, 30, 30, 60, 60, 90)
FULL = 0.5
"""The share of a working day that meetings take; calendars of senior people are about that full."""

FREE = 0.2
"""Of people with few meetings: so many plans are as good as the best that a search which cannot tell ends by its limit."""

FULL_ROOM = 0.3


@dataclass
class Waiting:
    """Jobs as a list, urgent or not, run by `Scene.run`."""

    jobs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def enqueue(
        self, _: Tx, name: str, payload: Mapping[str, Any], *, key: str | None = None, **_how: Any
    ) -> None:
        """In the order of asking; delays pass at once."""
        if key is None or key not in self.keys:
            self.keys.add(key or "")
            self.jobs.append((name, dict(payload)))


@dataclass
class Scene:
    app: App
    waiting: Waiting
    company: Company

    def run(self, until: frozenset[str] | None = None, loop: str = "") -> None:
        """Run jobs until none waits, or the loop has got to one of these states."""
        table = tasks(self.app)
        while self.waiting.jobs:
            name, payload = self.waiting.jobs.pop(0)
            table[name](payload)
            if until and self.state(loop) in until:
                return

    def state(self, loop: str) -> str:
        """The loop's state in the tables."""
        with self.app.db.read() as tx:
            found = tx.loops.get(loop)
        assert found is not None
        return str(found.state.value)


def text(pool: int, others: int = 0) -> str:
    """The company file: so many engineers, as many who may hold the design session and raise the bar, and so many
    ``others`` that no loop asks for, in pools of fifty."""
    ids = [f"e{n}" for n in range(pool)]
    rest = [f"o{n}" for n in range(others)]
    people = [
        f"  - {{id: {i}, name: Person {i}, email: {i}@bench.example}}" for i in ["hana", "rolf", *ids, *rest]
    ]
    trainees, engineers = ids[: pool // 5], ids[pool // 5 :]
    who = {
        "engineers": engineers,
        "seniors": engineers[: max(3, pool // 10)],
        "raisers": engineers[-max(3, pool // 30) :],
    }
    pools = [
        f"  - {{id: {name}, name: {name}, qualified: [{', '.join(some)}], trainee: [{', '.join(trainees)}]}}"
        for name, some in who.items()
    ]
    pools += [
        f"  - {{id: others-{n}, name: Others {n}, qualified: [{', '.join(rest[n : n + 50])}]}}"
        for n in range(0, others, 50)
    ]
    rooms = [
        f"  - {{id: room-{n}, name: Room {n}, site: berlin, capacity: 8, "
        f"calendar: room-{n}@bench.example, features: [whiteboard, accessible, video]}}"
        for n in range(6)
    ]
    mapped = "pools: {engineers: engineers, senior-engineers: seniors, bar-raisers: raisers}"
    return "\n".join(
        [
            "company: {name: Bench, organizer: interviews@bench.example}",
            "defaults: {site: berlin, hours: mon-fri 09:00-17:00, max_day: 3, max_week: 8}",
            f"sites: [{{id: berlin, name: Berlin, zone: {ZONE}, hours: mon-fri 08:00-19:00}}]",
            "people:",
            *people,
            "pools:",
            *pools,
            "rooms:",
            *rooms,
            "templates:",
            f"  - {{use: onsite-loop, buffer: 15, {mapped}}}",
            f"  - {{use: onsite-loop, id: one-day, max_days: 1, buffer: 15, {mapped}}}",
            "  - id: short",
            "    title: Short",
            "    interviews:",
            "      - {id: screen, title: Screen, minutes: 45, modality: video, seats: [{pools: [engineers]}]}",
            "      - {id: talk, title: Talk, minutes: 30, modality: video, seats: [{role: hiring_manager}]}",
            "policy: {undo_minutes: 0}",
        ]
    )


def make(folder: Path, pool: int, seed: int, url: str = "", others: int = 0, full: float = FULL) -> Scene:
    """The company with its calendars in an empty folder, in the database at ``url`` or a file there. The ``others``
    have no calendar: nobody may look for one. ``full`` is the share of a working day that meetings take."""
    company = read_company(text(pool, others), "yaml", "bench.yaml")
    calendars, outbox = folder / "calendars", folder / "outbox"
    calendars.mkdir(parents=True)
    outbox.mkdir()
    create_calendar(calendars, company.organizer.address, company.name, "UTC")
    draw = random.Random(seed)
    for person in (p for p in company.people if not p.id.startswith("o")):
        create_calendar(calendars, person.account.address, person.name, ZONE)
        add_entries(calendars, person.account.address, meetings(draw, full))
    for room in company.rooms:
        info = RoomInfo(room.account.address, room.name, room.capacity, room.site, tuple(room.features))
        create_calendar(calendars, room.account.address, room.name, ZONE, info)
        add_entries(calendars, room.account.address, meetings(draw, FULL_ROOM))
    db = Database(url or f"sqlite:///{folder / 'bench.sqlite3'}")
    db.migrate()
    local = LocalCalendar(calendars, clock=lambda: NOW)
    waiting = Waiting()
    sender = company.organizer.address
    app = App(
        db=db,
        calendars={("local", mode): local for mode in Mode},
        messenger=LocalMessenger(outbox, sender=sender, sender_name=company.name),
        solver=Solver(),
        jobs=waiting,
        clock=lambda: NOW,
        deployment="bench",
    )
    with db.write() as tx:
        tx.company.replace(company, NOW)
    return Scene(app, waiting, company)


def meetings(draw: random.Random, full: float, monday: datetime = NOW) -> list[Entry]:
    """Meetings of one person's working days from a Monday on, or in one room, that take this share of them."""
    out = []
    for day in range(DAYS):
        first = datetime(monday.year, monday.month, monday.day, 9, tzinfo=ZoneInfo(ZONE)) + timedelta(day)
        at = first
        while first.weekday() < 5 and at < first + timedelta(hours=8):
            long = timedelta(minutes=draw.choice(_MEETINGS))
            if draw.random() < full:
                out.append(Entry("Meeting", at, at + long, Show.BUSY))
            at += long
    return out
