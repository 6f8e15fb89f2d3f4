"""What loops, interviews and facts are found by: owners, words, and an index for each question."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_BATCH = 1000
_COPIED = ("owner", "job", "stage", "template_id")
_BY_STATE = ("state", "created_at", "id")

_loops = sa.table(
    "lw_loops",
    sa.column("id", sa.Text()),
    sa.column("application", sa.Text()),
    sa.column("template", _JSON),
    sa.column("labels", _JSON),
    *(sa.column(name, sa.Text()) for name in _COPIED),
)
_APPLIED = ("id", "candidate_name", "candidate_email", "job", "recruiter", "stage")
_applications = sa.table("lw_applications", *(sa.column(name, sa.Text()) for name in _APPLIED))
_facts = sa.table(
    "lw_facts",
    sa.column("seq", sa.BigInteger()),
    sa.column("at", _INSTANT),
    sa.column("actor", sa.Text()),
    sa.column("subject", sa.Text()),
    sa.column("data", sa.JSON()),
)


def upgrade() -> None:
    for name in _COPIED:
        op.add_column("lw_loops", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "lw_loops", sa.Column("owner_given", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _fill_loops()
    op.drop_index("ix_lw_loops_state", "lw_loops")
    op.create_index("ix_lw_loops_state", "lw_loops", list(_BY_STATE))
    for name in _COPIED:
        op.create_index(f"ix_lw_loops_{name}", "lw_loops", [name, *_BY_STATE])
    op.create_index("ix_lw_interviews_start_at", "lw_interviews", ["start_at", "id"])
    _words()
    op.create_index("ix_lw_facts_at", "lw_facts", ["at", "seq"])
    for name in ("actor", "what"):
        op.create_index(f"ix_lw_facts_{name}", "lw_facts", [name, "at", "seq"])
    _people()


def _fill_loops() -> None:
    connection, a = op.get_bind(), _applications.c
    query = sa.select(_loops.c.id, _loops.c.template, _loops.c.labels, a.job, a.recruiter, a.stage).join(
        _applications, a.id == _loops.c.application
    )
    rows = [
        {
            "the_id": row.id,
            "owner": row.recruiter,
            "job": row.job,
            "stage": row.labels.get("stage") or row.stage,
            "template_id": row.template["id"],
        }
        for row in connection.execute(query)
    ]
    change = sa.update(_loops).where(_loops.c.id == sa.bindparam("the_id"))
    for n in range(0, len(rows), _BATCH):
        connection.execute(
            change.values({name: sa.bindparam(name) for name in _COPIED}), rows[n : n + _BATCH]
        )


def _words() -> None:
    table = op.create_table(
        "lw_application_words",
        sa.Column("word", _WORD, nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application"], ["lw_applications.id"], name="fk_lw_application_words_application"
        ),
        sa.PrimaryKeyConstraint("word", "application", name="pk_lw_application_words"),
    )
    op.create_index("ix_lw_application_words_application", "lw_application_words", ["application"])
    connection = op.get_bind()
    rows = [
        {"word": word, "application": row.id}
        for row in connection.execute(sa.select(_applications))
        for word in sorted(_split(f"{row.candidate_name} {row.candidate_email} {row.job} {row.id}"))
    ]
    for n in range(0, len(rows), _BATCH):
        connection.execute(sa.insert(table), rows[n : n + _BATCH])


def _split(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return {word[:64] for word in re.findall(r"[^\W_]+", plain)}


def _people() -> None:
    table = op.create_table(
        "lw_fact_people",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "at", "seq", name="pk_lw_fact_people"),
    )
    connection, seq = op.get_bind(), 0
    query = sa.select(_facts).where(_facts.c.seq > sa.bindparam("last")).order_by(_facts.c.seq).limit(_BATCH)
    while batch := connection.execute(query, {"last": seq}).all():
        rows = [{"person": p, "at": row.at, "seq": row.seq} for row in batch for p in sorted(_named(row))]
        if rows:
            connection.execute(sa.insert(table), rows)
        seq = batch[-1].seq


def _named(row: Any) -> set[str]:
    found = {text.removeprefix("person:") for text in (row.actor, row.subject) if text.startswith("person:")}
    reasons = row.data.get("reasons")
    for part in (row.data, *(reasons if isinstance(reasons, list) else ())):
        people, person = part.get("people"), part.get("person")
        found |= {p for p in people if isinstance(p, str)} if isinstance(people, list) else set()
        found |= {person} if isinstance(person, str) else set()
    return found - {""}
