"""Solver benchmarks: our solver against three baselines on fresh instances, and the bars it must meet.

Instances are drawn anew on every run (their seed is printed; `--seed` draws them again). Baseline
and ours run one after the other on the same machine, each in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.solver.bench import Bench  # noqa: E402
from benchmarks.solver.families import FAMILIES  # noqa: E402
from benchmarks.solver.report import write  # noqa: E402
from benchmarks.solver.rows import ROWS  # noqa: E402
from benchmarks.solver.table import Row  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench solver", description=__doc__)
    parser.add_argument(
        "--family", action="append", choices=[*FAMILIES, "infeasible"], help="only rows about it"
    )
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row (may be repeated)")
    parser.add_argument("--seeds", type=int, default=20, help="instances of each small family (20)")
    parser.add_argument("--seed", type=int, help="first seed, to draw the same instances again")
    parser.add_argument("--quick", action="store_true", help="few instances, a quarter of the time")
    parser.add_argument(
        "--cpu", action="store_true", help="count seconds of cores for solves, where the machine is shared"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "out", help="folder for table and plot"
    )
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    console = Console()
    seed = int(time.time()) if asked.seed is None else asked.seed
    console.print(f"seed {seed} (repeat with --seed {seed})")
    chosen = {
        name: measure
        for name, (families, measure) in ROWS.items()
        if (not asked.family or set(families) & set(asked.family)) and (not asked.row or name in asked.row)
    }
    rows: list[Row] = []
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} rows"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        line = progress.add_task("", total=len(chosen))
        bench = Bench(
            first=seed,
            seeds=min(asked.seeds, 3) if asked.quick else asked.seeds,
            quick=asked.quick,
            cpu=asked.cpu,
            say=lambda text: progress.update(line, description=text),
        )
        for measure in chosen.values():
            rows.append(measure(bench))
            progress.advance(line)
            console.print(f"{rows[-1].what}: [bold]{rows[-1].measured}[/] (must {rows[-1].must})")
    console.print(_table(rows))
    note = "quick run" if asked.quick else f"{bench.seeds} instances of each small family"
    for path in write(asked.out, rows, seed, note, bench.answers):
        console.print(f"written {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 0 if all(row.holds for row in rows) else 1


def _table(rows: list[Row]) -> Table:
    table = Table("what", "must", "aim", "measured", "holds")
    for row in rows:
        table.add_row(row.what, row.must, row.aim, row.measured, "yes" if row.holds else "[red]no[/]")
    return table


if __name__ == "__main__":
    sys.exit(main())
