"""Whatever people do in whatever order, and wherever the process ends in it, every promise holds.

`./dev chaos machine` plays long games of it. Told by `tests/chaos/test_machine.py`, which plays short ones.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import icalendar
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as play

from connectors.errors import Transient
from connectors.local.calendar import LocalCalendar
from connectors.local.folder import Entry, add_entries, answer
from connectors.mail import LocalMessenger
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import DomainError
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.people import Mode
from scheduler.services import failpoints
from scheduler.services.afterwards import conflicts, replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel, choose, layout, reconcile
from scheduler.services.company.load import load
from scheduler.services.company.read import read_company
from scheduler.storage.database import Database
from scheduler.workers.tasks import tasks
from tests.broken.variants import VARIANTS
from tests.chaos import promises
from tests.chaos.promises import Around
from tests.chaos.seen import in_files
from tests.scheduler.kit import COMPANY, ListJobs, make
from tests.stories.kit import DAYS

ORGANIZER = "interviews@testwerk.example"
_MAY_LEAVE = ("anna", "ben", "cleo", "dirk", "emma", "elm")
_MOST_LOOPS = 4
_SEVERAL = ("K5", "K6", "K7", "K8", "K11", "C2", "C3", "C4")
"""Points that are passed once for each event or mail."""
_ROUNDS = 40


class Killed(BaseException):
    """The process ended here."""


def _memory() -> str | None:
    """A folder that lies in memory, where there is one: nothing here needs a disk to have what was written."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _kill(*_: int) -> None:
    raise Killed


