"""What needs a person, source by source, each in one question however many loops there are.

Told by `tests/scheduler/services/attention/test_matters.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

import sqlalchemy as sa

from scheduler.domain.bookings import InterviewState, SeatState, Write, WriteState
from scheduler.domain.fixes.fix import FixState, How
from scheduler.domain.loops import BookMode, LoopState, Reason
from scheduler.domain.proposals import ProposalState
from scheduler.domain.time import Span
from scheduler.storage.codec import decode
from scheduler.storage.tables import (
    applications,
    attention,
    fixes,
    inbox,
    interviews,
    ledger,
    loops,
    people,
    proposals,
    seats,
)

_UNANSWERED = (SeatState.ASSIGNED.value, SeatState.INVITED.value, SeatState.TENTATIVE.value)
_LIVE = interviews.c.state != InterviewState.CANCELLED.value
_SINCE = sa.func.coalesce(loops.c.state_at, loops.c.updated_at, type_=loops.c.updated_at.type)
_DEAD = "dead_letter"
_PLAIN = loops.c.state.in_(
    [LoopState.NEEDS_ATTENTION.value, LoopState.INFEASIBLE.value, LoopState.AWAITING_CANDIDATE.value]
)
"""States of which the loop's own row says all that matters."""
Only = str | Collection[str] | None
"""One loop, or some, or every one."""


