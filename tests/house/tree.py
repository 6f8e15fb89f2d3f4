"""The checkout as the house tests see it: its files, and its Python files parsed once."""

from __future__ import annotations

import ast
import functools
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("solver", "connectors", "scheduler")
_MADE = {".git", ".venv", ".loopwright", "__pycache__", "build", "dist", "node_modules"}


@functools.cache
def committed_files() -> tuple[Path, ...]:
    """What git keeps or would keep; in an export without ``.git`` everything that is not made by a tool."""
    paths = [path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))]
    if (ROOT / ".git").exists() and shutil.which("git"):
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
        if names.returncode == 0:  # git refuses a checkout that belongs to somebody else
            paths = [ROOT / name for name in names.stdout.split("\0") if name]
    return tuple(sorted(path for path in paths if path.is_file()))


def _is_made(path: Path) -> bool:
    return any(part in _MADE or part.endswith(("_cache", ".egg-info")) for part in path.parts)


def python_files(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file under ``folders`` (names relative to the root) with its syntax tree."""
    for folder in folders:
        start = ROOT / folder
        if not start.exists():
            raise AssertionError(f"{folder} is gone: this test would look at nothing")
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            if path.is_file():
                yield path, _parsed(path, path.stat().st_mtime_ns)


@functools.cache
def _parsed(path: Path, _changed: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, line: int | None = None) -> str:
    """``folder/file.py:12``, as an editor opens it."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


@functools.cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def documents() -> list[Path]:
    """The pages that people read."""
    return sorted(path for path in committed_files() if path.suffix == ".md")
