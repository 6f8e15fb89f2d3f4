"""`./dev chaos day`: one day of a company of ten thousand, on a clock that runs fast, and every promise every hour.

Three hundred candidates reach their stage; for almost a third of the loops somebody declines, is given something else,
moves an event, cancels or leaves the company, by the hand of another library. Told by `tests/chaos/test_day.py`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import icalendar

from connectors.errors import ConnectorError
from connectors.local.folder import answer
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import DomainError
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import conflicts, replies
from scheduler.services.asking import intake
from scheduler.services.booking import cancel, layout, reconcile
from scheduler.services.company.load import load
from scheduler.services.company.read import read_company
from scheduler.workers.tasks import tasks
from tests.chaos import promises
from tests.chaos.big_company import SMALL, WHOLE, Size, advance, next_week, text
from tests.chaos.promises import Around
from tests.chaos.seen import in_files
from tests.scheduler.kit import NOW, Kit, make

ORGANIZER = "interviews@grosswerk.example"
HOURS, STEP = 10, timedelta(minutes=10)
CHANGED = 0.3
"""The share of loops that something happens to once they are booked."""
CANARY = "Dentist, canary-88"


@dataclass
class Day:
    """The company, what is still to come, and what became of it."""

    size: Size
    seed: int
    folder: Path
    say: bool = False
    kit: Kit = field(init=False)
    left: set[str] = field(default_factory=set)
    happened: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.kit = make(self.folder / "company", text(self.size), NOW)
        self.coming = [n % self.size.departments for n in range(self.size.loops)]
        self.dice.shuffle(self.coming)

    def play(self) -> list[str]:
        """From seven in the morning until everything rests in the evening; what was broken."""
        steps = int(timedelta(hours=HOURS) / STEP)
        for step in range(steps):
            share = self.size.loops * (step + 1) // (steps - 12) - self.happened["asked"]
            for _ in range(min(share, self.size.loops - self.happened["asked"])):
                self._asked()
            self._work()
            self._changes()
            self.kit.clock.now += STEP
            reconcile.sweep(self.kit.app)
            replies.sync(self.kit.app)
            if step % 6 == 5:
                self._hour(step // 6 + 1)
        self._evening()
        return self.broken

    # --- what happens --------------------------------------------------------------------------

    def _asked(self) -> None:
        """The hiring system tells of a candidate, and of one in five a second time."""
        number = self.happened["asked"]
        body = advance(number, self.coming[number], self.dice.sample(next_week(NOW), 2))
        for _ in range(1 + (self.dice.random() < 0.2)):
            intake.receive(self.kit.app, f"delivery-{number}", body)
        self.happened["asked"] += 1

    def _changes(self) -> None:
        """To loops that are booked, so many that in the end it is the share."""
        with self.kit.app.db.read() as tx:
            booked = [loop.id for loop in tx.loops.list(states={LoopState.CONFIRMED}, limit=1000)]
        for loop in booked:
            if (
                len(self.changed) < CHANGED * self.size.loops
                and loop not in self.changed
                and self.dice.random() < 0.2
            ):
                self.changed.add(loop)
                kinds = [self._decline, self._meeting, self._move, self._cancel, self._leave]
                change: Callable[[str], None] = self.dice.choices(kinds, (35, 30, 20, 12, 3))[0]
                change(loop)
                self.happened[change.__name__.strip("_")] += 1

    def _interview(self, loop: str) -> Interview:
        with self.kit.app.db.read() as tx:
            return self.dice.choice(tx.interviews.of_loop(loop))

    def _decline(self, loop: str) -> None:
        interview = self._interview(loop)
        person = self.dice.choice(interview.seats).person
        with suppress(ConnectorError):
            answer(self.kit.folder, _address(person), layout.event_key("test", interview), Reply.DECLINED)

    def _meeting(self, loop: str) -> None:
        interview = self._interview(loop)
        event = icalendar.Event()
        event.add("uid", str(uuid5(NAMESPACE_URL, f"{self.seed}/{len(self.changed)}")))
        event.add("summary", CANARY)
        event.add("dtstamp", self.kit.clock())
        event.add("dtstart", interview.span.start)
        event.add("dtend", interview.span.end)
        self._edit(_address(self.dice.choice(interview.seats).person), lambda c: c.add_component(event))

    def _move(self, loop: str) -> None:
        interview, by = self._interview(loop), timedelta(minutes=self.dice.choice([-30, 30, 60]))

        def moved(calendar: icalendar.Calendar) -> None:
            for event in calendar.walk("VEVENT"):
                if str(event["UID"]).partition("@")[0] == interview.event_id:
                    event["DTSTART"].dt += by
                    event["DTEND"].dt += by

        self._edit(ORGANIZER, moved)

    def _cancel(self, loop: str) -> None:
        with suppress(DomainError):
            cancel.cancel(self.kit.app, loop, "person:p0", "the position is filled")

    def _leave(self, loop: str) -> None:
        """Who leads one of its interviews leaves the company."""
        interview = self._interview(loop)
        if interview.spec == "debrief":
            return
        self.left.add(interview.seats[0].person)
        company = read_company(text(self.size, frozenset(self.left)), "yaml", "company.yaml")
        with self.kit.app.db.write() as tx:
            load(self.kit.app, tx, company)

    def _edit(self, address: str, change: Callable[[icalendar.Calendar], object]) -> None:
        path = self.kit.folder / f"{address}.ics"
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        change(calendar)
        path.write_bytes(calendar.to_ical())

    # --- what the worker does ------------------------------------------------------------------

    def _work(self) -> None:
        table, waiting = tasks(self.kit.app), self.kit.jobs.waiting
        while waiting:
            name, payload, _ = waiting.pop(0)
            if table[name](payload) is not None:
                waiting.append((name, payload, 0.0))

    def _hour(self, number: int) -> None:
        """What a worker looks for by itself, and then every promise."""
        conflicts.look(self.kit.app, 14)
        self._work()
        found = self._asked_of(settled=False)
        self.broken += [f"hour {number}: {line}" for line in found]
        if self.say:
            print(f"{self.kit.clock():%H:%M} {self._states()}, {len(found)} promises broken", flush=True)

    def _evening(self) -> None:
        for _ in range(5):
            conflicts.look(self.kit.app, 14)
            replies.sync(self.kit.app)
            self._work()
            self.kit.clock.now += STEP
            reconcile.sweep(self.kit.app)
        self._work()
        self.happened["orphans"] += len(reconcile.orphans(self.kit.app))
        self.broken += [f"evening: {line}" for line in self._asked_of(settled=True)]
        self.broken += self._conflicts()

    def _asked_of(self, settled: bool) -> list[str]:
        around = Around(
            in_files(self.kit.folder, ORGANIZER),
            self.kit.clock(),
            outbox=self.folder / "company" / "outbox",
            canaries=(CANARY,),
            settled=settled,
        )
        return promises.check(f"sqlite:///{self.folder / 'company' / 'loopwright.sqlite3'}", around)

    def _conflicts(self) -> list[str]:
        """I16: nobody is in a confirmed interview at the time of a meeting that came into their calendar."""
        found = []
        with self.kit.app.db.read() as tx:
            loops = tx.loops.list(states={LoopState.CONFIRMED}, limit=1000)
            booked = [i for loop in loops for i in tx.interviews.of_loop(loop.id)]
        meetings: dict[str, list[tuple[datetime, datetime]]] = {}
        for interview in booked:
            for person in {s.person for s in interview.seats if s.required}:
                for start, end in meetings.setdefault(person, self._meetings(person)):
                    if start < interview.span.end and interview.span.start < end:
                        found.append(f"evening: I16 {person} is in {interview.id} and somewhere else")
        return found

    def _meetings(self, person: str) -> list[tuple[datetime, datetime]]:
        calendar = icalendar.Calendar.from_ical((self.kit.folder / f"{_address(person)}.ics").read_bytes())
        return [
            (e["DTSTART"].dt, e["DTEND"].dt) for e in calendar.walk("VEVENT") if e.get("SUMMARY") == CANARY
        ]

    def _states(self) -> str:
        with self.kit.app.db.read() as tx:
            counts = Counter(loop.state.value for loop in tx.loops.list(limit=1000))
        return ", ".join(f"{n} {state}" for state, n in sorted(counts.items()))

    def summary(self) -> str:
        return f"{dict(self.happened)}; {self._states()}"


def _address(person: str) -> str:
    return f"{person}@grosswerk.example"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev chaos day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a company of a hundred, six loops")
    asked = parser.parse_args(arguments)
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="loopwright-day-"))
    try:
        day = Day(SMALL if asked.small else WHOLE, asked.seed, folder, say=True)
        broken = day.play()
        print(*broken, day.summary(), sep="\n")
        print(f"seed {asked.seed}: {len(broken)} promises broken, {time.monotonic() - began:.0f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if broken else 0
