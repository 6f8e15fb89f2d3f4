"""The tables of what was forgotten on purpose: erasures of candidates, and facts that lost words by them.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.domain.privacy.erasure import Erasure
from scheduler.storage.columns import columns_of, number, words
from scheduler.storage.tables.meta import metadata

erasures = sa.Table("lw_erasures", metadata, *columns_of(Erasure))

redactions = sa.Table(
    "lw_redactions",
    metadata,
    number("seq", primary_key=True, autoincrement=False),
    words("erasure", primary_key=True),
    words("digest"),
)
