"""How the stories start a process of their own."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """``python -m module arguments``, but that solving processes, which are spawned and import the main module of their
    parent, find none: that would be the whole service, several seconds of computing for each."""
    code = f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
    return [sys.executable, "-c", code, *arguments]
