"""Browsers that have signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lw_sessions",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "digest", "user", "browser")),
        *(sa.Column(name, _INSTANT, nullable=False) for name in ("created_at", "used_at", "expires_at")),
        sa.PrimaryKeyConstraint("id", name="pk_lw_sessions"),
        sa.UniqueConstraint("digest", name="uq_lw_sessions_digest"),
    )
