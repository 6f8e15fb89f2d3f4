"""`loopwright load` and `loopwright migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.domain.errors import BadInput
from scheduler.services.company import read_company

MAX_BYTES = 2_000_000


def read_file(file: Path) -> tuple[str, Literal["yaml", "toml"]]:
    """Text and syntax (``yaml`` or ``toml``) of a company file. Raises `BadInput`."""
    suffix = file.suffix.lower().lstrip(".")
    syntaxes: dict[str, Literal["yaml", "toml"]] = {"yml": "yaml", "yaml": "yaml", "toml": "toml"}
    syntax = syntaxes.get(suffix)
    if syntax is None:
        raise BadInput(str(file), "is neither .yaml nor .toml", "rename it or write one of these")
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadInput(str(file), "is larger than 2 MB", "split it or leave out what is not needed")
        return file.read_text(encoding="utf-8"), syntax
    except OSError as error:
        raise BadInput(str(file), f"cannot be read: {error.strerror}", "name an existing file") from None
    except UnicodeDecodeError as error:
        raise BadInput(str(file), f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None


def run_load(file: Path, data: Path | None, *, check: bool) -> None:
    text, syntax = read_file(file)
    company = read_company(text, syntax, str(file))
    counts = (
        f"{len(company.people)} people, {len(company.pools)} pools, {len(company.rooms)} rooms, "
        f"{len(company.templates)} templates"
    )
    if check:
        out.print(f"{company.name}: {counts}: good", markup=False)
        return
    runtime = wiring.build(config.load(data=data))
    try:
        wiring.migrate(runtime)
        with runtime.app.db.write() as tx:
            tx.company.replace(company, runtime.app.clock())
    finally:
        runtime.close()
    out.print(f"{company.name}: {counts}: loaded", markup=False)


def run_migrate(data: Path | None) -> None:
    runtime = wiring.build(config.load(data=data))
    try:
        wiring.migrate(runtime)
    finally:
        runtime.close()
    out.print("the database is at its newest form")
