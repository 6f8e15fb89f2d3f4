"""`loopwright batch`: several loops planned as one, from the command line.

Told by `tests/scheduler/cli/test_batch.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Loop
from scheduler.domain.proposals import Batch, Proposal
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.asking import batches
from scheduler.services.asking.batches import BatchRequest, Repack

ACTOR = "command-line"


@contextmanager
def _opened(data: Path | None) -> Iterator[App]:
    runtime = wiring.build(config.load(data=data))
    try:
        wiring.migrate(runtime)
        yield runtime.app
    finally:
        runtime.close()


def ask(data: Path | None, request: BatchRequest, *, as_json: bool) -> None:
    """Ask for a batch; whoever runs the jobs plans it."""
    with _opened(data) as app:
        _show(app, batches.ask(app, request, ACTOR), as_json=as_json)


def show(data: Path | None, batch_id: str, *, as_json: bool) -> None:
    """How far a batch is, and what each loop is offered."""
    with _opened(data) as app:
        _show(app, batches.get(app, batch_id), as_json=as_json)


def choose(data: Path | None, batch_id: str, *, as_json: bool) -> None:
    """Say yes to the whole plan; the status is 1 where a loop could not be had."""
    with _opened(data) as app:
        found = batches.choose(app, batch_id, ACTOR)
    if as_json:
        out.print_json(json.dumps([{"loop": c.loop, "fault": c.fault} for c in found]))
    else:
        for one in found:
            out.print(f"{one.loop}: {one.fault or 'is being booked'}")
    if any(c.fault for c in found):
        raise typer.Exit(1)


def repack(
    data: Path | None,
    batch_id: str,
    lock: Sequence[str],
    leave_out: Sequence[str],
    priority: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Plan what is not booked once more."""
    with _opened(data) as app:
        changed = batches.repack(app, batch_id, ACTOR, Repack(lock, leave_out, priorities(priority)))
        _show(app, changed, as_json=as_json)


def cancel(data: Path | None, batch_id: str, *, as_json: bool) -> None:
    """Call a batch off; what is booked stays booked."""
    with _opened(data) as app:
        _show(app, batches.cancel(app, batch_id, ACTOR), as_json=as_json)


def priorities(texts: Sequence[str]) -> Mapping[str, int]:
    """``ID=2`` as what leaving the loop out weighs. Raises `BadInput`."""
    found = {}
    for text in texts:
        id, equals, value = text.rpartition("=")
        if not equals or not value.isdecimal():
            raise BadInput("--priority", f"{text!r} is none", "write ID=1, ID=2 or ID=3")
        found[id] = int(value)
    return found


def _show(app: App, batch: Batch, *, as_json: bool) -> None:
    with app.db.read() as tx:
        loops, plans = batches.told(tx, batch)
    rows = [_row(batch, loops[id], plans.get(id)) for id in batch.loops if id in loops]
    now = batch.progress
    if as_json:
        progress = {"placed": now.placed, "loops": now.loops, "price": now.price, "bound": now.bound}
        out.print_json(
            json.dumps({"id": batch.id, "state": batch.state.value, "progress": progress, "loops": rows})
        )
        return
    out.print(f"{batch.id} is {batch.state.value}: {now.placed} of {len(rows)} placed")
    table = Table("loop", "application", "state", "when", "why not")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("loop", "application", "state", "when", "why")))
    out.print(table)


def _row(batch: Batch, loop: Loop, plan: Proposal | None) -> dict[str, Any]:
    when = ""
    if plan is not None:
        tz = zone(batch.zone)
        start = min(i.span.start for i in plan.interviews).astimezone(tz)
        end = max(i.span.end for i in plan.interviews).astimezone(tz)
        when = f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} ({batch.zone})"
    return {
        "loop": loop.id,
        "application": loop.application,
        "state": loop.state.value,
        "proposal": plan.id if plan else None,
        "when": when,
        "why": " ".join([*(r.text for r in loop.reasons), *loop.fixes]),
    }
