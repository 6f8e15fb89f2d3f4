"""Loops by what people remember of them, in pages, and how many there are in each state.

Each state is asked for by itself and gives at most one page, from an index that ends with the order of
the pages: what has ended long ago is never read through. What names few loops (a text, a person, dates, an
application) is looked up first, and they are sorted then.

Told by `tests/scheduler/storage/test_finding.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from scheduler.domain.bookings import InterviewState, SeatState
from scheduler.domain.errors import BadInput
from scheduler.domain.finding import LoopsWanted, looked_for
from scheduler.domain.loops import Loop, LoopState
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.access.sight import within
from scheduler.storage.statements import place
from scheduler.storage.tables import application_words, interviews, loops, seats

MOST_COUNTED = 1000
"""How far the loops of a state are counted."""
_AFTER_ALL = "\U0010ffff"
_rows = Rows(Loop, loops)


class FoundLoops:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def page(self, wanted: LoopsWanted, limit: int, after: str | None = None) -> Sequence[Loop]:
        """In the order they were asked for, from behind the loop of id ``after``. Raises `BadInput` for a text
        without words, and where no loop has that id."""
        order = (loops.c.created_at, loops.c.id)
        beyond = _true() if after is None else sa.tuple_(*order) > self._place(after, wanted)
        few = _few(wanted)
        if few is not None:
            named = few.cte("named").prefix_with("MATERIALIZED")
            query = sa.select(loops).join(named, named.c.id == loops.c.id)
            query = query.where(_states(wanted), *_plain(wanted), beyond)
            return self._values(query.order_by(*order).limit(limit))
        if not _plain(wanted) and wanted.states is None:
            return self._values(sa.select(loops).where(beyond).order_by(*order).limit(limit))
        parts = [
            sa.select(
                sa.select(loops.c.id, loops.c.created_at)
                .where(loops.c.state == state.value, *_plain(wanted), beyond)
                .order_by(*order)
                .limit(limit)
                .subquery()
            )
            for state in _sorted(wanted)
        ]
        found = sa.union_all(*parts).subquery()
        first = sa.select(found.c.id).order_by(found.c.created_at, found.c.id).limit(limit)
        ids = list(self.connection.execute(first).scalars())
        return self._values(sa.select(loops).where(loops.c.id.in_(ids)).order_by(*order))

    def counts(self, wanted: LoopsWanted) -> Mapping[LoopState, int]:
        """How many there are in each state that is asked for, `MOST_COUNTED` + 1 standing for more than that."""
        few = _few(wanted)
        named = (
            [] if few is None else [loops.c.id.in_(sa.select(few.cte("named").prefix_with("MATERIALIZED")))]
        )
        columns = [
            sa.select(sa.func.count())
            .select_from(
                sa.select(loops.c.id)
                .where(loops.c.state == state.value, *_plain(wanted), *named)
                .limit(MOST_COUNTED + 1)
                .subquery()
            )
            .scalar_subquery()
            .label(state.value)
            for state in _sorted(wanted)
        ]
        row = self.connection.execute(sa.select(*columns)).mappings().one()
        return {state: row[state.value] for state in _sorted(wanted)}

    def states(self, ids: Sequence[str]) -> Mapping[str, LoopState]:
        """The states of some loops, asked for in parts."""
        found = dict[str, LoopState]()
        for first in range(0, len(ids), MOST_COUNTED):
            query = sa.select(loops.c.id, loops.c.state).where(
                loops.c.id.in_(ids[first : first + MOST_COUNTED])
            )
            found |= {id: LoopState(state) for id, state in self.connection.execute(query)}
        return found

    def _place(self, after: str, wanted: LoopsWanted) -> sa.Tuple:
        query = sa.select(loops.c.created_at, loops.c.id).where(loops.c.id == after, within(wanted.sight))
        row = self.connection.execute(query).first()
        if row is None:
            raise BadInput("after", f"no loop {after!r}", "give the id of the last row of the page before")
        return place(row, loops.c.created_at, loops.c.id)

    def _values(self, query: sa.Select[tuple[object, ...]]) -> Sequence[Loop]:
        return _rows.values(self.connection.execute(query).mappings())


def _sorted(wanted: LoopsWanted) -> list[LoopState]:
    return [s for s in LoopState if wanted.states is None or s in wanted.states]


def _states(wanted: LoopsWanted) -> sa.ColumnElement[bool]:
    return _true() if wanted.states is None else loops.c.state.in_([s.value for s in _sorted(wanted)])


def _true() -> sa.ColumnElement[bool]:
    return sa.true()


def _plain(wanted: LoopsWanted) -> list[sa.ColumnElement[bool]]:
    """What is asked of a loop's own row."""
    c = loops.c
    same = {c.owner: wanted.owner, c.job: wanted.job, c.stage: wanted.stage, c.template_id: wanted.template}
    found = [column == value for column, value in same.items() if value is not None]
    if wanted.asked_after is not None:
        found.append(c.created_at > wanted.asked_after)
    if wanted.asked_until is not None:
        found.append(c.created_at <= wanted.asked_until)
    if wanted.sight is not None:
        found.append(within(wanted.sight))
    return found


def _few(wanted: LoopsWanted) -> sa.Select[tuple[str]] | sa.CompoundSelect[tuple[str]] | None:
    """The ids of the loops that everything beside their own row names; ``None`` where that is not asked for."""
    sets = []
    if wanted.application is not None:
        sets.append(sa.select(loops.c.id).where(loops.c.application == wanted.application))
    if wanted.text:
        sets.append(_by_text(wanted.text))
    if wanted.person is not None or wanted.window is not None:
        sets.append(_by_interviews(wanted))
    if not sets:
        return None
    return sets[0] if len(sets) == 1 else sa.intersect(*(sa.select(s.subquery()) for s in sets))


def _by_text(text: str) -> sa.Select[tuple[str]]:
    """Loops whose application has every word, the longer ones by their beginning; or the one of that id."""
    word, application = application_words.c.word, application_words.c.application
    having = [
        sa.select(application).where(
            word == w if len(w) == 1 else sa.and_(word >= w, word < sa.literal(w + _AFTER_ALL, word.type))
        )
        for w in looked_for(text)
    ]
    named = (
        (having[0] if len(having) == 1 else sa.intersect(*having)).cte("having").prefix_with("MATERIALIZED")
    )
    theirs = sa.select(loops.c.id).join(named, named.c.application == loops.c.application)
    by_id = sa.select(loops.c.id).where(loops.c.id == text.strip())
    return sa.select(sa.union(theirs, by_id).subquery("by_text").c.id)


def _by_interviews(wanted: LoopsWanted) -> sa.Select[tuple[str]]:
    query = sa.select(interviews.c.loop.label("id")).distinct()
    query = query.where(interviews.c.state != InterviewState.CANCELLED.value)
    if wanted.person is not None:
        sits = (seats.c.person == wanted.person) & (seats.c.state != SeatState.REPLACED.value)
        query = query.join(seats, seats.c.interview == interviews.c.id).where(sits)
    if wanted.window is not None:
        begins = interviews.c.start_at
        query = query.where(begins >= wanted.window.start, begins < wanted.window.end)
    return query
