"""Subscriptions to changes of a calendar (push)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lw_subscriptions",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "provider", "calendar", "resource", "url", "secret")
        ),
        *(sa.Column(name, _INSTANT, nullable=False) for name in ("expires_at", "created_at", "renew_at")),
        sa.PrimaryKeyConstraint("id", name="pk_lw_subscriptions"),
    )
