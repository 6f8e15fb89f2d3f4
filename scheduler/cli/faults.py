"""Expected failures as one clear line each on standard error, and exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError
from solver.problem import ProblemError

out = Console()
err = Console(stderr=True)
BAD_INPUT = 2


@contextmanager
def told() -> Iterator[None]:
    """Print what a person can mend and end with status 2; everything else is a bug and is raised."""
    try:
        yield
    except (DomainError, ProblemError, ConnectorError) as error:
        for line in str(error).splitlines():
            err.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None


def fail(text: str) -> typer.Exit:
    """The exception that ends the command with one line."""
    err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(BAD_INPUT)