class Company(RuleBasedStateMachine):
    """A company, its people, and a worker that may be killed at any point."""

    numbers, templates = st.integers(0, 5), st.sampled_from(["short", "onsite"])

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="loopwright-machine-", dir=_memory()))
        self.kit = make(self.folder / "company")
        self.asked = itertools.count(1)
        self.acknowledged: list[str] = []
        self.gone: set[str] = set()
        self.environment = {"LOOPWRIGHT_FAILPOINT": ""}
        self.whole = failpoints.os
        failpoints.os = SimpleNamespace(environ=self.environment, kill=_kill, getpid=lambda: 0)  # type: ignore[assignment]
        self.request("short", BookMode.BOOK, False)
        self._do(lambda: self._work(8))

    # --- what people do ------------------------------------------------------------------------

    @precondition(lambda self: len(self.acknowledged) < _MOST_LOOPS)
    @rule(template=templates, mode=st.sampled_from(BookMode), same=st.booleans())
    def request(self, template: str, mode: BookMode, same: bool) -> None:
        number = 1 if same else next(self.asked)
        candidate = Candidate(f"C{number}", f"c{number}@example.org", "Europe/Lisbon")
        application = Application(f"app-{number}", candidate, "Engineer", "hana", "rolf")
        wanted = LoopRequest(
            application, template, DAYS, "Europe/Berlin", mode, stage_visit=f"visit-{template}"
        )

        def ask() -> None:
            self.acknowledged.append(requests.ask(self.kit.app, wanted, "person:rolf").id)

        self._do(ask)

    @rule(which=numbers, plan=numbers)
    def choose(self, which: int, plan: int) -> None:
        loop = self._pick(which, {LoopState.PROPOSED, LoopState.NEEDS_ATTENTION})
        if loop is None:
            return
        with self.kit.app.db.read() as tx:
            offers = tx.proposals.of_loop(loop.id)
        if offers:
            self._do(lambda: choose.choose(self.kit.app, offers[plan % len(offers)].id, "person:rolf"))

    @rule(
        which=numbers,
        interview=numbers,
        person=numbers,
        reply=st.sampled_from([Reply.DECLINED, Reply.ACCEPTED]),
    )
    def reply(self, which: int, interview: int, person: int, reply: Reply) -> None:
        """Somebody who is invited declines or accepts, in their own calendar."""
        found = self._booked(which, interview)
        if found is None:
            return
        who = found.seats[person % len(found.seats)].person
        with suppress(Exception):  # who is not in the file any more has nothing to answer
            answer(self.kit.folder, f"{who}@testwerk.example", layout.event_key("test", found), reply)
        self._do(lambda: replies.sync(self.kit.app))

    @rule(which=numbers, interview=numbers, minutes=st.sampled_from([-60, 30, 60]))
    def move(self, which: int, interview: int, minutes: int) -> None:
        """Somebody moves one of our events with a program of their own."""
        found = self._booked(which, interview)
        if found is None:
            return
        path, by = self.kit.folder / f"{ORGANIZER}.ics", timedelta(minutes=minutes)
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        for event in calendar.walk("VEVENT"):
            if str(event["UID"]).partition("@")[0] == found.event_id:
                event["DTSTART"].dt += by
                event["DTEND"].dt += by
        path.write_bytes(calendar.to_ical())
        self._do(lambda: replies.sync(self.kit.app))

    @rule(which=numbers, interview=numbers, person=numbers)
    def meet(self, which: int, interview: int, person: int) -> None:
        """Somebody who is booked is given something else at that time."""
        found = self._booked(which, interview)
        if found is None:
            return
        who = found.seats[person % len(found.seats)].person
        entry = Entry("Dentist", found.span.start, found.span.end)
        add_entries(self.kit.folder, f"{who}@testwerk.example", [entry])
        self._do(lambda: conflicts.look(self.kit.app, 7))

    @rule(which=numbers)
    def cancel(self, which: int) -> None:
        loop = self._pick(which, set(LoopState) - {LoopState.COMPLETED})
        if loop is not None:
            self._do(lambda: cancel.cancel(self.kit.app, loop.id, "person:rolf"))

    @precondition(lambda self: len(self.gone) < 3)
    @rule(who=st.sampled_from(_MAY_LEAVE))
    def leave(self, who: str) -> None:
        """Somebody leaves the company, or a room is out of use."""
        self.gone.add(who)
        text = COMPANY.read_text(encoding="utf-8")
        for id in self.gone:
            text = text.replace(f"{{id: {id}, ", f"{{id: {id}, active: false, ")
        self.kit.clock.forward(seconds=1)

        def loaded() -> None:
            with self.kit.app.db.write() as tx:
                load(self.kit.app, tx, read_company(text, "yaml", "company.yaml"))

        self._do(loaded)

    # --- what the worker does ------------------------------------------------------------------

    @rule(jobs=st.integers(1, 6))
    def work(self, jobs: int) -> None:
        self._do(lambda: self._work(jobs))

    @rule(minutes=st.sampled_from([1, 20, 45]))
    def time_passes(self, minutes: int) -> None:
        self.kit.clock.forward(minutes=minutes)
        self._do(lambda: reconcile.sweep(self.kit.app))

    @rule(point=st.sampled_from(failpoints.NAMES), turn=st.integers(1, 3), which=numbers, template=templates)
    def crash(self, point: str, turn: int, which: int, template: str) -> None:
        """Something is asked for that passes the point, and whoever works on it dies there; at the latest the
        process ends once all that waits is done."""
        failpoints._passed.clear()
        self.environment["LOOPWRIGHT_FAILPOINT"] = f"{point}:{turn if point in _SEVERAL else 1}"
        if point.startswith("C"):
            self.cancel(which)
        elif len(self.acknowledged) < _MOST_LOOPS:
            self.request(template, BookMode.BOOK, False)
        self._do(lambda: self._work(8))
        self._restart()

    def _do(self, act: Callable[[], object]) -> None:
        """Do it. What the product refuses in words is an answer; the process may be killed in it."""
        try:
            act()
        except (DomainError, Transient):
            return
        except Killed:
            self._restart()

    def _work(self, limit: int) -> None:
        table = tasks(self.kit.app)
        for _ in range(limit):
            if not self.kit.jobs.waiting:
                return
            name, payload, _ = self.kit.jobs.waiting.pop(0)
            wait = table[name](payload)
            if wait is not None:
                self.kit.clock.forward(seconds=wait)
                self.kit.jobs.waiting.append((name, payload, 0.0))

    def _restart(self) -> None:
        """Everything in memory is gone, queued jobs too; tables and files are what they were."""
        self.environment["LOOPWRIGHT_FAILPOINT"] = ""
        app = self.kit.app
        app.db.dispose()
        local = LocalCalendar(self.kit.folder, clock=self.kit.clock)
        self.kit.calendar, self.kit.jobs = local, ListJobs()
        self.kit.app = replace(
            app,
            db=Database(self._url),
            calendars=dict.fromkeys([("local", Mode.TYPED), ("local", Mode.FREE_BUSY)], local),
            messenger=LocalMessenger(
                self.folder / "company" / "outbox", sender=ORGANIZER, sender_name="Testwerk"
            ),
            jobs=self.kit.jobs,
        )

    # --- looking -------------------------------------------------------------------------------

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.folder / 'company' / 'loopwright.sqlite3'}"

    def _pick(self, which: int, states: set[LoopState]) -> Loop | None:
        with self.kit.app.db.read() as tx:
            known = {loop.id: loop for loop in tx.loops.list(limit=100)}
        # in the order in which they were asked for: ids are drawn, and a game must be the same when played again
        found = [known[id] for id in dict.fromkeys(self.acknowledged) if known[id].state in states]
        return found[which % len(found)] if found else None

    def _booked(self, which: int, interview: int) -> Interview | None:
        """One of the interviews that stand in the calendar."""
        loop = self._pick(which, {LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION, LoopState.BOOKING})
        if loop is None:
            return None
        with self.kit.app.db.read() as tx:
            found = sorted((i for i in tx.interviews.of_loop(loop.id) if i.event_id), key=lambda i: i.spec)
        return found[interview % len(found)] if found else None

    def _broken(self, settled: bool) -> list[str]:
        around = Around(
            in_files(self.kit.folder, ORGANIZER),
            self.kit.clock(),
            outbox=self.folder / "company" / "outbox",
            acknowledged=self.acknowledged,
            canaries=("Dentist",),
            settled=settled,
        )
        return promises.check(self._url, around)

    def _hold(self, settled: bool) -> None:
        broken = self._broken(settled)
        assert not broken, "\n".join(broken)

    @invariant()
    def every_promise_holds(self) -> None:
        if hasattr(self, "kit"):
            self._hold(settled=False)

    def teardown(self) -> None:
        """In the end everything comes to rest, and every promise of that holds as well."""
        if not hasattr(self, "kit"):
            return
        try:
            self._settle()
            self._hold(settled=True)
        finally:
            failpoints.os = self.whole
            self.kit.app.db.dispose()
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        self.environment["LOOPWRIGHT_FAILPOINT"] = ""
        for _ in range(_ROUNDS):
            self._do(lambda: self._work(50))
            self.kit.clock.forward(minutes=2)
            reconcile.sweep(self.kit.app)
            with self.kit.app.db.read() as tx:
                states = [loop.state.value for loop in tx.loops.list(limit=100)]
                due = tx.ledger.due(self.kit.clock() + timedelta(days=99))
            if not self.kit.jobs.waiting and not due and set(states) <= set(promises.RESTING):
                return
        raise AssertionError(f"it never rests: {states} {due[:2]} {self.kit.jobs.waiting}")


def games(count: int, steps: int, number: int | None = None, **more: Any) -> None:
    """Play so many games of up to so many steps; with a ``number`` the same ones for the same. Raises
    `AssertionError` for a promise that is broken."""
    how: Any = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    machine: Any = Company if number is None else seed(number)(Company)
    play(machine, settings=how)  # type: ignore[no-untyped-call]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev chaos machine")
    parser.add_argument("--games", type=int, default=300)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, help="the same games for the same number; without one, new ones")
    parser.add_argument(
        "--without", help="take this guard out first: is it noticed?", choices=[v.name for v in VARIANTS]
    )
    asked = parser.parse_args(arguments)
    taken_out = next((v.applied() for v in VARIANTS if v.name == asked.without), nullcontext())
    began = time.monotonic()
    with taken_out:
        games(asked.games, asked.steps, asked.seed, print_blob=True)
    print(
        f"{asked.games} games of up to {asked.steps} steps: no promise broken, {time.monotonic() - began:.0f} s"
    )
    return 0
