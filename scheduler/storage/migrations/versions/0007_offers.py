"""What is on offer is found at once, and how often a loop lost its plan to a calendar is counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_lw_proposals_state", "lw_proposals", ["state", "created_at"])
    op.add_column("lw_loops", sa.Column("overtaken", sa.BigInteger(), nullable=False, server_default="0"))
