"""Who has left the company, and which room is out of use: what is booked with them has a hole.

Told by `tests/stories/test_people_change.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.people import Person, Room
from scheduler.domain.subjects import Subject
from scheduler.storage.database import Tx

Roster = tuple[Mapping[str, Person], Mapping[str, Room]]
"""People and rooms by id, active or not."""


def gone(
    tx: Tx, interviews: Iterable[Interview], now: datetime, roster: Roster | None = None
) -> tuple[tuple[Subject, str], ...]:
    """``(person or room, interview of the template)`` of everybody, optional guests and observers too, who
    sits in an interview that has not begun and whom the company file no longer has, or has as inactive. ``roster``
    are those of the interviews, where this transaction has read them."""
    ahead = [i for i in interviews if i.span.start > now]
    booked = [
        (Subject.person(s.person), i.spec)
        for i in ahead
        for s in i.seats
        if s.state is not SeatState.REPLACED
    ]
    booked += [(Subject.room(i.room), i.spec) for i in ahead if i.room]
    people, rooms = roster or (
        {p.id: p for p in tx.people.list({s.person for i in ahead for s in i.seats})},
        {r.id: r for r in tx.rooms.list({i.room for i in ahead if i.room})},
    )
    there = {Subject.person(p.id) for p in people.values() if p.active}
    there |= {Subject.room(r.id) for r in rooms.values() if r.active}
    return tuple(b for b in dict.fromkeys(booked) if b[0] not in there)
