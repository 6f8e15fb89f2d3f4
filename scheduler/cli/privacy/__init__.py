"""`loopwright privacy`: a candidate is erased or exported; what is kept how long.

Told by `tests/scheduler/cli/test_privacy.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli.faults import told

Data = Annotated[Path | None, typer.Option("--data", help="Folder of everything that is kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Email = Annotated[str, typer.Option("--email", help="The candidate's address.")]
Application = Annotated[
    str, typer.Option("--application", help="Instead: the id of one of their applications.")
]

privacy = typer.Typer(
    help="Candidates' data: erase, export, keep no longer than needed.", no_args_is_help=True
)


@privacy.command()
def erase(
    email: Email = "",
    application: Application = "",
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be undone, and I know.")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Erase a candidate with all their applications."""
    from scheduler.cli.privacy.doing import erase

    with told():
        erase(data, email, application, sure=yes, as_json=json_)


@privacy.command()
def erasures(data: Data = None, json_: Json = False) -> None:
    """Every erasure, and how far it is."""
    from scheduler.cli.privacy.doing import listed

    with told():
        listed(data, as_json=json_)


@privacy.command()
def export(email: Email = "", application: Application = "", data: Data = None) -> None:
    """Print everything that is stored about a candidate, as JSON."""
    from scheduler.cli.privacy.doing import export

    with told():
        export(data, email, application)


@privacy.command()
def keep(data: Data = None) -> None:
    """Let go now of what is older than the settings say, as is done once a day."""
    from scheduler.cli.privacy.doing import keep

    with told():
        keep(data)
