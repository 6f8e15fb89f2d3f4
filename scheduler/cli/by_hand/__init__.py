"""A loop changed by hand from the command line.

Told by `tests/scheduler/cli/test_by_hand.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli.faults import told
from scheduler.cli.options import Data, Json

commands = typer.Typer()
Changes = Annotated[str, typer.Argument(help="A file of changes as the API has them (JSON); - reads them.")]
Loop = Annotated[str, typer.Argument(help="The id of the loop.")]


@commands.command("try")
def try_(loop: Loop, changes: Changes, data: Data = None, json_: Json = False) -> None:
    """Try changes of a loop by hand, and change nothing."""
    from scheduler.cli.by_hand.doing import run_try

    with told():
        run_try(data, loop, changes, as_json=json_)


@commands.command()
def apply(
    loop: Loop,
    changes: Changes,
    tried: Annotated[Path, typer.Option(help="The answer of `try --json` to the same changes.")],
    reason: Annotated[str | None, typer.Option(help="Why: a code of the company's reasons.")] = None,
    override: Annotated[
        str | None, typer.Option(help="Why a soft rule is broken, or a fix lets the loop off one: a code.")
    ] = None,
    fix: Annotated[
        str | None, typer.Option(help="Of a refused try: which of its fixes to carry out.")
    ] = None,
    note: Annotated[str, typer.Option(help="More than the codes say, for colleagues.")] = "",
    data: Data = None,
    json_: Json = False,
) -> None:
    """Do exactly what was tried, if nothing has changed since; or what a fix of it says."""
    from scheduler.cli.by_hand.doing import run_apply
    from scheduler.services.changing.applying import Why

    with told():
        run_apply(data, loop, changes, tried, Why(reason, override, note), fix, as_json=json_)


@commands.command()
def undo(
    loop: Loop,
    reason: Annotated[str | None, typer.Option(help="Why: a code of the company's reasons.")] = None,
    note: Annotated[str, typer.Option(help="More than the code says, for colleagues.")] = "",
    data: Data = None,
    json_: Json = False,
) -> None:
    """Undo the last change of a loop by hand."""
    from scheduler.cli.by_hand.doing import run_undo

    with told():
        run_undo(data, loop, reason, note, as_json=json_)
