"""Reservations: the time taken from people, rooms and candidates, at most once by constraint.

Whoever takes time of a subject waits for those who are just doing so, in an order that is the same
for all, so that two transactions never wait for each other; `expire` waits for nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduler.domain.bookings import Hold, Reservation
from scheduler.domain.errors import BadInput, Taken
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.storage.columns import clean_text
from scheduler.storage.locks import lock_loops, lock_subjects
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import insert
from scheduler.storage.tables import loops, reservations

_rows = Rows(Reservation, reservations)
_t = reservations.c

LONGEST = timedelta(days=1)
"""No reservation lasts longer, so that a look at a window need not read all that came before it."""
_taken = sa.select(_t.subject, _t.start_at, _t.end_at, _t.loop).where(
    _t.subject.in_(sa.bindparam("subjects", expanding=True)),
    _t.start_at < sa.bindparam("end", type_=_t.end_at.type),
    _t.start_at > sa.bindparam("longest_before", type_=_t.start_at.type),
    _t.end_at > sa.bindparam("start", type_=_t.start_at.type),
)


class Reservations:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def take(self, rows: Sequence[Reservation]) -> None:
        """Take all of these times, or raise `Taken` with the subjects that are not free and leave
        nothing behind. Another transaction that is taking time of the same subjects is waited for.
        To be done once in a transaction, `swap` included: see `locks`."""
        self._lock(rows)
        self._take(rows)

    def _take(self, rows: Sequence[Reservation]) -> None:
        # SQLite looks before it inserts: where somebody is in the way there is nothing to take back
        alone = self.connection.dialect.name == "sqlite"
        with nullcontext() if alone else self.connection.begin_nested():
            missed = self._insert(_sorted(rows))
            if missed:
                raise Taken(missed)

    def swap(self, loop_id: str, release: Collection[str], take: Sequence[Reservation]) -> None:
        """Give up the loop's times for the interviews ``release`` and take others in their place; on
        `Taken` everything is as before."""
        self._lock(take, loop_id)
        if not release:
            self._take(take)
            return
        with self.connection.begin_nested():
            self._delete(loop_id, release)
            missed = self._insert(_sorted(take))
            if missed:
                raise Taken(missed)

    def alone(self, rows: Sequence[Reservation]) -> None:
        """Be the only one who looks at, and takes, time of these subjects until the transaction ends. The
        loops are to be claimed before."""
        self._lock(rows)

    def confirm(self, loop_id: str) -> int:
        """Turn the loop's holds into bookings, which do not expire; returns how many there were."""
        lock_loops(self.connection, [loop_id])
        change = sa.update(reservations).where(_t.loop == loop_id, _t.state == Hold.HELD.value)
        return self.connection.execute(change.values(state=Hold.CONFIRMED.value, expires_at=None)).rowcount

    def release(self, loop_id: str, interviews: Collection[str] | None = None) -> int:
        """Give the loop's times back, all or those of some interviews; returns how many there were."""
        lock_loops(self.connection, [loop_id])
        return self._delete(loop_id, interviews)

    def give_up(self, row: Reservation) -> None:
        """Give one time back."""
        lock_loops(self.connection, [row.loop])
        mine = (_t.subject == str(row.subject)) & (_t.start_at == row.span.start) & (_t.loop == row.loop)
        self.connection.execute(sa.delete(reservations).where(mine))

    def put_right(self, row: Reservation) -> None:
        """Take one time anew, instead of what this interview holds of the subject now. Raises `Taken`; then
        everything is as before."""
        self._lock([row])
        mine = (_t.subject == str(row.subject)) & (_t.loop == row.loop) & (_t.interview == row.interview)
        with self.connection.begin_nested():
            self.connection.execute(sa.delete(reservations).where(mine))
            missed = self._insert([row])
            if missed:
                raise Taken(missed)

    def extend(self, loop_id: str, expires_at: datetime) -> int:
        """Keep the loop's holds until another instant; returns how many there are. Less than were
        taken means that they have expired meanwhile and may be somebody else's."""
        lock_loops(self.connection, [loop_id])
        change = sa.update(reservations).where(_t.loop == loop_id, _t.state == Hold.HELD.value)
        return self.connection.execute(change.values(expires_at=expires_at)).rowcount

    def late(self, now: datetime) -> list[str]:
        """The loops that have holds past their time: nobody else's until the transaction ends. One that another
        transaction is working on is left for the next time."""
        late = sa.select(_t.loop).where(_t.state == Hold.HELD.value, _t.expires_at <= now)
        ours = sa.select(loops.c.id).where(loops.c.id.in_(late)).order_by(loops.c.id)
        return list(self.connection.execute(ours.with_for_update(skip_locked=True, key_share=True)).scalars())

    def expire(self, now: datetime, ids: Collection[str] | None = None) -> list[str]:
        """Delete the holds past their time of these loops, which `late` gave, or of all that it gives now; returns
        the loops that lost them."""
        ids = self.late(now) if ids is None else ids
        gone = sa.delete(reservations).where(
            _t.loop.in_(ids), _t.state == Hold.HELD.value, _t.expires_at <= now
        )
        return sorted(set(self.connection.execute(gone.returning(_t.loop)).scalars()))

    def rename(self, loops_: Collection[str], old: Subject, new: Subject) -> list[Reservation]:
        """Keep what these loops took of one subject under another; returns what stays as it was because
        the other is taken then."""
        lock_loops(self.connection, loops_)
        lock_subjects(self.connection, {str(old), str(new)})
        left = []
        for row in self._list((_t.subject == str(old)) & _t.loop.in_(sorted(set(loops_)))):
            if any(row.span.overlaps(there.span) for there in self.of_subjects([new], row.span)):
                left.append(row)
                continue
            mine = (_t.subject == str(old)) & (_t.start_at == row.span.start)
            self.connection.execute(sa.update(reservations).where(mine).values(subject=str(new)))
        return left

    def of_loop(self, loop_id: str) -> list[Reservation]:
        """By subject and start."""
        return self._list(_t.loop == loop_id)

    def since(self, moment: datetime) -> list[Reservation]:
        """Everything that ends after an instant."""
        return self._list(_t.end_at > moment)

    def of_subjects(
        self,
        subjects: Collection[Subject],
        window: Span,
        except_loop: str | None = None,
        now: datetime | None = None,
    ) -> list[Reservation]:
        """What is taken from the subjects inside or across ``window``; with ``now`` without the holds
        that are past their time then (`expire` has yet to free them)."""
        mine = _t.subject.in_(sorted({str(s) for s in subjects}))
        near = (_t.start_at < window.end) & (_t.start_at > window.start - LONGEST)
        found = mine & near & (_t.end_at > window.start)
        if except_loop is not None:
            found &= _t.loop != except_loop
        if now is not None:
            found &= (_t.expires_at.is_(None)) | (_t.expires_at > now)
        return self._list(found)

    def taken(
        self, asked: Sequence[tuple[str, Collection[tuple[Subject, Span]]]]
    ) -> list[list[tuple[Subject, Span]]]:
        """For each loop with what it wants, which of these times other loops have: one small read for the many who
        ask at once whether they came too late. That none is taken promises nothing, see `take`."""
        everything = [one for _, wanted in asked for one in wanted]
        if not everything:
            return [[] for _ in asked]
        start, end = min(span.start for _, span in everything), max(span.end for _, span in everything)
        limits = {
            "subjects": sorted({str(subject) for subject, _ in everything}),
            "start": start,
            "end": end,
            "longest_before": start - LONGEST,
        }
        there: dict[str, list[tuple[str, Span]]] = defaultdict(list)
        for row in self.connection.execute(_taken, limits):
            there[row.subject].append((row.loop, Span(row.start_at, row.end_at)))
        return [
            [
                (subject, span)
                for subject, span in wanted
                if any(loop != mine and span.overlaps(at) for loop, at in there.get(str(subject), ()))
            ]
            for mine, wanted in asked
        ]

    def _lock(self, rows: Sequence[Reservation], *loops: str) -> None:
        for row in rows:
            if row.span.end - row.span.start > LONGEST:
                raise BadInput("span", f"takes {row.subject} for more than a day", "split it")
        lock_loops(self.connection, {*loops, *(r.loop for r in rows)})
        lock_subjects(self.connection, {clean_text(str(r.subject), "subject") for r in rows})

    def _insert(self, rows: Sequence[Reservation]) -> list[Subject]:
        """The subjects whose time was not free; if there are none, the rows are in."""
        if not rows:
            return []
        if self.connection.dialect.name == "sqlite":
            return self._insert_alone(rows)
        statement = insert(self.connection, reservations).on_conflict_do_nothing()
        done = self.connection.execute(
            statement.returning(_t.subject, _t.start_at), [_rows.row(r) for r in rows]
        )
        missed = Counter((r.subject, r.span.start) for r in rows)
        missed.subtract((Subject.parse(row.subject), row.start_at) for row in done)
        return sorted({subject for (subject, _), rows_missed in missed.items() if rows_missed})

    def _insert_alone(self, rows: Sequence[Reservation]) -> list[Subject]:
        # SQLite has one writer, which is us: what is free now stays free. The trigger is the second wall.
        window = Span(min(r.span.start for r in rows), max(r.span.end for r in rows))
        there = self.of_subjects({r.subject for r in rows}, window)
        missed = {
            row.subject
            for n, row in enumerate(rows)
            if any(row.subject == r.subject and row.span.overlaps(r.span) for r in (*there, *rows[:n]))
        }
        if not missed:
            self.connection.execute(sa.insert(reservations), [_rows.row(r) for r in rows])
        return sorted(missed)

    def _delete(self, loop_id: str, interviews: Collection[str] | None) -> int:
        gone = sa.delete(reservations).where(_t.loop == loop_id)
        if interviews is not None:
            gone = gone.where(_t.interview.in_(sorted(set(interviews))))
        return self.connection.execute(gone).rowcount

    def _list(self, condition: sa.ColumnElement[bool]) -> list[Reservation]:
        query = sa.select(reservations).where(condition).order_by(_t.subject, _t.start_at)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]


def _sorted(rows: Sequence[Reservation]) -> list[Reservation]:
    return sorted(rows, key=lambda r: (r.subject, r.span.start))
