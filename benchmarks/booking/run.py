"""From a request to a booked loop: this build against an older one, side by side in one run.

`--before PATH` names the older build: a checkout of it, for example made with `git worktree add PATH COMMIT`. Both
are measured with this environment, in turn, each time in a fresh process. CPU seconds are those of the process and
of everything it starts, so they do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.booking.rows import ROWS, Measured, Row  # noqa: E402

CHILD = Path(__file__).with_name("child.py")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench booking", description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="folder of the build to compare with")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row (may be repeated)")
    parser.add_argument("--loops", type=int, default=5, help="loops of a round (5)")
    parser.add_argument("--rounds", type=int, default=2, help="how often both builds take turns (2)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round's calendars (1)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "out", help="folder for table and plot"
    )
    return parser.parse_args()


def measured(build: Path, row: Row, loops: int, seed: int, **other: Any) -> dict[str, Any]:
    """One round of one build, in a process of its own; ``other`` options than the row's."""
    options = {**row.options, **other, "loops": loops, "seed": seed}
    command = [sys.executable, str(CHILD), str(build.resolve()), row.measure, json.dumps(options)]
    # the solving processes of a build are Pythons of their own, which look for the product on this path
    env = {**os.environ, "PYTHONPATH": str(build.resolve())}
    done = subprocess.run(command, cwd=build, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{build}: {row.what}\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rounds(asked: argparse.Namespace, row: Row, step: Any) -> Measured:
    """Both builds in turn, the figures of all rounds together."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for number in range(asked.rounds):
        for build, into in ((asked.before, before), (ROOT, after)):
            other: Mapping[str, Any] = {}
            if into is before and row.than:
                build, other = ROOT, row.than
            elif into is before and not row.both:
                continue
            for name, values in measured(build, row, asked.loops, asked.seed + number, **other).items():
                into.setdefault(name, []).extend(values)
            step()
    return Measured(row, row.reckon(before, after), before, after)


def table(found: list[Measured]) -> Table:
    shown = Table(title="From a request to a booked loop", show_lines=False)
    for name in ("what", "must", "aim", "measured", "holds"):
        shown.add_column(name, justify="left" if name == "what" else "right")
    for one in found:
        row = one.row
        holds = "yes" if row.holds(one.number) else "no"
        shown.add_row(row.what, f"{row.must:g}", f"{row.aim:g}", f"{one.number:.1f}{row.unit}", holds)
    return shown


def draw(path: Path, found: list[Measured]) -> None:
    """CPU seconds of every loop on both builds, on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shown = [one for one in found if one.before.get("cpu") and one.after.get("cpu")]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.9 * max(1, len(shown))))
    for height, one in enumerate(reversed(shown)):
        for figures, offset, colour, label in (
            (one.before, 0.15, "#b4552d", "before"),
            (one.after, -0.15, "#1f6f5c", "after"),
        ):
            values = [max(value, 0.01) for value in figures["cpu"]]
            axes.scatter(
                values,
                [height + offset] * len(values),
                s=18,
                color=colour,
                label=label if not height else None,
            )
    axes.set_yticks(range(len(shown)), [one.row.what.split(":")[0] for one in reversed(shown)])
    axes.set_xscale("log")
    axes.set_xlabel("CPU seconds per loop")
    if shown:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main() -> int:
    asked = arguments()
    console = Console()
    wanted = {name: ROWS[name] for name in asked.row or ROWS}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    found = []
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=2 * asked.rounds * len(wanted))
        for name, row in wanted.items():
            progress.update(task, description=name)
            found.append(rounds(asked, row, lambda: progress.advance(task)))
    console.print(table(found))
    asked.out.mkdir(parents=True, exist_ok=True)
    data = [{"what": o.row.what, "number": o.number, "before": o.before, "after": o.after} for o in found]
    (asked.out / "booking.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    draw(asked.out / "booking.png", found)
    console.print(f"written to {asked.out / 'booking.json'} and {asked.out / 'booking.png'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
