"""Options that many commands have.

Told by `tests/scheduler/cli/test_by_hand.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option("--data", help="Folder of everything that is kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
