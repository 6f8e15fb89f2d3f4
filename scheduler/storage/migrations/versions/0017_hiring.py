"""Hiring systems that are connected, and what they told of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _words(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _INSTANT, nullable=nullable)


def upgrade() -> None:
    op.add_column("lw_loops", sa.Column("undo_minutes", sa.BigInteger(), nullable=True))
    op.add_column("lw_inbox", sa.Column("about", sa.Text(), nullable=False, server_default=""))
    op.add_column("lw_inbox", sa.Column("what", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_lw_inbox_received_at", "lw_inbox", ["received_at", "id"])
    op.create_table(
        "lw_connections",
        *(_words(name) for name in ("id", "system", "name")),
        _instant("created_at"),
        *(_words(name) for name in ("secret", "old_secret")),
        _instant("old_until", nullable=True),
        _words("credentials"),
        sa.Column("writes", sa.Boolean(), nullable=False),
        _instant("swept_at", nullable=True),
        _words("fault"),
        _instant("fault_since", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_connections"),
    )
    op.create_table(
        "lw_matches",
        *(_words(name) for name in ("connection", "kind", "theirs", "ours", "label", "how")),
        sa.PrimaryKeyConstraint("connection", "kind", "theirs", name="pk_lw_matches"),
    )
    op.create_table(
        "lw_automations",
        _words("id"),
        sa.Column("body", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_automations"),
    )
    op.create_table(
        "lw_pauses",
        _words("id"),
        _instant("at"),
        _words("actor"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_pauses"),
    )
    op.create_table(
        "lw_readings",
        *(_words(name) for name in ("connection", "application")),
        _instant("began_at"),
        *(_words(name) for name in ("standing", "visit")),
        _instant("entered_at", nullable=True),
        sa.PrimaryKeyConstraint("connection", "application", name="pk_lw_readings"),
    )
    _advances()
    op.create_table(
        "lw_written",
        *(_words(name) for name in ("interview", "connection", "theirs", "digest")),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        _words("error"),
        sa.PrimaryKeyConstraint("interview", name="pk_lw_written"),
    )


def _advances() -> None:
    op.create_table(
        "lw_advances",
        *(_words(name) for name in ("id", "connection", "application", "visit", "job", "stage")),
        *(_instant(name) for name in ("entered_at", "noted_at")),
        *(_words(name) for name in ("state", "why")),
        sa.Column("missing", _JSON, nullable=False),
        _words("automation"),
        _words("loop", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_advances"),
        sa.UniqueConstraint(
            "connection", "application", "visit", name="uq_lw_advances_connection_application_visit"
        ),
    )
    op.create_index("ix_lw_advances_state", "lw_advances", ["state", "noted_at", "id"])
    op.create_index("ix_lw_advances_loop", "lw_advances", ["loop"])
