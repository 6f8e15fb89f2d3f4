"""Which rows of which table are about a candidate, and what an erasure leaves of them: one list of all tables.

Told by `tests/scheduler/services/privacy/test_held.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from scheduler.storage.tables import advances, links, metadata, readings, written
from scheduler.storage.tables import applications as a
from scheduler.storage.tables.apart import attention, undoables
from scheduler.storage.tables.hiring import showing

t = metadata.tables


@dataclass(frozen=True)
class Theirs:
    """Whatever belongs to one candidate, by id; ``subject`` is what their time is kept under, ``elsewhere`` are their
    applications as hiring systems number them: connection and id."""

    applications: tuple[str, ...]
    loops: tuple[str, ...]
    interviews: tuple[str, ...]
    subject: str
    elsewhere: tuple[tuple[str, str], ...] = ()


Which = Callable[[Theirs], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Held:
    """A table with rows about candidates: ``which`` they are. An erasure deletes them, or writes ``left`` over some of
    their columns. ``hidden`` columns are in no export: they open something, or say nothing."""

    table: sa.Table
    which: Which
    left: Mapping[str, Any] | None = None
    hidden: frozenset[str] = field(default_factory=frozenset)


def _of_loops(column: sa.Column[str]) -> Which:
    return lambda theirs: column.in_(theirs.loops)


def _of_interviews(column: sa.Column[str]) -> Which:
    return lambda theirs: column.in_(theirs.interviews)


def _of_applications(column: sa.Column[str]) -> Which:
    return lambda theirs: column.in_(theirs.applications)


def _elsewhere(connection: Callable[[str], Any], column: sa.Column[str]) -> Which:
    return lambda theirs: sa.or_(
        sa.false(), *(sa.and_(connection(of), column == id) for of, id in theirs.elsewhere)
    )


_delivered = _elsewhere(lambda of: t["lw_inbox"].c.source == f"hiring:{of}", t["lw_inbox"].c.about)
_advanced = _elsewhere(lambda of: advances.c.connection == of, advances.c.application)
_read = _elsewhere(lambda of: readings.c.connection == of, readings.c.application)


def _matters(theirs: Theirs) -> sa.ColumnElement[bool]:
    ids = [*theirs.loops, *theirs.interviews]
    return sa.or_(sa.false(), *(attention.c.id.contains(f":{id}", autoescape=True) for id in ids))


HELD: tuple[Held, ...] = (
    Held(a, _of_applications(a.c.id), {}),
    Held(t["lw_application_words"], _of_applications(t["lw_application_words"].c.application)),
    Held(
        t["lw_loops"],
        _of_loops(t["lw_loops"].c.id),
        {
            "windows": [],
            "reasons": [],
            "fixes": [],
            "unknown": [],
            "labels": {},
            "blocked": [],
            "locks": [],
            "cause": "",
            "chosen": None,
        },
    ),
    Held(t["lw_proposals"], _of_loops(t["lw_proposals"].c.loop)),
    Held(
        t["lw_interviews"],
        _of_loops(t["lw_interviews"].c.loop),
        {"event_id": "", "etag": "", "join_url": "", "flag": "", "elsewhere": None},
    ),
    Held(t["lw_seats"], _of_interviews(t["lw_seats"].c.interview), {"comment": ""}),
    Held(t["lw_reservations"], lambda theirs: t["lw_reservations"].c.subject == theirs.subject),
    Held(t["lw_ledger"], _of_loops(t["lw_ledger"].c.loop), {"payload": {}, "result": {}, "error": ""}),
    Held(
        t["lw_inbox"],
        lambda theirs: (
            _of_loops(t["lw_inbox"].c.loop)(theirs) | t["lw_inbox"].c.about.in_(theirs.applications)
        ),
        {"body": b"", "about": "", "delivery_id": t["lw_inbox"].c.id},
        frozenset({"digest"}),
    ),
    Held(t["lw_seen"], _of_loops(t["lw_seen"].c.loop)),
    Held(t["lw_fixes"], _of_loops(t["lw_fixes"].c.loop)),
    Held(t["lw_exemptions"], _of_loops(t["lw_exemptions"].c.loop)),
    Held(undoables, _of_loops(undoables.c.loop)),
    Held(attention, _matters),
    Held(advances, lambda theirs: advances.c.loop.in_(theirs.loops) | _advanced(theirs)),
    Held(readings, _read),
    Held(showing, _of_loops(showing.c.loop)),
    Held(written, _of_interviews(written.c.interview), None, frozenset({"digest"})),
    Held(links, _of_loops(links.c.loop), None, frozenset({"digest"})),
)
"""In this order; what refers to a row stands behind it, and those that are deleted are deleted from the end."""

SEARCHED = frozenset(
    {"lw_facts", "lw_answers", "lw_hook_deliveries", "lw_batches", "lw_views", "lw_connections"}
)
"""Tables with rows about many, in whose texts a candidate may be named."""

OTHERS = frozenset(
    {
        *("lw_company", "lw_sites", "lw_people", "lw_pools", "lw_pool_members", "lw_rooms", "lw_templates"),
        *(
            "lw_users",
            "lw_tokens",
            "lw_sessions",
            "lw_sign_ins",
            "lw_hooks",
            "lw_digests",
            "lw_calendar_faults",
        ),
        *("lw_matches", "lw_automations", "lw_pauses", "lw_fact_people", "lw_fact_chain", "lw_cursors"),
        *("lw_subscriptions", "lw_leases", "lw_erasures", "lw_redactions", "lw_identities"),
    }
)
"""Tables about the company, whoever works in it, and machines."""


def of_candidate(connection: sa.Connection, theirs: Theirs) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every row about a candidate, by table, with all columns but what is hidden."""
    for held in HELD:
        shown = [c for c in held.table.c if c.name not in held.hidden]
        query = sa.select(*shown).where(held.which(theirs)).order_by(*held.table.primary_key)
        yield held.table.name, [dict(row) for row in connection.execute(query).mappings()]


def forget(connection: sa.Connection, theirs: Theirs) -> dict[str, int]:
    """Delete or empty every row about a candidate but the applications themselves; how many in each table."""
    counts: dict[str, int] = {}
    for held in reversed(HELD):
        if held.left == {}:
            continue
        mine = held.which(theirs)
        change = (
            sa.delete(held.table).where(mine)
            if held.left is None
            else sa.update(held.table).where(mine).values(dict(held.left))
        )
        counts[held.table.name] = connection.execute(change).rowcount
    return counts


def rename(connection: sa.Connection, old: str, new: str, name: str, address: str) -> None:
    """Have a pseudonym stand for an application, and its loops be the pseudonym's."""
    loops = t["lw_loops"]
    row = dict(connection.execute(sa.select(a).where(a.c.id == old)).mappings().one())
    kept = {"candidate_name": name, "candidate_email": address, "candidate_zone": "UTC", "accommodation": {}}
    connection.execute(sa.insert(a).values({**row, **kept, "id": new}))
    change = sa.update(loops).where(loops.c.application == old)
    connection.execute(change.values(application=new, stage_visit=loops.c.id))
    connection.execute(sa.delete(a).where(a.c.id == old))