@dataclass(frozen=True, slots=True)
class Waits:
    """From which instants on a loop counts as waiting too long, by what it waits for."""

    candidate: datetime
    job: datetime


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """What is read of a loop that may need somebody; ``last`` is when its horizon and its windows are over."""

    id: str
    state: LoopState
    owner: str
    since: datetime
    reasons: tuple[Reason, ...]
    labels: Mapping[str, str]
    last: datetime
    undo_minutes: int | None
    """How long a person can undo before it is booked, where the loop says so itself."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next interview of a loop."""

    interview: str
    start: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Somebody invited to an interview who has not said whether they come."""

    interview: str
    loop: str
    owner: str
    title: str
    start: datetime
    person: str


@dataclass(frozen=True, slots=True)
class UnsentMail:
    """A mail that was given up; ``what`` is what it was about."""

    loop: str
    owner: str
    what: str
    error: str
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: str
    delivery_id: str
    outcome: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Awaited:
    """A way out that somebody was asked for and has not answered: ``people`` by name, empty for the candidate."""

    id: str
    people: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class About:
    """Whose loop a matter is about, and what can be said yes to."""

    candidate: str
    job: str
    offered: tuple[str, ...]
    fixes: tuple[tuple[str, str], ...]
    """Id and sentence of what would help and can be asked for, the easiest first."""
    asked: tuple[Awaited, ...] = ()
    """What somebody was asked for already."""


class FoundMatters:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def loops(self, waits: Waits, only: Only = None) -> list[OpenLoop]:
        """Every loop that waits for a person, or for too long for something else."""
        c = loops.c
        texts = (sa.cast(column, sa.Text) for column in (c.reasons, c.labels))
        query = sa.select(c.id, c.state, c.owner, _SINCE.label("since"), c.undo_minutes, c.last_at, *texts)
        query = query.where(_waiting(waits), *_only(c.id, only))
        return [
            OpenLoop(
                id,
                LoopState(state),
                owner,
                since,
                _reasons(reasons),
                _labels(labels),
                last,
                undo,
            )
            for id, state, owner, since, undo, last, reasons, labels in self.connection.execute(query)
        ]

    def urgent(self, waits: Waits, now: datetime, owner: str | None, limit: int) -> tuple[list[str], int]:
        """Of the loops that wait for a person as such, and of which nobody has said anything: the most urgent ``limit``,
        all that are equally urgent included, and how many there are in all."""
        near = sa.select(interviews.c.loop, sa.func.min(interviews.c.start_at).label("start_at"))
        near = near.where(_LIVE, interviews.c.start_at > sa.literal(now, interviews.c.start_at.type))
        ahead = near.group_by(interviews.c.loop).subquery()
        due = sa.func.coalesce(ahead.c.start_at, loops.c.last_at, type_=loops.c.last_at.type)
        whose = sa.true() if owner is None else loops.c.owner == owner
        mine = (_PLAIN, loops.c.id.not_in(self._said_of()), _for_long(waits), whose)
        query = sa.select(loops.c.id).outerjoin(ahead, ahead.c.loop == loops.c.id).where(*mine)
        last = query.with_only_columns(due).order_by(due).limit(1).offset(limit - 1)
        cut = self.connection.execute(last).scalar()
        shown = query if cut is None else query.where(due <= sa.literal(cut, loops.c.last_at.type))
        total = sa.select(sa.func.count()).select_from(loops).where(*mine)
        return list(self.connection.execute(shown).scalars()), self.connection.execute(total).scalar_one()

    def others(self, waits: Waits) -> list[str]:
        """The loops that may need somebody and are not among those of `urgent`."""
        query = sa.select(loops.c.id).where(_waiting(waits), sa.or_(~_PLAIN, loops.c.id.in_(self._said_of())))
        return list(self.connection.execute(query).scalars())

    def _said_of(self) -> sa.Select[tuple[str]]:
        """The ids of the loops that somebody has said something of: what stands behind the kind of a matter."""
        place = sa.func.strpos if self.connection.dialect.name == "postgresql" else sa.func.instr
        return sa.select(sa.func.substr(attention.c.id, place(attention.c.id, ":") + 1))

    def ahead(self, waits: Waits, now: datetime, only: Only = None) -> dict[str, Ahead]:
        """The next interview of each of these loops that has one."""
        query = sa.select(interviews.c.loop, sa.func.min(interviews.c.start_at).label("start_at"))
        query = query.join(loops, loops.c.id == interviews.c.loop).where(
            _waiting(waits), *_only(loops.c.id, only)
        )
        return self._next(query.where(_LIVE, interviews.c.start_at > now))

    def ahead_of(self, ids: Collection[str], now: datetime) -> dict[str, Ahead]:
        """The next interview of each of some loops."""
        if not ids:
            return {}
        query = sa.select(interviews.c.loop, sa.func.min(interviews.c.start_at).label("start_at"))
        mine = interviews.c.loop.in_(sorted(set(ids)))
        return self._next(query.where(mine, _LIVE, interviews.c.start_at > now))

    def _next(self, first: sa.Select[tuple[str, datetime]]) -> dict[str, Ahead]:
        named = first.group_by(interviews.c.loop).subquery()
        same = (named.c.loop == interviews.c.loop) & (named.c.start_at == interviews.c.start_at)
        query = (
            sa.select(interviews.c.loop, interviews.c.id, interviews.c.start_at)
            .join(named, same)
            .where(_LIVE)
        )
        return {loop: Ahead(id, start) for loop, id, start in self.connection.execute(query)}

    def unanswered(self, window: Span, only: str | None = None) -> list[Unanswered]:
        """Who has not answered the invitation to an interview that begins in the window."""
        i = interviews.c
        query = (
            sa.select(i.id, i.loop, loops.c.owner, i.title, i.start_at, seats.c.person)
            .join(loops, loops.c.id == i.loop)
            .join(seats, seats.c.interview == i.id)
            .where(i.start_at > window.start, i.start_at <= window.end, i.event_id != "")
            .where(
                i.state == InterviewState.CONFIRMED.value, seats.c.state.in_(_UNANSWERED), *_only(i.id, only)
            )
            .where(loops.c.state.in_([LoopState.CONFIRMED.value, LoopState.NEEDS_ATTENTION.value]))
            .order_by(i.start_at, i.id, seats.c.place)
        )
        return [Unanswered(*row) for row in self.connection.execute(query)]

    def unsent(self, since: datetime, only: str | None = None) -> list[UnsentMail]:
        """Mails that were given up and that no later one about the same has made good."""
        mail = ledger.c.write == Write.MAIL.value
        now = ledger.c.generation == loops.c.generation
        failed = mail & now & (ledger.c.state == WriteState.FAILED.value) & (ledger.c.noted_at > since)
        query = sa.select(ledger.c.loop, loops.c.owner, ledger.c.interview, ledger.c.error, ledger.c.noted_at)
        query = query.join(loops, loops.c.id == ledger.c.loop).where(failed, *_only(ledger.c.loop, only))
        found = [UnsentMail(*row) for row in self.connection.execute(query.order_by(ledger.c.noted_at))]
        if not found:
            return []
        sent = sa.select(ledger.c.loop, ledger.c.interview, sa.func.max(ledger.c.noted_at))
        done = mail & (ledger.c.state == WriteState.DONE.value) & ledger.c.loop.in_({m.loop for m in found})
        later = {
            (loop, what): at
            for loop, what, at in self.connection.execute(
                sent.where(done).group_by(ledger.c.loop, ledger.c.interview)
            )
        }
        return [m for m in found if m.noted_at >= later.get((m.loop, m.what), m.noted_at)]

    def dead_letters(self, since: datetime, only: str | None = None) -> list[DeadLetter]:
        """Deliveries of the hiring system that could not be acted on."""
        c = inbox.c
        query = sa.select(c.id, c.delivery_id, c.outcome, c.finished_at).where(
            c.finished_at > since, c.outcome.startswith(_DEAD), *_only(c.id, only)
        )
        return [DeadLetter(*row) for row in self.connection.execute(query.order_by(c.finished_at, c.id))]

    def about(self, ids: Iterable[str]) -> dict[str, About]:
        """Whose loops these are, what is offered of each, and what would help."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        offered: dict[str, list[str]] = {}
        plans = sa.select(proposals.c.loop, proposals.c.id).where(
            proposals.c.loop.in_(wanted), proposals.c.state == ProposalState.OFFERED.value
        )
        for loop, id in self.connection.execute(plans.order_by(proposals.c.rank, proposals.c.id)):
            offered.setdefault(loop, []).append(id)
        helping: dict[str, list[tuple[str, str]]] = {}
        ways = sa.select(fixes.c.loop, fixes.c.id, fixes.c.text).where(
            fixes.c.loop.in_(wanted),
            fixes.c.how != How.BY_HAND.value,
            fixes.c.state == FixState.OFFERED.value,
        )
        for loop, id, text in self.connection.execute(ways.order_by(fixes.c.loop, fixes.c.position)):
            helping.setdefault(loop, []).append((id, text))
        asked = self._asked(wanted)
        query = sa.select(loops.c.id, applications.c.candidate_name, applications.c.job)
        query = query.join(applications, applications.c.id == loops.c.application).where(
            loops.c.id.in_(wanted)
        )
        return {
            id: About(
                name, job, tuple(offered.get(id, ())), tuple(helping.get(id, ())), tuple(asked.get(id, ()))
            )
            for id, name, job in self.connection.execute(query)
        }

    def _asked(self, wanted: Sequence[str]) -> dict[str, list[Awaited]]:
        """What these loops wait for, with the names of those who were asked."""
        c = fixes.c
        query = sa.select(c.loop, c.id, sa.cast(c.people, sa.Text), c.at).where(
            c.loop.in_(wanted), c.state == FixState.ASKED.value
        )
        rows = [
            (loop, id, tuple(json.loads(ids)), at) for loop, id, ids, at in self.connection.execute(query)
        ]
        asked = {person for _, _, ids, _ in rows for person in ids}
        named = sa.select(people.c.id, people.c.name).where(people.c.id.in_(sorted(asked)))
        names = dict(self.connection.execute(named).tuples().all()) if asked else {}
        found: dict[str, list[Awaited]] = {}
        for loop, id, ids, at in rows:
            found.setdefault(loop, []).append(Awaited(id, tuple(names.get(p, p) for p in ids), at))
        return found

    def owners(self, states: Collection[LoopState]) -> Sequence[str]:
        """Who has loops in these states, each once."""
        live = loops.c.state.in_(sorted(s.value for s in states)) & (loops.c.owner != "")
        query = sa.select(loops.c.owner).where(live).distinct().order_by(loops.c.owner)
        return self.connection.execute(query).scalars().all()


