"""A candidate's words in the texts of tables that are about many: found and taken out.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from scheduler.domain.facts import Fact
from scheduler.domain.privacy.erasure import Words, unescaped
from scheduler.storage.columns import Json
from scheduler.storage.columns import Words as Text
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.privacy.held import OTHERS, Theirs
from scheduler.storage.tables import answers, facts, hook_deliveries, inbox, metadata

_facts = Rows(Fact, facts)
_WHOLE = (answers, hook_deliveries)
"""Tables whose rows are copies of what is told elsewhere: one that names a candidate goes as a whole."""
_APART = frozenset({"lw_facts", "lw_application_words", "lw_applications", "lw_inbox"})
_KEPT = frozenset(
    [
        "interview",
        "person",
        "people",
        "rows",
        "messages",
        "day",
        "until",
        "by",
        "kind",
        "kinds",
        "to",
        "link",
        "purpose",
        "proposal",
        "generation",
        "digest",
        "calendars",
        "template",
        "fix",
        "state",
        "user",
        "roles",
        "attention",
        "at",
        "replans",
        "overtaken",
        "owner",
        "horizon",
        "mode",
        "zone",
        "round",
    ]
)
"""What facts about a candidate's loops go on saying: ids, counts and instants; never a text that somebody wrote."""


def take_out(connection: sa.Connection, words: Words) -> dict[str, int]:
    """Put the pseudonym in the place of a candidate's words wherever texts hold them, but in facts; how many rows of
    each table that were."""
    counts = dict[str, int]()
    for table in _WHOLE:
        counts[table.name] = connection.execute(
            sa.delete(table).where(_named(connection, table, words))
        ).rowcount
    for table in metadata.sorted_tables:
        if table.name not in OTHERS | _APART and table not in _WHOLE:
            counts[table.name] = _replaced(connection, table, words)
    counts[inbox.name] = _emptied(connection, words)
    return {name: count for name, count in counts.items() if count}


def _subjects(theirs: Theirs) -> set[str]:
    """What facts about a candidate are about."""
    subjects = {f"{kind}:{id}" for kind in ("loop", "ledger") for id in theirs.loops}
    return subjects | {f"application:{id}" for id in theirs.applications}


def facts_of(connection: sa.Connection, theirs: Theirs, words: Words) -> list[dict[str, Any]]:
    """The facts about a candidate, or that name them, as rows."""
    mine = facts.c.subject.in_(sorted(_subjects(theirs))) | _named(connection, facts, words)
    query = sa.select(*(c for c in facts.c if c.name != "hash")).where(mine).order_by(facts.c.seq)
    return [dict(row) for row in connection.execute(query).mappings()]


def facts_about(connection: sa.Connection, theirs: Theirs, words: Words) -> list[Fact]:
    """The facts about a candidate, or that name them, as they are to be from now on."""
    subjects = _subjects(theirs)
    mine = facts.c.subject.in_(sorted(subjects)) | _named(connection, facts, words)
    found = connection.execute(sa.select(facts).where(mine).order_by(facts.c.seq)).mappings()
    changed = []
    for row in found:
        fact = _facts.value(row)
        after = _stripped(fact, words, about=fact.subject in subjects)
        if after != fact:
            changed.append(after)
    return changed


def _stripped(fact: Fact, words: Words, about: bool) -> Fact:
    data = dict(fact.data)
    if about:
        data = {key: value for key, value in data.items() if key in _KEPT}
    kind, _, id = fact.subject.partition(":")
    subject = f"{kind}:{words.ids[id]}" if kind == "application" and id in words.ids else fact.subject
    said = {n: words.out_of(getattr(fact, n)) for n in ("actor", "before", "after", "cause")}
    return replace(fact, subject=words.out_of(subject), data=words.out_of(data), **said)


def _texts(table: sa.Table) -> Iterator[sa.Column[Any]]:
    yield from (c for c in table.c if isinstance(c.type, Text | Json))


def _named(connection: sa.Connection, table: sa.Table, words: Words) -> sa.ColumnElement[bool]:
    """Whether a row holds one of the words."""
    texts = [sa.func.coalesce(sa.cast(column, sa.Text), "") for column in _texts(table)]
    if not texts:
        return sa.false()
    row: sa.ColumnElement[str] = texts[0]
    for text in texts[1:]:
        row = row + " " + text
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.create_function("lw_names", 1, lambda text: words.in_text(unescaped(text)))
        return sa.func.lw_names(row, type_=sa.Boolean)
    return row.op("~*", is_comparison=True, return_type=sa.Boolean())(words.regex())


def _replaced(connection: sa.Connection, table: sa.Table, words: Words) -> int:
    keys, count = list(table.primary_key), 0
    for row in connection.execute(sa.select(table).where(_named(connection, table, words))).mappings().all():
        now = {c.name: row[c.name] for c in _texts(table) if row[c.name] is not None}
        new = {name: after for name, value in now.items() if (after := words.out_of(value)) != value}
        if new:
            same = sa.and_(*(c == row[c.name] for c in keys))
            connection.execute(sa.update(table).where(same).values(new))
            count += 1
    return count


def _emptied(connection: sa.Connection, words: Words) -> int:
    """Messages of hiring systems that name them: their bodies are only read, so they go."""
    gone = []
    for row in connection.execute(sa.select(inbox).where(inbox.c.body != b"")):
        body = unescaped(row.body.decode("utf-8", "replace"))
        if words.in_text(f"{body} {row.about} {row.delivery_id} {row.outcome}"):
            gone.append(row.id)
    for id in gone:
        mine = sa.update(inbox).where(inbox.c.id == id)
        connection.execute(mine.values(body=b"", about="", delivery_id=id, outcome="erased"))
    return len(gone)
