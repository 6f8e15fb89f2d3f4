"""`loopwright archive`: what is over is put away now, and not only once a day.

Told by `tests/scheduler/services/test_archiving.py`.
"""

from __future__ import annotations

from pathlib import Path

import typer

from scheduler import config, wiring
from scheduler.cli.faults import err, out
from scheduler.services import archiving


def run(data: Path | None, days: int | None) -> None:
    """Print what was put away. Ends with status 1 where a calendar could not be."""
    settings = config.load(data=data)
    runtime = wiring.build(settings)
    try:
        wiring.migrate(runtime)
        done = archiving.archive(runtime.app, settings.archive_days if days is None else days)
    finally:
        runtime.close()
    told = {"events": done.events, **done.others}
    out.print("put away: " + ", ".join(f"{count} {name}" for name, count in told.items()))
    for line in done.faults:
        err.print(line, markup=False)
    if done.faults:
        raise typer.Exit(1)
