"""When everything of a loop is over, beside the loop: what needs a person is put in order by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_AT_ONCE = 500


def upgrade() -> None:
    op.add_column("lw_loops", sa.Column("last_at", _INSTANT, nullable=True))
    connection, after = op.get_bind(), ""
    page = sa.text(
        "SELECT id, CAST(horizon AS TEXT), CAST(windows AS TEXT) FROM lw_loops WHERE id > :after ORDER BY id LIMIT :most"
    )
    change = sa.text("UPDATE lw_loops SET last_at = :at WHERE id = :id")
    while rows := connection.execute(page, {"after": after, "most": _AT_ONCE}).all():
        after = rows[-1][0]
        written = connection.dialect.name == "sqlite"
        values = [{"id": id, "at": _last(json.loads(h), json.loads(w), written)} for id, h, w in rows]
        connection.execute(change, values)
    op.create_index("ix_lw_loops_last_at", "lw_loops", ["state", "last_at", "state_at", "owner", "id"])


def _last(horizon: Any, windows: Any, written: bool) -> datetime | str:
    """The end of the horizon or of the last window, whichever is first; on SQLite as text of fixed width."""
    end = datetime.fromisoformat(horizon["end"])
    ends = [datetime.fromisoformat(window["end"]) for window in windows]
    at = (min(end, max(ends)) if ends else end).astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z" if written else at
