"""`loopwright load` and `loopwright migrate`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.demo.company import MARK, demo_company
from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput
from scheduler.services.company.load import load
from scheduler.services.company.notes import Note, holiday_notes
from scheduler.services.company.read import read_company_file
from scheduler.storage.clock import machine


def run_load(file: Path, data: Path | None, *, check: bool) -> None:
    company = read_company_file(file)
    counts = (
        f"{len(company.people)} people, {len(company.pools)} pools, {len(company.rooms)} rooms, "
        f"{len(company.templates)} templates"
    )
    notes = list(holiday_notes(company.sites, machine().date()))
    if check:
        out.print(f"{company.name}: {counts}: good")
        _tell(notes)
        return
    settings = config.load(data=data)
    _keep_apart_from_the_demo(settings.data, company)
    runtime = wiring.build(settings)
    try:
        wiring.migrate(runtime)
        with runtime.app.db.write() as tx:
            load(runtime.app, tx, company)
        made = wiring.make_organizers_calendar(runtime)
    finally:
        runtime.close()
    out.print(f"{company.name}: {counts}: loaded")
    if made is not None:
        out.print(f"made the organizer's calendar: {made}")
    _tell(notes)


def _keep_apart_from_the_demo(data: Path, company: Company) -> None:
    """Beside the demo's loops another company would inherit their troubles, and ``demo --fresh`` would empty
    its folder."""
    if (data / MARK).exists() and company.organizer != demo_company().organizer:
        fix = "give the company a folder of its own with --data DIR or LOOPWRIGHT_DATA"
        raise BadInput("--data", f"{data} is the demo's folder, which demo --fresh empties", fix)


def _tell(notes: Iterable[Note]) -> None:
    for note in notes:
        out.print(f"note: {note}", soft_wrap=True)


def run_migrate(data: Path | None) -> None:
    runtime = wiring.build(config.load(data=data))
    try:
        wiring.migrate(runtime)
    finally:
        runtime.close()
    out.print("the database is at its newest form")
