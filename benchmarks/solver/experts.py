"""Rows of the table that compare single loops with the model of an expert, always in CPU seconds."""

from __future__ import annotations

from benchmarks.solver.bench import Bench, geometric_mean
from benchmarks.solver.table import Row, troubles


def against_expert(bench: Bench, family: str, what: str, bars: tuple[float, float, float]) -> Row:
    """Expert's time ÷ ours, geometric mean and worst; ``bars``: must of the mean, of the worst, aim of the mean."""
    pairs = [
        tuple(
            bench.ask(
                "solve", method=method, family=family, seed=seed, seconds=bench.seconds(60), **{"cpu": True}
            )
            for method in ("expert", "ours")
        )
        for seed in bench.each(bench.seeds)
    ]
    notes = troubles([one for pair in pairs for one in pair])
    whole = [pair for pair in pairs if all("failed" not in one for one in pair)]
    both = [pair for pair in whole if all(one["proven"] for one in pair)]
    notes += [f"expert says {e['cost']}, ours {o['cost']}" for e, o in both if e["cost"] != o["cost"]]
    ratios = [e["seconds"] / o["seconds"] for e, o in whole if o["proven"]]
    mean, worst = geometric_mean(ratios), min(ratios, default=0.0)
    proven = sum(bool(o.get("proven")) for _, o in pairs)
    must, least, aim = bars
    return Row(
        f"{what}: expert's CPU time ÷ ours; worst",
        f"{must:g}; {least:g}",
        f"{aim:g}",
        f"{mean:.1f}; {worst:.1f}",
        mean >= must and worst >= least and proven == len(pairs) and not notes,
        [f"proven {proven} of {len(pairs)} (expert {sum(bool(e.get('proven')) for e, _ in pairs)})", *notes],
        {
            "expert": [e["seconds"] for e, _ in whole],
            "ours": [o["seconds"] for _, o in whole],
        },
    )


def single(bench: Bench) -> Row:
    return against_expert(bench, "S", "S", (6, 2, 10))


def five(bench: Bench) -> Row:
    return against_expert(bench, "five", "S on a 5-minute grid", (6, 2, 12))


def fine(bench: Bench) -> Row:
    return against_expert(bench, "fine", "S on a 1-minute grid", (12, 1, 25))


def multiday(bench: Bench) -> Row:
    return against_expert(bench, "multiday", "several days", (12, 2, 25))
