"""Which days of its country's calendar a site keeps, and its half days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    # with a default, for the program before this one writes sites without it
    op.add_column("lw_sites", sa.Column("closing", _JSON, nullable=False, server_default="{}"))
