"""What the last change of a loop by hand took the place of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lw_undoables",
        sa.Column("loop", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        *(sa.Column(name, _JSON, nullable=False) for name in ("then", "now", "was", "plan")),
        sa.Column("offer", sa.Text(), nullable=False),
        *(sa.Column(name, _JSON, nullable=False) for name in ("stale", "fixes")),
        sa.PrimaryKeyConstraint("loop", name="pk_lw_undoables"),
    )
