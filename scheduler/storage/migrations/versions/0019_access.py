"""Accounts of people and tokens of programs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, _JSON, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _INSTANT, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "lw_users",
        *(_words(name) for name in ("id", "name", "email", "person")),
        _json("grants"),
        _json("assists"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_users"),
    )
    op.create_table(
        "lw_tokens",
        *(_words(name) for name in ("id", "name", "digest")),
        _json("grants"),
        _instant("created_at"),
        _words("created_by"),
        _instant("expires_at"),
        _words("user"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_tokens"),
        sa.UniqueConstraint("digest", name="uq_lw_tokens_digest"),
    )
