"""Everything that is stored about a candidate, as one JSON document, for whoever asks what is known about them.

Told by `tests/scheduler/services/privacy/test_exporting.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.domain.privacy.erasure import Words, searchable
from scheduler.services.app import App
from scheduler.services.privacy import outside
from scheduler.services.privacy.erasing import whose

NEEDS_KEPT_BACK = (
    "kept back: shown to the application's recruiter and coordinator, and to `loopwright privacy export`"
)


def export(app: App, email: str = "", application: str = "", *, needs: bool) -> dict[str, Any]:
    """By table, every row about the candidate; ``outside`` says where else something may lie. What they need is in it
    where ``needs`` says so. Raises `Missing`, `BadInput`."""
    with app.db.read() as tx:
        mine = whose(tx, email, application)
        names, addresses = ({a.candidate.name for a in mine}, {a.candidate.email for a in mine})
        shared = tx.candidates.shared(
            names, addresses, [a.id for a in mine]
        )  # what is said of another of that name is theirs
        said = Words(
            "",
            tuple(sorted(n for n in names - shared if searchable(n))),
            tuple(sorted(addresses - shared)),
            {a.id: a.id for a in mine},
        )
        found = tx.candidates.everything(tx.candidates.theirs(mine), said)
        left = outside.lines(tx)
    tables = {name.removeprefix("lw_"): [_plain(row) for row in rows] for name, rows in found.items()}
    if not needs:
        for row in tables.get("applications", []):
            row["accommodation"] = NEEDS_KEPT_BACK
    return {
        "at": app.clock().isoformat(),
        "candidate": mine[0].candidate.email,
        "stored": tables,
        "outside": [*left],
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    """As JSON has it; a message that came as JSON is shown as what it says."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return value
