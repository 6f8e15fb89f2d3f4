"""Expected failures as one clear line each on standard error, and exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.exceptions import TyperException

from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError
from scheduler.storage.errors import Unavailable
from solver import ProblemError

out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, markup=False, emoji=False, highlight=False)
"""Ids, names and what services say are printed as they are: what is styled is styled as a value, never by
signs in a text."""
BAD_INPUT = 2


class Commands(TyperGroup):
    """The commands, whose misuse is told like any other bad input: in one line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """As the base class's, which draws a box around what it has to say."""
        call = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return call()
        try:
            code = call()
        except TyperException as error:
            _misused(error)
            code = error.exit_code
        except typer.Abort:
            code = 1
        sys.exit(code if isinstance(code, int) else 0)


def _misused(error: TyperException) -> None:
    """What was wrong and where the right use stands; nothing for a bare command, which shows its help."""
    text = error.format_message().strip()
    context = getattr(error, "ctx", None)
    if text and context is not None:
        text = f"{text.rstrip('.')}; see {context.command_path} --help"
    if text:
        err.print(text, style="red", soft_wrap=True)


@contextmanager
def told() -> Iterator[None]:
    """Print what a person can mend and end with status 2; everything else is a bug and is raised."""
    try:
        yield
    except Unavailable as error:
        err.print(
            f"database: {error}; is there room on its disk, and does its server run?",
            style="red",
            soft_wrap=True,
        )
        raise typer.Exit(BAD_INPUT) from None
    except (DomainError, ProblemError, ConnectorError) as error:
        for line in str(error).splitlines():
            err.print(line, style="red", soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None
