"""Tables that refer to no other: webhooks that we send, what people said of what needs them, what can be undone.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.storage.columns import instant, json, number, words
from scheduler.storage.tables.meta import metadata

hooks = sa.Table(
    "lw_hooks",
    metadata,
    words("id", primary_key=True),
    words("url"),
    json("types"),
    words("state"),
    words("secret"),
    words("why"),
    instant("created_at"),
    instant("failing_since", nullable=True),
    instant("rest_until", nullable=True),
    words("old_secret"),
    instant("old_until", nullable=True),
)

hook_deliveries = sa.Table(
    "lw_hook_deliveries",
    metadata,
    words("id", primary_key=True),
    words("hook"),
    number("fact"),
    words("type"),
    words("body"),
    words("state"),
    instant("due_at"),
    instant("noted_at"),
    number("attempts"),
    number("status"),
    words("error"),
    instant("done_at", nullable=True),
    sa.Index("ix_lw_hook_deliveries_due", "state", "hook", "due_at"),
    sa.Index("ix_lw_hook_deliveries_hook", "hook", "fact", "id"),
    sa.Index("ix_lw_hook_deliveries_noted_at", "noted_at"),
)

attention = sa.Table(
    "lw_attention",
    metadata,
    words("id", primary_key=True),
    words("cause"),
    instant("since"),
    instant("updated_at"),
    words("actor"),
    words("taken_by"),
    instant("taken_at", nullable=True),
    instant("snoozed_until", nullable=True),
    instant("closed_at", nullable=True),
    words("reason"),
    words("note"),
)

calendar_faults = sa.Table(
    "lw_calendar_faults",
    metadata,
    words("subject", primary_key=True),
    words("code"),
    words("text"),
    instant("since"),
    instant("seen_at"),
)

views = sa.Table(
    "lw_views",
    metadata,
    words("id", primary_key=True),
    words("person"),
    words("name"),
    words("query"),
    instant("created_at"),
    sa.UniqueConstraint("person", "name"),
)

digests = sa.Table(
    "lw_digests",
    metadata,
    words("owner", primary_key=True),
    words("day"),
    instant("at"),
)

batches = sa.Table(
    "lw_batches",
    metadata,
    words("id", primary_key=True),
    words("state"),
    json("hours"),
    words("zone"),
    json("loops"),
    words("actor"),
    instant("created_at"),
    instant("updated_at"),
    json("made"),
    json("locked"),
    json("priority"),
    number("seconds"),
    number("round"),
    json("progress"),
    sa.Index("ix_lw_batches_state", "state", "created_at"),
)

undoables = sa.Table(
    "lw_undoables",
    metadata,
    words("loop", primary_key=True),
    instant("at"),
    words("actor"),
    number("generation"),
    json("then"),
    json("now"),
    json("was"),
    json("plan"),
    words("offer"),
    json("stale"),
    json("fixes"),
)
