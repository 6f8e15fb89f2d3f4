"""`loopwright automations`: listed, tried on a recorded message, paused and resumed.

Told by `tests/scheduler/cli/hiring/test_automations.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from scheduler.cli.faults import out
from scheduler.cli.hiring.inbox import ACTOR, opened
from scheduler.domain.errors import BadInput
from scheduler.domain.hiring.automations import ALL
from scheduler.services.hiring import automating, stopping, trying


def listed(data: Path | None, *, as_json: bool) -> None:
    """Every automation, and which are paused."""
    with opened(data) as app, app.db.read() as tx:
        rules, paused = automating.rules(tx), tx.automations.pauses()
    rows: list[dict[str, Any]] = [
        {
            "id": r.id,
            "job": r.job,
            "stage": r.stage,
            "template": r.template,
            "mode": r.mode.value,
            "paused": r.id in paused or ALL in paused,
        }
        for r in rules
    ]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table("id", "job", "stage", "template", "mode", "", title="Automations")
    for row in rows:
        job, mark = row["job"] or "any", "paused" if row["paused"] else ""
        table.add_row(row["id"], job, row["stage"], row["template"], row["mode"], mark)
    out.print(table)


def tried(data: Path | None, file: Path, connection: str | None, *, as_json: bool) -> None:
    """What a recorded message would do; nothing is done."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadInput(
            "FILE", f"{file} cannot be read: {error.strerror}", "name a recorded message"
        ) from None
    with opened(data) as app:
        found = trying.tried(app, body, connection)
    if as_json:
        out.print_json(json.dumps(found.plain()))
        return
    for line in found.lines():
        out.print(line, markup=False, highlight=False)


def pause(data: Path | None, id: str | None) -> None:
    """Start nothing more by it, or by any."""
    with opened(data) as app, app.db.write() as tx:
        stopping.pause(app, tx, id or ALL, ACTOR)
    out.print(f"{id or 'every automation'} is paused; what comes meanwhile waits", markup=False)


def resume(data: Path | None, id: str | None) -> None:
    """Go on; what waited is looked at by the jobs."""
    with opened(data) as app, app.db.write() as tx:
        waited = stopping.resume(app, tx, id or ALL, ACTOR)
    out.print(f"{id or 'every automation'} goes on; {waited} waited", markup=False)
