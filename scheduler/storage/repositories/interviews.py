"""Interviews as held and booked, with their seats."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduler.domain.bookings import (
    UNANSWERED,
    Interview,
    InterviewState,
    Seat,
    SeatState,
    Write,
    WriteState,
)
from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState
from scheduler.domain.time import Span
from scheduler.storage import tables
from scheduler.storage.locks import lock_loops
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.statements import upsert
from scheduler.storage.tables import interviews, ledger, loops, seats

_rows = Rows(Interview, interviews, without=frozenset({"seats"}))
_seat_rows = Rows(Seat, seats)
LONGEST = timedelta(days=1)
"""No interview lasts longer."""
_AT_ONCE = 1000
"""Values in one query: SQLite and PostgreSQL both take more."""
_LIVE = interviews.c.state != InterviewState.CANCELLED.value


class Interviews:
    def __init__(self, connection: sa.Connection, facts: Facts) -> None:
        self.connection, self.facts = connection, facts

    def put_all(self, values: Sequence[Interview]) -> None:
        """Insert them, or replace those of their ids, seats included."""
        lock_loops(self.connection, [i.loop for i in values])
        upsert(self.connection, interviews, [_rows.row(i) for i in values], key=["id"])
        self._put_seats(values)

    def add_all(self, values: Sequence[Interview]) -> None:
        """Insert new ones with their seats, all together."""
        if not values:
            return
        lock_loops(self.connection, [i.loop for i in values])
        self.connection.execute(sa.insert(interviews), [_rows.row(i) for i in values])
        self._add_seats(values)

    def confirm(
        self, loop: str, live: Sequence[Interview], actor: str, cause: str, at: datetime
    ) -> list[Interview]:
        """Confirm the ``live`` interviews of a loop, and turn the seats that were only assigned into invited ones,
        each with its fact; gives them as they are then. The loop is claimed, so that ``live`` is true."""
        lock_loops(self.connection, [loop])
        ids = sorted(i.id for i in live)
        state = InterviewState.CONFIRMED
        self.connection.execute(
            sa.update(interviews).where(interviews.c.id.in_(ids)).values(state=state.value)
        )
        assigned = seats.c.interview.in_(ids) & (seats.c.state == SeatState.ASSIGNED.value)
        self.connection.execute(sa.update(seats).where(assigned).values(state=SeatState.INVITED.value))
        for interview in live:
            for seat in interview.seats:
                if seat.state is SeatState.ASSIGNED:
                    self._note_seat(interview, seat, SeatState.INVITED, actor, cause, at)
        return [replace(i, state=state, seats=tuple(map(_invited, i.seats))) for i in live]

    def written(self, id: str, loop: str, **changes: Any) -> None:
        """`update` of what the calendar has told of an interview of that loop: nothing is read before."""
        lock_loops(self.connection, [loop])
        mine = (interviews.c.id == id) & (interviews.c.loop == loop)
        self.connection.execute(sa.update(interviews).where(mine).values(_rows.part(changes)))

    def get(self, id: str) -> Interview | None:
        """The interview of that id, or ``None``."""
        return self._first(interviews.c.id == id)

    def of_loop(self, loop_id: str, live: bool = True) -> list[Interview]:
        """By start; with ``live=False`` the cancelled ones too."""
        mine = interviews.c.loop == loop_id
        return self._list(mine & _LIVE if live else mine)

    def of_ids(self, ids: Collection[str]) -> list[Interview]:
        """Those of these ids, by start, cancelled or not."""
        return self._list(interviews.c.id.in_(sorted(set(ids)))) if ids else []

    def by_event(self, calendar: str, event_id: str) -> Interview | None:
        """Whose calendar event that is, cancelled or not; ``None`` for an event that is not ours."""
        if not event_id:
            return None
        return self._first((interviews.c.calendar == calendar) & (interviews.c.event_id == event_id))

    def at(self, event_id: str) -> set[str]:
        """The calendars that hold a live interview under that id of an event."""
        where = _LIVE & (interviews.c.event_id == event_id)
        return set(self.connection.execute(sa.select(interviews.c.calendar).where(where)).scalars())

    def by_events(self, calendar: str, event_ids: Collection[str]) -> dict[str, Interview]:
        """`by_event` for many of them: by the event's id, those that are ours."""
        wanted, found = sorted({e for e in event_ids if e}), dict[str, Interview]()
        for n in range(0, len(wanted), _AT_ONCE):
            ours = interviews.c.event_id.in_(wanted[n : n + _AT_ONCE])
            # of several the earliest, as `by_event` has it
            rows = self._list((interviews.c.calendar == calendar) & ours)
            found |= {i.event_id: i for i in reversed(rows)}
        return found

    def at_events(self, event_ids: Collection[str]) -> set[tuple[str, str, str]]:
        """``(loop, interview of the template, event)`` of the live interviews that have one of these events."""
        wanted, found = sorted({e for e in event_ids if e}), set[tuple[str, str, str]]()
        columns = sa.select(interviews.c.loop, interviews.c.spec, interviews.c.event_id)
        for n in range(0, len(wanted), _AT_ONCE):
            query = columns.where(_LIVE, interviews.c.event_id.in_(wanted[n : n + _AT_ONCE]))
            found |= {(row.loop, row.spec, row.event_id) for row in self.connection.execute(query)}
        return found

    def upcoming(self, person: str, window: Span) -> list[Interview]:
        """The live interviews inside or across ``window`` in which the person has a seat still."""
        return self.of_people([person], window)

    def of_people(
        self, people: Collection[str], window: Span, except_loop: str | None = None
    ) -> list[Interview]:
        """The live interviews across ``window`` in which one of the people has a seat still."""
        gone = (SeatState.REPLACED.value, SeatState.DECLINED.value)
        theirs = sa.select(seats.c.interview).where(
            seats.c.person.in_(sorted(set(people))), seats.c.state.not_in(gone)
        )
        found = _LIVE & _touching(window) & interviews.c.id.in_(theirs)
        return self._list(found if except_loop is None else found & (interviews.c.loop != except_loop))

    def moved(self) -> list[Interview]:
        """The live interviews whose event somebody has moved."""
        return self._list(_LIVE & (interviews.c.flag == "moved"))

    def calendars(self, since: datetime) -> set[str]:
        """The organizers' calendars that hold a live interview which ends after ``since``."""
        where = _LIVE & (interviews.c.end_at > since) & (interviews.c.event_id != "")
        return set(
            self.connection.execute(sa.select(interviews.c.calendar).where(where).distinct()).scalars()
        )

    def between(self, window: Span) -> list[Interview]:
        """The live interviews inside or across ``window``, of every loop."""
        return self._list(_LIVE & _touching(window))

    def unanswered(
        self, now: datetime, since: datetime, limit: int, loop: str | None = None
    ) -> list[tuple[str, str, str]]:
        """``(loop, interview, person)`` where somebody says nothing of an invitation that was last written before
        ``since``, and has not been reminded of it: of confirmed loops, or one, what begins first first."""
        written = _last_written()
        reminded = _reminder(written, ledger.c.state != WriteState.DROPPED.value)
        return self._silent(written <= since, ~reminded, now=now, limit=limit, loop=loop)

    def still_unanswered(
        self, now: datetime, since: datetime, limit: int, loop: str | None = None
    ) -> list[tuple[str, str, str]]:
        """`unanswered` of who was sent a reminder before ``since`` and says nothing to that either."""
        sent = (ledger.c.state == WriteState.DONE.value) & (ledger.c.noted_at <= since)
        return self._silent(_reminder(_last_written(), sent), now=now, limit=limit, loop=loop)

    def _silent(
        self, *which: sa.ColumnElement[bool], now: datetime, limit: int, loop: str | None
    ) -> list[tuple[str, str, str]]:
        left = sa.exists().where(tables.people.c.id == seats.c.person, ~tables.people.c.active)
        query = (
            sa.select(interviews.c.loop, interviews.c.id, seats.c.person)
            .join(loops, loops.c.id == interviews.c.loop)
            .join(seats, seats.c.interview == interviews.c.id)
            .where(loops.c.state == LoopState.CONFIRMED.value, _LIVE, interviews.c.event_id != "")
            .where(seats.c.state.in_([SeatState.ASSIGNED.value, SeatState.INVITED.value]), ~left)
            .where(interviews.c.start_at > now, *which)
            .order_by(interviews.c.start_at, interviews.c.id, seats.c.place)
            .limit(limit)
        )
        if loop is not None:
            query = query.where(interviews.c.loop == loop)
        return [(found.loop, found.id, found.person) for found in self.connection.execute(query)]

    def without_somebody(self, now: datetime) -> list[Interview]:
        """The live interviews that have not begun and in which somebody sits, or whose room is one, that the
        company no longer has."""
        people = sa.select(tables.people.c.id).where(tables.people.c.active)
        sits = (seats.c.interview == interviews.c.id) & (seats.c.state != SeatState.REPLACED.value)
        who = sa.exists().where(sits, seats.c.person.not_in(people))
        rooms = sa.select(tables.rooms.c.id).where(tables.rooms.c.active)
        where = interviews.c.room.is_not(None) & interviews.c.room.not_in(rooms)
        return self._list(_LIVE & (interviews.c.start_at > now) & (who | where))

    def update(self, id: str, **changes: Any) -> Interview:
        """Change fields, ``seats`` as a whole included. Raises `Missing` for an unknown id."""
        current = self._locked(id)
        changed = replace(current, **changes)
        columns = _rows.part({k: v for k, v in changes.items() if k != "seats"})
        if columns:
            self.connection.execute(sa.update(interviews).where(interviews.c.id == id).values(columns))
        if "seats" in changes:
            self._put_seats([changed])
        return changed

    def set_seat(
        self,
        interview_id: str,
        person: str,
        state: SeatState,
        actor: str,
        cause: str,
        at: datetime,
        comment: str = "",
    ) -> bool:
        """Move the person's seat, with what they wrote beside their answer, and with the fact ``seat_accepted`` or as the state is called. Returns
        whether that was news: without change there is no fact. Raises `Missing` where the person
        has no seat there that was not given to somebody else."""
        interview = self._locked(interview_id)
        live = [s for s in interview.seats if s.person == person and s.state is not SeatState.REPLACED]
        if not live:
            raise Missing("seat", f"{interview_id}/{person}")
        before = live[0].state
        if (before, live[0].comment) == (state, comment):
            return False
        mine = (seats.c.interview == interview_id) & (seats.c.person == person)
        change = sa.update(seats).where(mine, seats.c.state != SeatState.REPLACED.value)
        self.connection.execute(change.values(state=state.value, comment=comment))
        self._note_seat(interview, live[0], state, actor, cause, at, comment)
        return True

    def _note_seat(
        self,
        interview: Interview,
        seat: Seat,
        after: SeatState,
        actor: str,
        cause: str,
        at: datetime,
        comment: str = "",
    ) -> None:
        data = {"interview": interview.id, "person": seat.person} | ({"comment": comment} if comment else {})
        what, subject = f"seat_{after}", f"loop:{interview.loop}"
        self.facts.add(Fact(at, actor, what, subject, str(seat.state), str(after), cause, data))

    def _put_seats(self, values: Sequence[Interview]) -> None:
        if not values:
            return
        ids = sorted(i.id for i in values)
        self.connection.execute(sa.delete(seats).where(seats.c.interview.in_(ids)))
        self._add_seats(values)

    def _add_seats(self, values: Sequence[Interview]) -> None:
        rows = [
            {**_seat_rows.row(seat), "interview": i.id, "place": place}
            for i in values
            for place, seat in enumerate(i.seats)
        ]
        if rows:
            self.connection.execute(sa.insert(seats), rows)

    def _locked(self, id: str) -> Interview:
        loop = self.connection.execute(sa.select(interviews.c.loop).where(interviews.c.id == id)).scalar()
        if loop is not None:
            lock_loops(self.connection, [loop])
        found = self.get(id)
        if found is None:
            raise Missing("interview", id)
        return found

    def _first(self, condition: sa.ColumnElement[bool]) -> Interview | None:
        found = self._list(condition)
        return found[0] if found else None

    def _list(self, condition: sa.ColumnElement[bool]) -> list[Interview]:
        query = sa.select(interviews).where(condition).order_by(interviews.c.start_at, interviews.c.id)
        rows = self.connection.execute(query).mappings().all()
        places = self._seats_of([row["id"] for row in rows])
        return [_rows.value(row, seats=tuple(places.get(row["id"], ()))) for row in rows]

    def _seats_of(self, ids: Sequence[str]) -> Mapping[str, list[Seat]]:
        found: dict[str, list[Seat]] = {}
        if ids:
            query = sa.select(seats).where(seats.c.interview.in_(ids))
            for row in self.connection.execute(query.order_by(seats.c.interview, seats.c.place)).mappings():
                found.setdefault(row["interview"], []).append(_seat_rows.value(row))
        return found


