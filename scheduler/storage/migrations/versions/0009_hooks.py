"""Webhooks that we send: who wants them, and every message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "lw_hooks",
        *_texts("id", "url", "state", "secret", "why"),
        sa.Column("types", _JSON, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("failing_since", _INSTANT, nullable=True),
        sa.Column("rest_until", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_hooks"),
    )
    op.create_table(
        "lw_hook_deliveries",
        *_texts("id", "hook", "type", "body", "state", "error"),
        *_numbers("fact", "attempts", "status"),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("noted_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_hook_deliveries"),
    )
    for name, columns in {
        "due": ["state", "hook", "due_at"],
        "hook": ["hook", "fact", "id"],
        "noted_at": ["noted_at"],
    }.items():
        op.create_index(f"ix_lw_hook_deliveries_{name}", "lw_hook_deliveries", columns)
