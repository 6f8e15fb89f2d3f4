"""What all tables have in common.

Told by `tests/scheduler/storage/test_migrations.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

PREFIX = "lw_"
"""The job engine keeps its tables beside ours on SQLite: ours are the ones with this prefix."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
