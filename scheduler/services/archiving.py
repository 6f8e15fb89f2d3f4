"""What is over leaves the places that are read at every booking: events, mails in the outbox, jobs that are done.

Told by `tests/scheduler/services/test_archiving.py`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from connectors.errors import ConnectorError
from scheduler.domain.bookings import LOOKED_BACK
from scheduler.domain.errors import BadInput
from scheduler.services.app import App

log = logging.getLogger("loopwright.archive")


@runtime_checkable
class Shelves(Protocol):
    """A calendar that keeps what is over elsewhere."""

    def archive(self, calendar: str, before: datetime) -> int:
        """Move what ended by ``before``; how many events that were. Raises a `ConnectorError`."""
        ...


@dataclass(slots=True)
class Archived:
    """How many of each kind were moved or let go of, and a line for each calendar that could not be."""

    events: int = 0
    others: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def archive(app: App, days: int) -> Archived:
    """Put away what has been over for ``days`` days, `LOOKED_BACK` at least. May be repeated. Raises `BadInput`."""
    if days < LOOKED_BACK:
        raise BadInput(
            "days", f"{days} is too few: the last days are still looked at", f"use {LOOKED_BACK} or more"
        )
    before = app.clock() - timedelta(days=days)
    done = Archived()
    with app.db.read() as tx:
        organizer = tx.company.organizer()
        addresses = {organizer.address, *tx.interviews.calendars(before - timedelta(days=366))}
    for address in sorted(addresses):
        try:
            calendar = app.calendar(replace(organizer, address=address))
            if isinstance(calendar, Shelves):
                done.events += calendar.archive(address, before)
        except ConnectorError as error:
            done.faults.append(f"{address}: {error}")
    for name, put_away in app.shelves.items():
        done.others[name] = put_away(before)
    for line in done.faults:
        log.warning("archive: %s", line)
    return done


def daily(app: App, days: int) -> None:
    """What is done without being asked; ``days`` 0: nothing. Without a company there is nothing yet."""
    with app.db.read() as tx:
        there = tx.company.loaded_at() is not None
    if days and there:
        archive(app, days)
