"""What people wrote beside their answers, and where an event was moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("lw_seats", sa.Column("comment", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "lw_interviews",
        sa.Column("elsewhere", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
    )
