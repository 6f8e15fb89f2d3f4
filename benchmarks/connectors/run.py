"""Calendar connectors: requests and seconds of a cold pull of 12, 200 and 2,000 people, and whether
memory stays flat, against the one-request-per-person way.

Everything runs on this machine against the stand-ins of the tests, which answer after a latency as
of the real services. Every figure is made in a fresh process, one after the other.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # instead of this folder, whose google.py is not Google's package

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.connectors.figures import Figures  # noqa: E402

PROVIDERS = ("google", "outlook")
PEOPLE = (12, 200, 2000)
ONE_BY_ONE = "one_by_one"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench connectors", description=__doc__)
    parser.add_argument("--provider", action="append", choices=PROVIDERS, help="only this one")
    parser.add_argument("--people", action="append", type=int, help="instead of 12, 200 and 2000")
    parser.add_argument(
        "--latency", type=float, help="seconds before every answer, instead of each one's own"
    )
    parser.add_argument("--patience", type=float, default=120, help="leave out what would take longer (s)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "out", help="folder for connectors.json"
    )
    return parser.parse_args()


def measure(provider: str, way: str, people: int, latency: float | None) -> Figures:
    """In a child process: one figure of one provider."""
    module: Any = importlib.import_module(f"benchmarks.connectors.{provider}")
    figures: Figures = module.measure(way, people, *(() if latency is None else (latency,)))
    return figures


def ways(provider: str) -> tuple[str, ...]:
    module: Any = importlib.import_module(f"benchmarks.connectors.{provider}")
    found: tuple[str, ...] = module.WAYS
    return found


Base = dict[tuple[str, int], tuple[float, bool]]
"""Seconds of one request after the other for a company, and whether that was measured or reckoned."""


def rows(asked: argparse.Namespace, console: Console) -> tuple[list[Figures], Base]:
    context = multiprocessing.get_context("spawn")
    found: list[Figures] = []
    base: Base = {}
    pace: dict[tuple[str, str], float] = {}  # seconds a person, from the smaller company before
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as fresh:
        for provider in asked.provider or PROVIDERS:
            for people in sorted(asked.people or PEOPLE):
                for way in ways(provider):
                    expected = pace.get((provider, way), 0.0) * people
                    if way == ONE_BY_ONE and expected > asked.patience:
                        console.print(f"{provider} {way} {people}: left out, about {expected:.0f} s")
                        base[provider, people] = expected, False
                        continue
                    figures = fresh.submit(measure, provider, way, people, asked.latency).result()
                    pace[provider, way] = figures.seconds / people
                    if way == ONE_BY_ONE:
                        base[provider, people] = figures.seconds, True
                    found.append(figures)
                    console.print(f"{provider} {way} {people}: {figures.seconds:.2f} s")
    return found, base


def ratio(f: Figures, base: Base) -> str:
    """How often as quick as one request after the other; ``~`` where that was reckoned from fewer people."""
    seconds, measured = base.get((f.provider, f.people), (0.0, True))
    return f"{'' if measured else '~'}{seconds / f.seconds:.1f}" if seconds else ""


def table(found: list[Figures], base: Base) -> Table:
    shown = Table(title="Cold pull of two weeks")
    for name in (
        "service",
        "way",
        "people",
        "latency",
        "requests",
        "seconds",
        "times as quick",
        "memory kept",
    ):
        shown.add_column(name, justify="left" if name in ("service", "way") else "right", no_wrap=True)
    for f in found:
        shown.add_row(
            f.provider,
            f.way,
            f"{f.people:,}",
            f"{f.latency * 1000:.0f} ms",
            f"{f.requests:,}",
            f"{f.seconds:.2f}",
            ratio(f, base),
            f"{f.grown_mb:+.1f} MB",
        )
    return shown


def main() -> int:
    asked = arguments()
    console = Console()
    found, base = rows(asked, console)
    console.print(table(found, base))
    asked.out.mkdir(parents=True, exist_ok=True)
    file = asked.out / "connectors.json"
    file.write_text(
        json.dumps([asdict(f) | {"times_as_quick": ratio(f, base)} for f in found], indent=1) + "\n"
    )
    console.print(f"written to {file}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
