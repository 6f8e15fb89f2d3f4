"""A demo for the kill tests: what `loopwright demo --once` does, in a process that is killed and begun again."""

from __future__ import annotations

from pathlib import Path

from scheduler.cli.main import app


def main(folder: Path) -> None:
    app(["demo", "--once", "--port", "0", "--data", str(folder)])
