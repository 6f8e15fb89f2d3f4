"""The interviews of some days, as they are looked at in the morning.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler.domain.bookings import Interview, Seat, SeatState
from scheduler.domain.finding import InterviewsWanted
from scheduler.domain.loops import Application
from scheduler.domain.time import Span
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Meeting:
    """One interview; ``seats`` are those of people who are still meant to come, each with a name."""

    interview: Interview
    application: Application
    seats: tuple[tuple[Seat, str], ...]
    place: str
    """The room's name, or empty."""


def meetings(tx: Tx, window: Span, limit: int, owner: str | None = None) -> tuple[list[Meeting], bool]:
    """The first ``limit`` live interviews across ``window`` by start, and whether there are more. ``owner`` asks for
    those of one person's loops."""
    found = tx.found_interviews.page(InterviewsWanted(window=window, owner=owner), limit + 1)
    shown = sorted(found[:limit], key=lambda i: (i.span.start, i.id))
    applications = tx.overview.applications_of([i.loop for i in shown])
    people, rooms = names(tx, shown)
    return [
        Meeting(i, applications[i.loop], seats_of(i, people), rooms.get(i.room or "", i.room or ""))
        for i in shown
    ], len(found) > limit


def names(tx: Tx, interviews: Sequence[Interview]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What people and rooms of interviews are called, also those who have left."""
    ids = {seat.person for i in interviews for seat in i.seats}
    rooms = {i.room for i in interviews if i.room}
    return (
        {p.id: p.name for p in tx.people.list(ids, active=False)} if ids else {},
        {r.id: r.name for r in tx.rooms.list(rooms, active=False)} if rooms else {},
    )


def seats_of(interview: Interview, people: Mapping[str, str]) -> tuple[tuple[Seat, str], ...]:
    """Who is meant to come, in the order of the seats."""
    return tuple(
        (seat, people.get(seat.person, seat.person))
        for seat in interview.seats
        if seat.state is not SeatState.REPLACED
    )