def _only(column: sa.ColumnElement[str], ids: Only) -> list[sa.ColumnElement[bool]]:
    if ids is None:
        return []
    return [column == ids if isinstance(ids, str) else column.in_(sorted(set(ids)))]


def _for_long(waits: Waits) -> sa.ColumnElement[bool]:
    """Whether a candidate who is waited for is so for too long."""
    silent = sa.literal(waits.candidate, loops.c.updated_at.type)
    return sa.or_(loops.c.state != LoopState.AWAITING_CANDIDATE.value, loops.c.state_at <= silent)


def _waiting(waits: Waits) -> sa.ColumnElement[bool]:
    c = loops.c
    at = [LoopState.PLANNING, LoopState.HELD, LoopState.BOOKING, LoopState.REPAIRING, LoopState.CANCELLING]
    instant = c.updated_at.type
    return sa.or_(
        c.state.in_([LoopState.NEEDS_ATTENTION.value, LoopState.INFEASIBLE.value]),
        (c.state == LoopState.AWAITING_CANDIDATE.value) & (sa.literal(waits.candidate, instant) >= _SINCE),
        c.state.in_([s.value for s in at]) & (c.updated_at <= sa.literal(waits.job, instant)),
        (c.state == LoopState.PROPOSED.value)
        & (c.mode == BookMode.BOOK.value)
        & (sa.literal(waits.job, instant) >= _SINCE),
        (c.state == LoopState.CONFIRMED.value) & (c.labels != sa.literal({}, c.labels.type)),
    )


# The same few thousand texts are looked at by everybody who opens their day: what they say is worked out once.


@lru_cache(maxsize=16_384)
def _reasons(text: str) -> tuple[Reason, ...]:
    return decode(tuple[Reason, ...], json.loads(text), "loop.reasons")


@lru_cache(maxsize=4_096)
def _labels(text: str) -> Mapping[str, str]:
    return MappingProxyType(json.loads(text))
