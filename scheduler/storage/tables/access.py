"""The tables of those who ask.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.storage.columns import flag, instant, json, words
from scheduler.storage.tables.meta import metadata

users = sa.Table(
    "lw_users",
    metadata,
    words("id", primary_key=True),
    words("name"),
    words("email"),
    words("person"),
    json("grants"),
    json("assists"),
    flag("active"),
    instant("created_at"),
)

tokens = sa.Table(
    "lw_tokens",
    metadata,
    words("id", primary_key=True),
    words("name"),
    words("digest"),
    json("grants"),
    instant("created_at"),
    words("created_by"),
    instant("expires_at"),
    words("user"),
    instant("used_at", nullable=True),
    sa.UniqueConstraint("digest", name="uq_lw_tokens_digest"),
)

sessions = sa.Table(
    "lw_sessions",
    metadata,
    words("id", primary_key=True),
    words("digest"),
    words("user"),
    words("browser"),
    instant("created_at"),
    instant("used_at"),
    instant("expires_at"),
    sa.UniqueConstraint("digest", name="uq_lw_sessions_digest"),
)

identities = sa.Table(
    "lw_identities",
    metadata,
    words("issuer", primary_key=True),
    words("subject", primary_key=True),
    words("user"),
    instant("created_at"),
)

sign_ins = sa.Table(
    "lw_sign_ins",
    metadata,
    words("digest", primary_key=True),
    words("user"),
    instant("expires_at"),
)
