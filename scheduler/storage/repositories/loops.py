"""Loops: asked for once per stage visit, moved by compare-and-set, one fact per change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.bookings import InterviewState
from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.fixes.fix import FixState
from scheduler.domain.loops import MOVES, Application, Loop, LoopState, Queued, last_of, outdated
from scheduler.storage.codec import encode
from scheduler.storage.locks import had, lock_loops
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.repositories.proposals import Proposals
from scheduler.storage.statements import add_new
from scheduler.storage.tables import applications, fixes, interviews, loops

_rows = Rows(Loop, loops)
_queued = Rows(Queued, loops)
_queued_columns = [loops.c[name] for name in _queued.fields]
_PAGE = 500
"""Loops that `Loops.every` reads at once."""
_FIXED = frozenset({"id", "application", "state", "stage_visit", "created_at", "updated_at", "owner"})
_NOT_IN_FACTS = frozenset({"template"})
"""Named as changed, but too long to be repeated in a fact."""
_AT_ONCE = 1000
"""Values in one query: SQLite and PostgreSQL both take more."""
_OFFERING = frozenset({LoopState.PROPOSED, LoopState.NEEDS_ATTENTION})
"""States in which plans are offered: they are made for the loop as it is then."""
_OUTDATING = frozenset({"state", "template", "windows", "blocked", "declined", "reasons"})
"""What cannot change without making them stale."""


class Loops:
    def __init__(self, connection: sa.Connection, facts: Facts) -> None:
        self.connection, self.facts = connection, facts
        self._claimed: dict[str, Loop] = {}

    def add(self, loop: Loop, actor: str, cause: str) -> Loop:
        """Keep a new loop, with the fact ``loop_requested``. Raises `WrongState`, with the other
        loop's id, where the application's stage visit has one already (see `by_visit`), and
        `Missing` for an unknown application."""
        known = sa.select(applications).where(applications.c.id == loop.application)
        application = self.connection.execute(known).first()
        if application is None:
            raise Missing("application", loop.application)
        loop = replace(loop, owner=loop.owner or application.recruiter)
        found_by = {
            "owner_given": loop.owner != application.recruiter,
            "job": application.job,
            "stage": loop.labels.get("stage") or application.stage,
            "template_id": loop.template.id,
            "state_at": loop.created_at,
            "last_at": last_of(loop.horizon, loop.windows),
        }
        if not add_new(self.connection, loops, {**_rows.row(loop), **found_by}):
            other = self.by_visit(loop.application, loop.stage_visit) or self.get(loop.id)
            assert other is not None, "only a loop can be in a loop's way"
            raise WrongState("loop", other.id, other.state, "a stage visit has one loop")
        data = {
            "application": loop.application,
            "stage_visit": loop.stage_visit,
            "template": loop.template.id,
        }
        self._note(loop.created_at, actor, "loop_requested", loop.id, "", loop.state, cause, data)
        return loop

    def get(self, id: str) -> Loop | None:
        """The loop of that id, or ``None``."""
        return self._one(sa.select(loops).where(loops.c.id == id))

    def claim(self, id: str) -> Loop | None:
        """`get`, and have it to ourselves until the transaction ends: what is decided on it stays true. Read and
        locked once in a transaction: nobody else can change it, and whoever changes it does so here."""
        if id not in self._claimed:
            found = self._one(sa.select(loops).where(loops.c.id == id).with_for_update(key_share=True))
            if found is None or self.connection.in_nested_transaction():
                return found
            had(self.connection).add(id)
            self._claimed[id] = found
        return self._claimed[id]

    def by_visit(self, application: str, stage_visit: str) -> Loop | None:
        """The loop of that visit of a stage, or ``None``."""
        mine = (loops.c.application == application) & (loops.c.stage_visit == stage_visit)
        return self._one(sa.select(loops).where(mine))

    def lock_of(self, application: str) -> None:
        """Have all loops of an application to ourselves until the transaction ends."""
        mine = sa.select(loops.c.id).where(loops.c.application == application)
        lock_loops(self.connection, self.connection.execute(mine).scalars().all())

    def list(
        self,
        states: Collection[LoopState] | None = None,
        application: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Sequence[Loop]:
        """In the order they were asked for, from behind the loop of id ``after``."""
        query = sa.select(loops).order_by(loops.c.created_at, loops.c.id).limit(limit)
        if states is not None:
            query = query.where(loops.c.state.in_(sorted(s.value for s in states)))
        if application is not None:
            query = query.where(loops.c.application == application)
        if after is not None:
            last = sa.select(loops.c.created_at, loops.c.id).where(loops.c.id == after)
            query = query.where(sa.tuple_(loops.c.created_at, loops.c.id) > last.scalar_subquery())
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def every(self, states: Collection[LoopState]) -> Iterator[Loop]:
        """All in one of these states, in the order they were asked for, read page by page: the transaction is not to
        move any of them meanwhile."""
        after: str | None = None
        while page := self.list(states=states, limit=_PAGE, after=after):
            yield from page
            after = page[-1].id

    def queue(self, state: LoopState) -> Sequence[Queued]:
        """All that are in a state, in the order they were asked for, as far as it is needed to see who comes first."""
        query = sa.select(*_queued_columns).where(loops.c.state == state.value)
        query = query.order_by(loops.c.created_at, loops.c.id)
        return [_queued.value(row) for row in self.connection.execute(query).mappings()]

    def of_ids(self, ids: Collection[str], states: Collection[LoopState] | None = None) -> Sequence[Loop]:
        """In the order they were asked for; those that there are, and are in one of the states."""
        wanted, found = sorted(set(ids)), list[Loop]()
        for n in range(0, len(wanted), _AT_ONCE):
            query = sa.select(loops).where(loops.c.id.in_(wanted[n : n + _AT_ONCE]))
            if states is not None:
                query = query.where(loops.c.state.in_(sorted(s.value for s in states)))
            found += [_rows.value(row) for row in self.connection.execute(query).mappings()]
        return sorted(found, key=lambda loop: (loop.created_at, loop.id))

    def told(self, kind: str, states: Collection[LoopState]) -> set[str]:
        """Ids of the loops in these states that have a reason of that kind."""
        # the text picks out the few that may be meant, so that the others are not read
        query = sa.select(loops.c.id, loops.c.reasons).where(
            loops.c.state.in_(sorted(s.value for s in states)),
            sa.cast(loops.c.reasons, sa.Text).contains(f'"{kind}"', autoescape=True),
        )
        rows = self.connection.execute(query).all()
        return {row.id for row in rows if any(reason["kind"] == kind for reason in row.reasons)}

    def over(self, now: datetime) -> Sequence[str]:
        """Ids of the confirmed loops whose last meeting has ended."""
        ahead = (interviews.c.loop == loops.c.id) & (interviews.c.end_at >= now)
        ahead &= interviews.c.state != InterviewState.CANCELLED.value
        confirmed = loops.c.state == LoopState.CONFIRMED.value
        query = sa.select(loops.c.id).where(confirmed, ~sa.exists().where(ahead)).order_by(loops.c.id)
        return list(self.connection.execute(query).scalars())

    def completed(self, since: datetime, limit: int = 500) -> Sequence[Loop]:
        """Those that have been over since then, the latest first."""
        query = sa.select(loops).where(
            loops.c.state == LoopState.COMPLETED.value, loops.c.updated_at >= since
        )
        query = query.order_by(loops.c.updated_at.desc(), loops.c.id).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def move(
        self,
        loop_id: str,
        to: LoopState,
        *,
        expect: Collection[LoopState],
        actor: str,
        cause: str,
        at: datetime,
        **changes: Any,
    ) -> Loop:
        """Compare and set: from one of ``expect`` to ``to``, with other fields changed on the way,
        and the fact ``loop_moved``. What would have helped where it was is forgotten.

        Raises `WrongState` where the loop is elsewhere or may not go there from where it is, and
        `Missing` for an unknown id. The loop is ours until the transaction ends.
        """
        loop = self._locked(loop_id)
        if loop.state not in expect:
            raise WrongState("loop", loop_id, loop.state, f"it would have to be {_or(expect)}")
        if to not in MOVES[loop.state]:
            raise WrongState("loop", loop_id, loop.state, f"it cannot become {to} from there")
        if loop.fixes and to != loop.state:
            self._forget_fixes(loop_id)
            changes.setdefault("fixes", ())
        moved = self._changed(loop, at, {**_changeable(changes), "state": to})
        data = _told(changes)
        self._note(at, actor, "loop_moved", loop_id, loop.state, to, cause, data)
        return moved

    def _forget_fixes(self, loop_id: str) -> None:
        """What would have helped was of the state that the loop leaves; what people were asked for stays."""
        offered = (fixes.c.loop == loop_id) & (fixes.c.state == FixState.OFFERED.value)
        self.connection.execute(sa.delete(fixes).where(offered))

    def change(
        self,
        loop_id: str,
        actor: str,
        cause: str,
        at: datetime,
        what: str,
        *,
        about: object = None,
        **changes: Any,
    ) -> Loop:
        """Change fields without a move, with the fact ``what`` and the person it is ``about``. Raises `Missing` for an
        unknown id."""
        loop = self._locked(loop_id)
        changed = self._changed(loop, at, _changeable(changes))
        told = {**_told(changes), **({} if about is None else {"person": about})}
        self._note(at, actor, what, loop_id, loop.state, loop.state, cause, told)
        return changed

    def assign(self, loop_id: str, owner: str | None, actor: str, at: datetime, cause: str = "") -> Loop:
        """Give the loop to somebody, or with ``None`` back to the application's recruiter, with the fact
        ``loop_assigned``; one who has it already is no news. Raises `Missing` for an unknown id."""
        loop = self._locked(loop_id)
        query = sa.select(applications.c.recruiter).where(applications.c.id == loop.application)
        to = owner or self.connection.execute(query).scalar_one()
        values = {"owner": to, "owner_given": owner is not None, "updated_at": at}
        self.connection.execute(sa.update(loops).where(loops.c.id == loop_id).values(values))
        if to != loop.owner:
            people = [p for p in (loop.owner, to) if p]
            self._note(at, actor, "loop_assigned", loop_id, loop.owner, to, cause, {"people": people})
        return self._known(replace(loop, owner=to, updated_at=at))

    def follow(self, application: Application) -> None:
        """Have the loops of an application found by its job as it is now; those that were given to nobody else are
        its recruiter's. They are ours until the transaction ends."""
        mine = loops.c.application == application.id
        found = self.connection.execute(sa.select(loops.c.id).where(mine)).scalars().all()
        lock_loops(self.connection, found)
        self.connection.execute(sa.update(loops).where(mine).values(job=application.job))
        whose = sa.update(loops).where(mine, ~loops.c.owner_given).values(owner=application.recruiter)
        self.connection.execute(whose)
        for id in found:
            self._claimed.pop(id, None)

    def _locked(self, loop_id: str) -> Loop:
        loop = self.claim(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        return loop

    def _changed(self, loop: Loop, at: datetime, changes: Mapping[str, Any]) -> Loop:
        news = any(name in changes and changes[name] != getattr(loop, name) for name in _OUTDATING)
        if loop.state in _OFFERING and news and Proposals(self.connection).withdraw(loop.id):
            changes = {**changes, "reasons": outdated(changes.get("reasons", loop.reasons))}
        changes = {**changes, "updated_at": at}
        since = {"state_at": at} if "state" in changes else {}
        changed = replace(loop, **changes)
        last = {"last_at": last_of(changed.horizon, changed.windows)}
        values = {**_rows.part(changes), **since, **last}
        self.connection.execute(sa.update(loops).where(loops.c.id == loop.id).values(values))
        return self._known(changed)

    def _known(self, changed: Loop) -> Loop:
        """What `claim` says from now on; a part of a transaction may be undone, so after it the row is read again."""
        if self.connection.in_nested_transaction():
            self._claimed.pop(changed.id, None)
        elif changed.id in self._claimed:
            self._claimed[changed.id] = changed
        return changed

    def _one(self, query: sa.Select[Any]) -> Loop | None:
        row = self.connection.execute(query).mappings().first()
        return _rows.value(row) if row else None

    def _note(
        self,
        at: datetime,
        actor: str,
        what: str,
        loop_id: str,
        before: str,
        after: str,
        cause: str,
        data: Mapping[str, Any],
    ) -> None:
        subject = f"loop:{loop_id}"
        self.facts.add(Fact(at, actor, what, subject, str(before), str(after), cause, data))


def loop_and(row: sa.RowMapping) -> tuple[Loop, dict[str, Any]]:
    """A loop, and the columns that were read beside it as ``its_…``."""
    return _rows.value(row), {name[4:]: row[name] for name in row if name.startswith("its_")}


def _changeable(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    if fixed := _FIXED & changes.keys():
        raise TypeError(f"a loop's {', '.join(sorted(fixed))} cannot be changed")
    return changes


def _told(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "changed" if name in _NOT_IN_FACTS else encode(value) for name, value in changes.items()}


def _or(states: Collection[LoopState]) -> str:
    return " or ".join(sorted(states))
