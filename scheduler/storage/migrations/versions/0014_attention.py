"""What needs a person: since when a loop is where it is, what people said of a matter, calendars that could not be
read, and digests that were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("lw_loops", sa.Column("state_at", _INSTANT, nullable=True))
    op.execute("UPDATE lw_loops SET state_at = updated_at")
    op.create_table(
        "lw_attention",
        *_texts("id", "cause", "actor", "taken_by", "reason", "note"),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("taken_at", _INSTANT, nullable=True),
        sa.Column("snoozed_until", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_attention"),
    )
    op.create_table(
        "lw_calendar_faults",
        *_texts("subject", "code", "text"),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_lw_calendar_faults"),
    )
    op.create_table(
        "lw_digests",
        *_texts("owner", "day"),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_lw_digests"),
    )
