"""A candidate's time is kept by person, no longer by application.

Where one person was booked twice at a time through two applications, the later row keeps its old subject:
it is given back with its loop, and new plans go around the other one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KIND = "candidate"
_reservations = sa.table(
    "lw_reservations", *(sa.column(name) for name in ("subject", "start_at", "end_at", "loop"))
)
_loops = sa.table("lw_loops", sa.column("id"), sa.column("application"))
_applications = sa.table("lw_applications", sa.column("id"), sa.column("candidate_email"))


def upgrade() -> None:
    r, a = _reservations.c, _applications.c
    address = (
        sa.select(r.subject, r.start_at, r.end_at, a.candidate_email)
        .join(_loops, _loops.c.id == r.loop)
        .join(_applications, a.id == _loops.c.application)
        .where(r.subject.startswith(_KIND + ":"))
        .order_by(r.start_at, r.subject)
    )
    connection = op.get_bind()
    until: dict[str, Any] = {}
    for row in connection.execute(address).all():
        subject = _subject(row.candidate_email)
        if subject in until and row.start_at < until[subject]:
            continue
        until[subject] = row.end_at
        mine = (r.subject == row.subject) & (r.start_at == row.start_at)
        connection.execute(sa.update(_reservations).where(mine).values(subject=subject))


def _subject(address: str) -> str:
    folded = unicodedata.normalize("NFC", address.strip()).casefold()
    return f"{_KIND}:{hashlib.sha256(b'loopwright/candidate/' + folded.encode()).hexdigest()[:32]}"
