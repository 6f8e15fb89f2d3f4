"""More for the console of the demo: some weeks of load, plans to choose from, a superday.

All of it is asked for as anybody would ask, once: asked again, nothing more is made.

Told by `tests/stories/test_demo_more.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from scheduler.domain.loops import Application, BookMode, Candidate, Loop
from scheduler.domain.proposals import BatchState
from scheduler.domain.subjects import Subject
from scheduler.services.app import App
from scheduler.services.asking import batches, requests
from scheduler.services.asking.batches import BatchRequest
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.planning.worktime import closed
from scheduler.storage.database import Tx

ACTOR, ZONE = str(Subject.person("aisha")), "Europe/Berlin"
TEMPLATE = "quick-45"
SUPERDAY = 38
"""Days from the first Monday on: Thursday of the sixth week, where nothing else is booked, or the next day that is open."""
_BOOKED = (("Nele Brandt", 2), ("Yusuf Kaya", 2), ("Milan Horvat", 3), ("Ivo Petrov", 4))
"""Each with the week, from the first on, in which they can."""
_PROPOSED = ("Amelie Roth", 1)
_TOGETHER = ("Ben Achterberg", "Carmen Ruiz", "Elias Lund", "Fatou Diop")


def ask(app: App, first_monday: date) -> None:
    """Ask for all of it, in one transaction; what is there already is left as it is."""
    with app.db.write() as tx:
        for name, week in _BOOKED:
            _loop(app, tx, name, _week(first_monday, week), BookMode.BOOK)
        name, week = _PROPOSED
        _loop(app, tx, name, _week(first_monday, week), BookMode.PROPOSE)
        if not tx.batches.list(set(BatchState)):
            site = next(s for s in tx.sites.list() if s.zone == ZONE)
            days = (first_monday + timedelta(days=SUPERDAY + n) for n in range(14))
            day = next(d for d in days if d.weekday() < 5 and not closed(site, d))
            _superday(app, tx, [_loop(app, tx, name, [day], BookMode.PROPOSE) for name in _TOGETHER], day)


def _week(first_monday: date, number: int) -> list[date]:
    return [first_monday + timedelta(days=7 * number + n) for n in range(5)]


def _loop(app: App, tx: Tx, name: str, days: Sequence[date], mode: BookMode) -> Loop:
    slug = name.lower().replace(" ", "-")
    application = Application(
        f"app-{slug}", Candidate(name, f"{slug}@mail.example", ZONE), "Backend Engineer", "jonas", "aisha"
    )
    wanted = LoopRequest(
        application,
        TEMPLATE,
        [_hours(day) for day in days],
        ZONE,
        mode,
        stage_visit=f"{application.id}:talk:1",
    )
    return requests.ask_in(app, tx, wanted, ACTOR, "demo")


def _superday(app: App, tx: Tx, loops: Sequence[Loop], day: date) -> None:
    wanted = BatchRequest(_hours(day), ZONE, [loop.id for loop in loops], seconds=10)
    batches.ask_in(app, tx, wanted, ACTOR)


def _hours(day: date) -> tuple[str, str]:
    first, last = (
        datetime.combine(day, clock).isoformat(timespec="minutes") for clock in (time(9), time(18))
    )
    return first, last
