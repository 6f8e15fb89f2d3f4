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
    override: Annotated[str | None, typer.Option(help="Why a soft rule is broken: a code.")] = None,
    note: Annotated[str, typer.Option(help="More than the codes say, for colleagues.")] = "",
    data: Data = None,
    json_: Json = False,
) -> None:
    """Do exactly what was tried, if nothing has changed since."""
    from scheduler.cli.by_hand.doing import run_apply
    from scheduler.services.changing.applying import Why

    with told():
        run_apply(data, loop, changes, tried, Why(reason, override, note), as_json=json_)
