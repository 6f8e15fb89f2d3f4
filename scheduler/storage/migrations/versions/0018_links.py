"""Links that open a page without signing in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lw_links",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "digest", "purpose", "loop", "person", "actor")
        ),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_links"),
        sa.UniqueConstraint("digest", name="uq_lw_links_digest"),
    )
    for name in ("loop", "person", "expires_at"):
        op.create_index(f"ix_lw_links_{name}", "lw_links", [name])
