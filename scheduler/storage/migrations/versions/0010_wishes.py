"""When people pause, and what they would rather not do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for name in ("pauses", "avoid", "rather_not"):
        op.add_column("lw_people", sa.Column(name, _JSON, nullable=False, server_default="[]"))
