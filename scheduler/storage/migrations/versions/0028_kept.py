"""Until when somebody has a plan's times kept free by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("lw_proposals", sa.Column("kept_until", _INSTANT, nullable=True))
