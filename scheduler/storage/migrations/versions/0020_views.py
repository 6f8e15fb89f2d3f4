"""Views of the queue that people keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lw_views",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "person", "name", "query")),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_views"),
        sa.UniqueConstraint("person", "name", name="uq_lw_views_person_name"),
    )
