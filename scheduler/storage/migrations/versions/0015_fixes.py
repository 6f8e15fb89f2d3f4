"""What would help loops without a plan, as data, and what loops were let off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "lw_fixes",
        *_texts("loop", "id", "text", "how", "state", "actor"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("effort", sa.BigInteger(), nullable=False),
        sa.Column("changes", _JSON, nullable=False),
        sa.Column("people", _JSON, nullable=False),
        sa.Column("plan", _JSON, nullable=False),
        sa.Column("at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("loop", "id", name="pk_lw_fixes"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_fixes_loop"),
    )
    op.create_table(
        "lw_exemptions",
        *_texts("loop", "fix", "actor", "reason", "note"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("change", _JSON, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("loop", "fix", "position", name="pk_lw_exemptions"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_exemptions_loop"),
    )
