"""The tables of hiring systems: what is connected, known, told of and written there.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.storage.columns import flag, instant, json, number, words
from scheduler.storage.tables.meta import metadata

connections = sa.Table(
    "lw_connections",
    metadata,
    words("id", primary_key=True),
    words("system"),
    words("name"),
    instant("created_at"),
    words("secret"),
    words("old_secret"),
    instant("old_until", nullable=True),
    words("credentials"),
    flag("writes"),
    instant("swept_at", nullable=True),
    words("fault"),
    instant("fault_since", nullable=True),
)

matches = sa.Table(
    "lw_matches",
    metadata,
    words("connection", primary_key=True),
    words("kind", primary_key=True),
    words("theirs", primary_key=True),
    words("ours"),
    words("label"),
    words("how"),
)

automations = sa.Table("lw_automations", metadata, words("id", primary_key=True), json("body"))

pauses = sa.Table("lw_pauses", metadata, words("id", primary_key=True), instant("at"), words("actor"))

readings = sa.Table(
    "lw_readings",
    metadata,
    words("connection", primary_key=True),
    words("application", primary_key=True),
    instant("began_at"),
    words("standing"),
    words("visit"),
    instant("entered_at", nullable=True),
)

advances = sa.Table(
    "lw_advances",
    metadata,
    words("id", primary_key=True),
    words("connection"),
    words("application"),
    words("visit"),
    words("job"),
    words("stage"),
    instant("entered_at"),
    instant("noted_at"),
    words("state"),
    words("why"),
    json("missing"),
    words("automation"),
    words("loop", nullable=True),
    sa.UniqueConstraint("connection", "application", "visit"),
    sa.Index("ix_lw_advances_state", "state", "noted_at", "id"),
    sa.Index("ix_lw_advances_loop", "loop"),
)

showing = sa.Table(
    "lw_showing",
    metadata,
    words("loop", primary_key=True),
    words("connection"),
    number("fact"),
    instant("due_at", nullable=True),
    instant("since"),
    number("tries"),
    words("error"),
    sa.Index("ix_lw_showing_due_at", "due_at"),
)

written = sa.Table(
    "lw_written",
    metadata,
    words("interview", primary_key=True),
    words("connection"),
    words("theirs"),
    words("digest"),
    number("tries"),
    words("error"),
)
