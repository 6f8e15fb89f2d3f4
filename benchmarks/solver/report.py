"""The table as Markdown and JSON, and the times as a plot."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from benchmarks.solver.table import Row


def markdown(rows: list[Row], seed: int, note: str) -> str:
    """One line a row; what went into it below."""
    lines = [
        "# Solver benchmarks",
        "",
        f"Seed {seed}, {note}, {platform.python_implementation()} {platform.python_version()}.",
        "",
        "| what | must | aim | measured | holds |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.what} | {row.must} | {row.aim} | {row.measured} | {'yes' if row.holds else '**no**'} |"
        for row in rows
    ]
    lines += ["", "## What went into it", ""]
    lines += [f"- {row.what}: {note}" for row in rows for note in row.notes]
    return "\n".join(lines) + "\n"


def write(
    folder: Path, rows: list[Row], seed: int, note: str, answers: dict[str, dict[str, Any]]
) -> list[Path]:
    """The three files of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    table, data, plot = folder / "solver.md", folder / "solver.json", folder / "solver.png"
    table.write_text(markdown(rows, seed, note), encoding="utf-8")
    found = {
        "seed": seed,
        "rows": [vars(row) for row in rows],
        "measurements": [{"question": json.loads(key), "answer": answer} for key, answer in answers.items()],
    }
    data.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draw(plot, rows)
    return [table, data, plot]


def draw(path: Path, rows: list[Row]) -> None:
    """Seconds per instance by method, on a logarithmic scale, for the rows that compare times."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shown = [row for row in rows if row.points]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.9 * max(1, len(shown))))
    colours = {"naive": "#b4552d", "expert": "#4c5fa8", "greedy": "#8a8a8a", "ours": "#1f6f5c"}
    for height, row in enumerate(reversed(shown)):
        for method, seconds in row.points.items():
            offset = {"naive": 0.15, "expert": 0.15, "greedy": 0.15, "ours": -0.15}[method]
            axes.scatter(
                seconds,
                [height + offset] * len(seconds),
                s=16,
                alpha=0.7,
                color=colours[method],
                label=method,
            )
    axes.set_yticks(range(len(shown)), [row.what.split(":")[0] for row in reversed(shown)])
    axes.set_xscale("log")
    axes.set_xlabel("seconds per instance")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    if unique:
        axes.legend(unique.values(), unique.keys(), frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
