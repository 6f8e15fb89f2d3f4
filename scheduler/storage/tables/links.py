"""The tables of pages without sign-in: what opens them.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.storage.columns import instant, words
from scheduler.storage.tables.meta import metadata

links = sa.Table(
    "lw_links",
    metadata,
    words("id", primary_key=True),
    words("digest", unique=True),
    words("purpose"),
    words("loop"),
    words("person"),
    words("actor"),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    sa.Index("ix_lw_links_loop", "loop"),
    sa.Index("ix_lw_links_person", "person"),
    sa.Index("ix_lw_links_expires_at", "expires_at"),
)