def _touching(window: Span) -> sa.ColumnElement[bool]:
    """Inside or across a stretch of time. None lasts a day: so the index of the starts is a range on both sides."""
    begins, ends = interviews.c.start_at, interviews.c.end_at
    return (begins < window.end) & (begins > window.start - LONGEST) & (ends > window.start)


def _invited(seat: Seat) -> Seat:
    return replace(seat, state=SeatState.INVITED) if seat.state is SeatState.ASSIGNED else seat


def _last_written() -> sa.ScalarSelect[datetime]:
    """When the invitation to an interview was last written."""
    row = ledger.alias()
    writes = sa.select(sa.func.max(row.c.noted_at)).where(
        row.c.loop == interviews.c.loop,
        row.c.interview == interviews.c.id,
        row.c.write != Write.MAIL.value,  # what the candidate is told of it is no invitation of theirs
    )
    return writes.correlate(interviews).scalar_subquery()  # also from inside of `exists`


def _reminder(written: sa.ScalarSelect[datetime], which: sa.ColumnElement[bool]) -> sa.Exists:
    """That a seat has a reminder of what was ``written``, of those ``which``."""
    return sa.exists().where(
        ledger.c.loop == interviews.c.loop,
        ledger.c.interview == sa.literal(UNANSWERED) + seats.c.person,
        ledger.c.noted_at > written,
        which,
    )
