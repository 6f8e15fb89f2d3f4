"""The secret of a hook is changed without a gap, and lies in no answer that is kept."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("lw_hooks", sa.Column("old_secret", sa.Text(), nullable=False, server_default=""))
    op.add_column("lw_hooks", sa.Column("old_until", _INSTANT, nullable=True))
    _cover()


def _cover() -> None:
    """Put digests in place of the secrets in answers that were kept before."""
    connection = op.get_bind()
    kept = sa.table("lw_answers", sa.column("key"), sa.column("route"), sa.column("body"))
    mine = kept.c.route == "POST /hooks"
    for key, body in connection.execute(sa.select(kept.c.key, kept.c.body).where(mine)).all():
        value = json.loads(body) if body else {}
        if "secret" in value:
            digest = hashlib.sha256(value["secret"].encode()).hexdigest()
            covered = json.dumps({**value, "secret": f"sha256:{digest}"})
            connection.execute(sa.update(kept).where(mine, kept.c.key == key).values(body=covered))
