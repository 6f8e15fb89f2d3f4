"""What a hiring system does not show yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lw_showing",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("loop", "connection")),
        sa.Column("fact", sa.BigInteger(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("loop", name="pk_lw_showing"),
    )
    op.create_index("ix_lw_showing_due_at", "lw_showing", ["due_at"])
