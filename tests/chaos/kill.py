"""`./dev chaos kill`: kill -9 at every point, on every bad day of the calendars, on both databases.

Each scenario: a worker is killed at its point, another one goes on, and every promise is asked. A scenario has a name
and may be run alone. Told by `tests/chaos/test_kill.py`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from scheduler.services.failpoints import NAMES
from tests.broken.variants import VARIANTS
from tests.chaos import promises, scene, worker
from tests.chaos.forks import KILLED, Forked, fork, know, share_solving
from tests.chaos.moods import FOREIGN, Mood, Services
from tests.chaos.moods import start as start_services
from tests.chaos.scene import Scene, Templates
from tests.postgres_server import running_postgres

DATABASES, ORGANIZERS = ("sqlite", "postgresql"), ("google", "outlook")
_LONG = 150.0
_MANY = 12
"""So many scenarios are worth a rehearsal."""
_BOOK = {"K5": (1, 2), "K6": (1, 2), "K7": (1, 2, 3), "K8": (1, 2), "K11": (1, 2)}
_CANCEL = {"C2": (1, 2), "C3": (1, 3), "C4": (1, 2)}
_FOLLOW = ("K5", "K6", "K7", "K8", "K9", "K10")
"""What a repair passes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``what`` is done when the worker passes ``point`` for the ``turn``-th time."""

    what: str
    point: str
    turn: int
    mood: Mood
    database: str
    organizer_on: str

    @property
    def name(self) -> str:
        return f"{self.what}-{self.point}-{self.turn}-{self.mood.replace(' ', '_')}-{self.database}-{self.organizer_on}"


def points() -> Iterator[tuple[str, str, int]]:
    """Every point that there is, in every flow that passes it."""
    for name in NAMES:
        if name[0] in "KB":
            yield from (("book", name, turn) for turn in _BOOK.get(name, (1,)))
        elif name[0] == "C":
            yield from (("cancel", name, turn) for turn in _CANCEL.get(name, (1,)))
        else:
            yield "offer", name, 1
    yield from (("follow", name, 1) for name in _FOLLOW)


def scenarios() -> list[Scenario]:
    return [
        Scenario(*point, mood, database, on)
        for point, mood, database, on in itertools.product(points(), Mood, DATABASES, ORGANIZERS)
    ]


@dataclass
class Outcome:
    scenario: Scenario
    broken: list[str] = field(default_factory=list)
    log: str = ""
    seconds: float = 0.0


def play(templates: Templates, scenario: Scenario) -> Outcome:
    """One scenario, from a fresh company to the promises. In a copy of the process: it waits for its own copies."""
    began = time.monotonic()
    services = start_services(scene.monday(templates.now))
    made = templates.copy(f"s{os.getpid()}", scenario.database, scenario.organizer_on, services)
    try:
        broken = _play(made, scenario, services)
        log = (made.folder / "log").read_text(errors="replace") if broken else ""
    finally:
        services.end()
        templates.remove(made)
    return Outcome(scenario, broken, log, time.monotonic() - began)


def _play(made: Scene, scenario: Scenario, services: Services) -> list[str]:
    log = made.folder / "log"

    def run(what: str, failpoint: str = "") -> int:
        environment = {"LOOPWRIGHT_FAILPOINT": failpoint}
        return fork(lambda: worker.work(made, what), log, environment).wait(_LONG)

    what = scenario.what
    if what in ("cancel", "follow") and run("book") != 0:
        return ["the loop was not booked to begin with"]
    if what == "follow":
        fork(lambda: _decline(made, services), log).wait(_LONG)
    services.ask("mood", scenario.mood)
    status = run(what, f"{scenario.point}:{scenario.turn}")
    if status != KILLED:
        return [f"{scenario.point} was not passed {scenario.turn} times: status {status}"]
    services.ask("mood", scenario.mood)
    if run(what) != 0:
        return ["it does not settle after the restart"]
    if scenario.mood is Mood.DUPLICATE:
        run("reconcile")
    return _asked(made, scenario, services)


def _decline(made: Scene, services: Services) -> int:
    """The one who leads the first interview declines in their own calendar."""
    runtime = made.runtime()
    with runtime.app.db.read() as tx:
        loop = tx.loops.list()[0]
        first = next(i for i in tx.interviews.of_loop(loop.id) if i.spec == "first")
    services.ask("decline", made.organizer_on, first.event_id, f"{first.seats[0].person}@testwerk.example")
    return 0


def _asked(made: Scene, scenario: Scenario, services: Services) -> list[str]:
    """Every promise, and that the loop ended as it was to."""
    seen = services.ask("seen", made.organizer_on)
    broken: list[str] = [f"stand-in: {problem}" for problem in services.ask("problems")]
    report = made.folder / "promises"
    acknowledged = made.folder / worker.ACKNOWLEDGED
    around = promises.Around(
        seen,
        made.now,
        outbox=made.folder / "outbox",
        acknowledged=acknowledged.read_text().split() if acknowledged.exists() else (),
        canaries=(FOREIGN, "token-1", "PRIVATE KEY"),
        logs=(made.folder / "log",),
    )
    wanted = "cancelled" if scenario.what == "cancel" else "confirmed"

    def ask() -> int:
        lines = promises.check(made.database, around)
        states = promises.states(made.database)
        if states != [wanted]:
            lines.append(f"the loops are {states} and not {wanted}")
        if wanted == "confirmed" and len(seen) != len(scene.SPECS):
            lines.append(f"{len(seen)} events are in the calendar and not {len(scene.SPECS)}")
        report.write_text("\n".join(lines))
        return 0

    if fork(ask, made.folder / "log").wait(_LONG) != 0:
        return [*broken, "the promises could not be asked"]
    return [*broken, *report.read_text().splitlines()]


def run(chosen: Sequence[Scenario], at_once: int, say: bool = True) -> list[Outcome]:
    """Play them, some at a time."""
    share_solving()
    postgres = running_postgres() if any(s.database == "postgresql" for s in chosen) else nullcontext()
    with tempfile.TemporaryDirectory(prefix="loopwright-chaos-") as name, postgres as server:
        folder = Path(name)
        templates = Templates(folder, server, scene.real_now())

        def make() -> int:
            templates.make()
            return 0

        if fork(make, folder / "making.log").wait(_LONG) != 0:
            raise SystemExit((folder / "making.log").read_text())
        if len(chosen) > _MANY:
            _rehearse(templates)
        return list(_all(templates, chosen, at_once, say))


def _rehearse(templates: Templates) -> None:
    """Book once on each service in front of nobody, and import here what was imported there."""
    for on in ORGANIZERS:
        services = start_services(scene.monday(templates.now))
        made = templates.copy(f"rehearsal_{on}", "sqlite", on, services)
        fork(lambda made=made: worker.work(made, "book"), made.folder / "log").wait(_LONG)
        know(made.folder / worker.MODULES)
        services.end()
        templates.remove(made)


def _all(templates: Templates, chosen: Sequence[Scenario], at_once: int, say: bool) -> Iterator[Outcome]:
    waiting, running, done = list(chosen), [], 0
    while waiting or running:
        while waiting and len(running) < at_once:
            scenario = waiting.pop(0)
            log = templates.folder / f"{scenario.name}.outcome"
            running.append((scenario, _begin(templates, scenario, log), time.monotonic()))
        for entry in [e for e in running if e[1].ended()]:
            running.remove(entry)
            scenario, forked, began = entry
            text = forked.log.read_text(errors="replace") if forked.log.exists() else ""
            status, done = forked.wait(0), done + 1
            broken, _, log_text = text.partition("\n--- log ---\n")
            outcome = Outcome(scenario, broken.splitlines(), log_text, time.monotonic() - began)
            if status not in (0, 1):
                outcome.broken.append(f"the scenario itself ended with {status}")
            if say:
                verdict = f"BROKEN {outcome.broken[0]}" if outcome.broken else "ok"
                print(
                    f"{done:>4}/{len(chosen)} {scenario.name:<58} {outcome.seconds:5.1f} s  {verdict}",
                    flush=True,
                )
            yield outcome
        time.sleep(0.02)


def _begin(templates: Templates, scenario: Scenario, log: Path) -> Forked:
    def one() -> int:
        outcome = play(templates, scenario)
        if outcome.broken:
            print("\n".join(outcome.broken), "--- log ---", outcome.log, sep="\n")
        return 1 if outcome.broken else 0

    return fork(one, log)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev chaos kill")
    parser.add_argument("word", nargs="*", help="only scenarios with all of these in their name")
    parser.add_argument("--seed", type=int, help="play them in another order, the same for the same number")
    parser.add_argument("--only", type=int, help="so many of them, the first of that order")
    parser.add_argument("--at-once", type=int, default=2 * (os.cpu_count() or 2), help="how many at a time")
    parser.add_argument(
        "--without", help="take this guard out first: is it noticed?", choices=[v.name for v in VARIANTS]
    )
    asked = parser.parse_args(arguments)
    chosen = [s for s in scenarios() if all(word in s.name for word in asked.word)]
    if asked.seed is not None:
        random.Random(asked.seed).shuffle(chosen)
    began = time.monotonic()
    taken_out = next((v.applied() for v in VARIANTS if v.name == asked.without), nullcontext())
    with taken_out:
        outcomes = run(chosen[: asked.only], asked.at_once)
    return report(outcomes, time.monotonic() - began)


def report(outcomes: Sequence[Outcome], seconds: float) -> int:
    """A table of flows and moods, and everything that was broken."""
    broken = [o for o in outcomes if o.broken]
    for outcome in broken:
        print(f"\n{outcome.scenario.name}", *outcome.broken, outcome.log[-3000:], sep="\n  ")
    counts = Counter((o.scenario.what, o.scenario.mood) for o in outcomes)
    bad = Counter((o.scenario.what, o.scenario.mood) for o in broken)
    flows = list(dict.fromkeys(o.scenario.what for o in outcomes))
    print(f"\n{'':<20}" + "".join(f"{flow:>16}" for flow in flows))
    for mood in Mood:
        cells = (
            f"{counts[f, mood]} ({bad[f, mood]} broken)" if bad[f, mood] else f"{counts[f, mood]}"
            for f in flows
        )
        print(f"{mood:<20}" + "".join(f"{cell:>16}" for cell in cells))
    print(f"{len(outcomes)} scenarios, {len(broken)} broken, {seconds:.0f} s")
    return 1 if broken or not outcomes else 0
