"""A fresh process in which many threads ask for everything that is shared, all at once and for the first time:
``python -m tests.scheduler.sharing FOLDER SEED``. It prints what differs from one thread's answers.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

THREADS = 12
COUNTRIES = ("DE", "US", "GB", "IN", "JP", "BR", "IL", "CH", "ES", "AU")


def questions(folder: Path) -> dict[str, Callable[[], Any]]:
    """Every cache and every shared object by a name, with something to ask it that tells the same each time."""
    from connectors import vtimezone, zones
    from connectors.google.service import _described
    from connectors.local.calendar import LocalCalendar
    from connectors.local.identity import _id
    from connectors.types import Window
    from scheduler import config, wiring
    from scheduler.domain import time
    from scheduler.services import public_holidays
    from scheduler.services.company.templates import library
    from scheduler.storage import codec
    from scheduler.workers.engine import Queue

    some = sorted(available_timezones())[::40]
    window = Window(datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC))
    calendars = LocalCalendar(folder / "calendars", clock=lambda: window.start)
    people = sorted(p.stem for p in (folder / "calendars").glob("*.ics"))
    made = wiring.build(config.load(data=folder))
    queue = Queue(made.queue.url)

    def ids() -> list[str]:
        with made.app.db.read() as tx:
            return [p.id for p in tx.people.list()]

    asked: dict[str, Callable[[], Any]] = {
        "zones": lambda: [
            str(zones.zone(name).utcoffset(window.start.replace(tzinfo=None))) for name in some
        ],
        "one object of a zone": lambda: [id(time.zone(n)) for n in some],
        "one object of a zone in calendars": lambda: [id(zones.zone(n)) for n in some],
        "windows names": lambda: str(zones.named("w. europe standard time")),
        "rules of zones": lambda: [vtimezone.vtimezone(name) for name in some[:4]],
        "google": lambda: sorted(m for m in dir(_described("calendar", "v3", None).events()) if m[0] != "_"),
        "identity": lambda: [_id(f"key-{n}") for n in range(50)],
        "templates": lambda: sorted(library.built_in_templates()),
        "codec": lambda: repr(codec.decode(tuple[frozenset[str], ...], [["a"], ["b"]])),
        "calendar files": lambda: repr(sorted(calendars.availability(people, window).items())),
        "database": ids,
        "one client of the jobs": lambda: id(queue.client),
        "zones of owners": lambda: wiring.OwnerZones(made.app.db)(people[0]),
    }
    for country in COUNTRIES:
        asked[f"holidays of {country}"] = lambda c=country: sorted(  # type: ignore[misc]
            (str(day), found.names)
            for year in (2025, 2026, 2027)
            for day, found in public_holidays.days(c, frozenset(), frozenset(), year).items()
        )
    return asked


def main(folder: Path, seed: int) -> None:
    sys.setswitchinterval(1e-5)
    asked = questions(folder)
    together = threading.Barrier(THREADS)

    def ask(number: int) -> dict[str, Any]:
        order = list(asked)
        random.Random(f"{seed}/{number}").shuffle(order)
        together.wait()
        return {name: asked[name]() for name in order}

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(THREADS)))
    alone = {name: call() for name, call in asked.items()}
    for number, answer in enumerate(answers):
        for name, found in answer.items():
            if found != alone[name]:
                print(
                    f"{name}: thread {number} was told {str(found)[:200]}, alone it is {str(alone[name])[:200]}"
                )
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
