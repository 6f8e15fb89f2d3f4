"""Several loops planned as one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lw_batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hours", _JSON, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("loops", _JSON, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("made", _JSON, nullable=False),
        sa.Column("locked", _JSON, nullable=False),
        sa.Column("priority", _JSON, nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("progress", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_batches"),
    )
    op.create_index("ix_lw_batches_state", "lw_batches", ["state", "created_at"])
