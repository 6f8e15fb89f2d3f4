"""`loopwright inbox`: what came in by webhook is listed, shown, and worked on once more.

Told by `tests/scheduler/cli/hiring/test_inbox.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.domain.errors import Missing
from scheduler.services.app import App
from scheduler.services.hiring import arriving
from scheduler.storage.repositories.inbox import Delivery

ACTOR = "command-line"


@contextmanager
def opened(data: Path | None) -> Iterator[App]:
    """The app of this folder, for one command."""
    runtime = wiring.build(config.load(data=data))
    try:
        wiring.migrate(runtime)
        yield runtime.app
    finally:
        runtime.close()


def _plain(value: Delivery) -> dict[str, Any]:
    return {
        "id": value.id,
        "source": value.source,
        "what": value.what,
        "about": value.about,
        "received_at": value.received_at.isoformat(),
        "outcome": value.outcome,
        "loop": value.loop,
    }


def listed(
    data: Path | None,
    connection: str | None,
    outcome: str | None,
    *,
    pending: bool,
    limit: int,
    as_json: bool,
) -> None:
    """The newest first."""
    with opened(data) as app, app.db.read() as tx:
        source = None if connection is None else f"{arriving.PREFIX}{connection}"
        found = tx.inbox.page(source=source, outcome="" if pending else outcome, limit=limit)
    if as_json:
        out.print_json(json.dumps([_plain(d) for d in found]))
        return
    table = Table("id", "received", "from", "what", "about", "outcome", title="Inbox")
    for d in found:
        received = d.received_at.isoformat(timespec="seconds")
        table.add_row(d.id, received, d.source, d.what, d.about, d.outcome or "waits to be worked on")
    out.print(table)


def show(data: Path | None, id: str, *, as_json: bool) -> None:
    """One message with its body."""
    with opened(data) as app, app.db.read() as tx:
        found = tx.inbox.get(id)
    if found is None:
        raise Missing("delivery", id)
    body = found.body.decode("utf-8", "replace")
    if as_json:
        out.print_json(json.dumps({**_plain(found), "body": body}))
        return
    for name, value in _plain(found).items():
        out.print(f"{name}: {value if value is not None else ''}", markup=False, highlight=False)
    out.print(body, markup=False, highlight=False, soft_wrap=True)


def replay(data: Path | None, id: str, *, as_json: bool) -> None:
    """Work on it once more; the jobs of `serve` or `work` do it."""
    with opened(data) as app:
        found = arriving.replay(app, id, ACTOR)
    if as_json:
        out.print_json(json.dumps(_plain(found)))
    else:
        out.print(f"{found.id} is worked on again", markup=False)
