"""What `loopwright privacy` does.

Told by `tests/scheduler/cli/test_privacy.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table

from scheduler import config, wiring
from scheduler.api.privacy.routes import ErasureOut
from scheduler.cli.faults import out
from scheduler.cli.hiring.inbox import ACTOR, opened
from scheduler.domain.errors import BadInput
from scheduler.domain.privacy.erasure import ErasureState
from scheduler.services.again import Again
from scheduler.services.privacy import erasing, exporting, keeping


def erase(data: Path | None, email: str, application: str, *, sure: bool, as_json: bool) -> None:
    """Ask for it, and go on with it as far as that is possible here; a worker does the rest."""
    if not sure:
        raise BadInput(
            "--yes", "is missing: an erasure cannot be undone", "look at `privacy export` first, then give it"
        )
    with opened(data) as app:
        asked = erasing.ask(app, ACTOR, email, application)
        try:
            asked = erasing.work(app, asked.id)
        except Again:
            with app.db.read() as tx:
                asked = tx.erasures.get(asked.id) or asked
    if as_json:
        out.print_json(ErasureOut.of(asked).model_dump_json())
        return
    out.print(f"{asked.id}: {asked.pseudonym} stands for the candidate from now on", markup=False)
    if asked.state is not ErasureState.DONE:
        out.print(
            f"goes on while `loopwright serve` or `work` runs: {asked.waits or 'it has begun'}", markup=False
        )
    for name, count in asked.counts.items():
        out.print(f"  {count} {name.removeprefix('lw_')}", markup=False)
    out.print("What is left to others:")
    for line in asked.outside:
        out.print(f"- {line}", markup=False)


def listed(data: Path | None, *, as_json: bool) -> None:
    """The newest first."""
    with opened(data) as app, app.db.read() as tx:
        rows = tx.erasures.list()
    if as_json:
        out.print_json(json.dumps([ErasureOut.of(row).model_dump(mode="json") for row in rows]))
        return
    table = Table("id", "asked", "state", "", title="Erasures")
    for row in rows:
        table.add_row(row.id, f"{row.asked_at:%Y-%m-%d %H:%M}", row.state.value, row.waits)
    out.print(table)


def export(data: Path | None, email: str, application: str) -> None:
    """On standard output, to be kept in a file."""
    with opened(data) as app:
        found = exporting.export(app, email, application, needs=True)
    out.print_json(json.dumps(found))


def keep(data: Path | None) -> None:
    """One round of what is done daily."""
    runtime = wiring.build(config.load(data=data))
    try:
        done = keeping.keep(runtime.app, runtime.periodic().kept)
    finally:
        runtime.close()
    for name, count in done.counts.items():
        out.print(f"{count} {name}", markup=False)
