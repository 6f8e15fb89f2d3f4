"""The table of bars: one function a line, in the order of the table.

Each takes the bench, measures, and says what it found beside what must be and what is aimed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from statistics import median

from benchmarks.solver import experts
from benchmarks.solver.bench import Answer, Bench, geometric_mean
from benchmarks.solver.plant import KINDS
from benchmarks.solver.table import Row, troubles


def _against_naive(bench: Bench, family: str, what: str, must: float, aim: float, limit: float) -> Row:
    """Naive time ÷ ours as a geometric mean over the instances that can be placed; all answers agree."""
    pairs = [
        (
            bench.ask("solve", method="naive", family=family, seed=seed, seconds=bench.seconds(limit)),
            bench.ask("solve", method="ours", family=family, seed=seed, seconds=bench.seconds(limit)),
        )
        for seed in bench.each(bench.seeds)
    ]
    ours = [our for _, our in pairs]
    notes = troubles([one for pair in pairs for one in pair])
    both = [pair for pair in pairs if all("failed" not in one and one["proven"] for one in pair)]
    notes += [f"naive says {n['cost']}, ours {o['cost']}" for n, o in both if n["cost"] != o["cost"]]
    timed = [pair for pair in pairs if pair[1].get("placed") and "seconds" in pair[0]]
    ratio = geometric_mean([naive["seconds"] / our["seconds"] for naive, our in timed])
    proven = sum(bool(our.get("proven")) for our in ours)
    capped = sum("seconds" in naive and not naive.get("proven") for naive, _ in timed)
    milliseconds = sorted(1000 * our["seconds"] for _, our in timed)
    spread = (
        f"ours median {median(milliseconds):.0f} ms, worst {milliseconds[-1]:.0f} ms"
        if timed
        else "none placed"
    )
    finished = sum(bool(naive.get("proven")) for naive, _ in pairs)
    return Row(
        what,
        f"{must:g}",
        f"{aim:g}",
        f"{ratio:.0f}",
        ratio >= must and proven == len(ours) and not notes,
        [
            f"proven {proven} of {len(ours)} (naive {finished}), {len(timed)} placeable; {spread}",
            *([f"naive ran out of time on {capped}: the ratio is at least this"] if capped else []),
            *notes,
        ],
        {"naive": [naive["seconds"] for naive, _ in timed], "ours": [our["seconds"] for _, our in timed]},
    )


def single(bench: Bench) -> Row:
    return _against_naive(bench, "S", "S: naive time ÷ ours, proven on all", 100, 200, 60)


def fine(bench: Bench) -> Row:
    return _against_naive(bench, "fine", "S on a 1-minute grid: naive ÷ ours", 50, 150, 120)


def five(bench: Bench) -> Row:
    return _against_naive(bench, "five", "S on a 5-minute grid: naive ÷ ours (no bar)", 0, 0, 60)


def multiday(bench: Bench) -> Row:
    return _against_naive(bench, "multiday", "multi-day: naive ÷ ours, proven", 10, 50, 60)


def dst(bench: Bench) -> Row:
    return _against_naive(
        bench, "dst", "three loops over a change of clocks: naive ÷ ours (no bar)", 0, 0, 60
    )


def _best(answers: list[Answer]) -> Answer:
    """Most loops placed, then cheapest."""
    good = [one for one in answers if "failed" not in one and not one["faults"]]
    return max(good, key=lambda one: (one["placed"], -one["cost"])) if good else {"placed": 0, "cost": 0}


def _against_best(bench: Bench, family: str, limit: float) -> list[tuple[Answer, Answer, list[Answer]]]:
    """Per instance: ours within the limit, and the best of ours with four times as long, and of naive."""
    found = []
    for seed in bench.each(bench.batch_seeds):
        seconds = bench.seconds(limit)
        our = bench.ask("solve", method="ours", family=family, seed=seed, seconds=seconds)
        longer = bench.ask("solve", method="ours", family=family, seed=seed, seconds=4 * seconds, workers=2)
        naive = bench.ask("solve", method="naive", family=family, seed=seed, seconds=4 * seconds)
        found.append((our, _best([our, longer, naive]), [our, longer, naive]))
    return found


def medium(bench: Bench) -> Row:
    found = _against_best(bench, "M", 20)
    shares = [our.get("placed", 0) / best["placed"] if best["placed"] else 1.0 for our, best, _ in found]
    notes = troubles([our for our, _, _ in found])
    notes += [f"{our.get('placed')} of {our.get('loops')}, best {best['placed']}" for our, best, _ in found]
    naive = [answers[2].get("placed", 0) for _, _, answers in found]
    return Row(
        "M (20 loops) at 20 s: loops placed against the best known",
        "98 %",
        "100 %",
        f"{100 * min(shares):.0f} %",
        min(shares) >= 0.98 and not troubles([our for our, _, _ in found]),
        [*notes, f"naive in four times as long: {naive}"],
    )


def superday(bench: Bench) -> Row:
    found = _against_best(bench, "superday", 20)
    notes = troubles([our for our, _, _ in found])
    ratios = [our["cost"] / best["cost"] if "cost" in our and best["cost"] else 9.9 for our, best, _ in found]
    placed = [(our.get("placed"), our.get("loops")) for our, _, _ in found]
    return Row(
        "superday (40 candidates, 12 rooms) at 20 s: all placed, cost ÷ best known",
        "≤ 1.02",
        "≤ 1",
        f"{max(ratios):.3f}",
        max(ratios) <= 1.02 and all(here == of for here, of in placed) and not notes,
        [*notes, f"placed {placed}"],
    )


def large(bench: Bench) -> Row:
    shares, notes = [], []
    for seed in bench.each(bench.batch_seeds):
        our = bench.ask("solve", method="ours", family="L", seed=seed, seconds=bench.seconds(60))
        alone = bench.ask("alone", family="L", seed=seed, seconds=600)
        notes += troubles([our, alone])
        shares.append(our.get("placed", 0) / max(1, alone.get("placeable", 100)))
        notes.append(f"{our.get('placed')} placed of {alone.get('placeable')} placeable alone")
    return Row(
        "L (100 loops) at 60 s: placed ÷ placeable alone",
        "0.92",
        "0.97",
        f"{min(shares):.2f}",
        min(shares) >= 0.92 and not any(troubles([a]) for a in bench.answers.values() if "placeable" in a),
        notes,
    )


def first_pass(bench: Bench) -> Row:
    seed = bench.first
    our = bench.ask("pass", family="XL", seed=seed, seconds=120)
    greedy = bench.ask("solve", method="greedy", family="XL", seed=seed, seconds=120, warm=True)
    ratio = our["seconds"] / greedy["seconds"]
    return Row(
        "XL (500 loops): time of the first complete pass ÷ greedy's time",
        "1.0",
        "0.5",
        f"{ratio:.2f}",
        ratio <= 1.0 and bool(our.get("complete")) and not troubles([our, greedy]),
        [
            *troubles([our, greedy]),
            f"{our['seconds']:.2f} s with {our.get('placed')} placed, "
            f"greedy {greedy['seconds']:.2f} s with {greedy.get('placed')}",
        ],
        {"greedy": [greedy["seconds"]], "ours": [our["seconds"]]},
    )


def growth(bench: Bench) -> Row:
    seed = bench.first
    large = [bench.ask("pass", family="L", seed=one, seconds=60) for one in bench.each(bench.batch_seeds)]
    huge = bench.ask("pass", family="XL", seed=seed, seconds=120)
    exponent = log(huge["seconds"] / median(one["seconds"] for one in large)) / log(5)
    return Row(
        "growth of that pass from 100 to 500 loops (exponent)",
        "1.1",
        "1.0",
        f"{exponent:.2f}",
        exponent <= 1.1 and not troubles([*large, huge]),
        [
            *troubles([*large, huge]),
            f"{median(one['seconds'] for one in large):.2f} s → {huge['seconds']:.2f} s",
        ],
    )


def memory(bench: Bench) -> Row:
    """The naive model gets four times as long, so that it gets past its presolve on a busy machine."""
    seed = bench.first
    naive = bench.ask("solve", method="naive", family="L", seed=seed, seconds=bench.seconds(240))
    our = bench.ask("solve", method="ours", family="L", seed=seed, seconds=bench.seconds(60))
    ratio = naive.get("memory_mb", 0.0) / our.get("memory_mb", 1.0)
    return Row(
        "peak memory on L: naive ÷ ours",
        "8",
        "12",
        f"{ratio:.1f}",
        ratio >= 8 and not troubles([naive, our]),
        [
            *troubles([naive, our]),
            f"naive {naive.get('memory_mb')} MB, placed {naive.get('placed')}; "
            f"ours {our.get('memory_mb')} MB, placed {our.get('placed')}",
        ],
    )


def gap(bench: Bench) -> Row:
    found = [
        bench.ask("solve", method="ours", family=family, seed=seed, seconds=bench.seconds(20))
        for family in ("M", "superday")
        for seed in bench.each(bench.batch_seeds)
    ]
    notes = troubles(found)
    shares = [100 * (one["cost"] - one["bound"]) / max(1, one["cost"]) for one in found if "cost" in one]
    return Row(
        "quality gap of a batch against its bound (M and superday at 20 s)",
        "reported",
        "≤ 5 % on M",
        ", ".join(f"{share:.1f} %" for share in shares),
        len(shares) == len(found) and not notes,
        notes,
    )


def explained(bench: Bench) -> Row:
    """Every kind of planted cause on an S instance of its own."""
    seeds = bench.each(max(1, bench.seeds // 5))
    found = [
        bench.ask("explain", kind=kind, family="S", seed=seed, seconds=120)
        for kind in KINDS
        for seed in seeds
    ]
    told = [one for one in found if "failed" not in one]
    good = [one for one in told if one["named"] and one["fixes"] and one["verified"] == one["fixes"]]
    ratios = sorted(one["seconds"] / one["single"] for one in told)
    share = len(good) / max(1, len(told))
    typical = geometric_mean(ratios)
    return Row(
        "explain: planted cause named, every fix verified; time ÷ a single solve",
        "100 %",
        "and ≤ 10 ×",
        f"{100 * share:.0f} %, {typical:.1f} ×",
        bool(told) and share == 1.0 and not troubles(found),
        [
            *troubles(found),
            f"{len(told)} cases of {len(KINDS)} kinds, {sum(one['fixes'] for one in told)} fixes; time against "
            f"a single solve: median {median(ratios or [0]):.1f}, worst {max(ratios, default=0):.1f}",
        ],
        {"ours": [one["seconds"] for one in told]},
    )


def alternatives(bench: Bench) -> Row:
    found = [
        bench.ask("alternatives", family="S", seed=seed, k=5, seconds=60) for seed in bench.each(bench.seeds)
    ]
    told = [one for one in found if "failed" not in one]
    ratio = geometric_mean([one["seconds"] / one["single"] for one in told])
    whole = [one for one in told if one["found"] == one["different"] == 5]
    return Row(
        "5 alternatives ÷ one solve",
        "≤ 10",
        "≤ 4",
        f"{ratio:.1f}",
        bool(told) and ratio <= 10 and not troubles(found),
        [
            *troubles(found),
            f"five different plans on {len(whole)} of {len(told)} instances",
        ],
    )


def repair(bench: Bench) -> Row:
    found = [
        bench.ask("repair", family="L", seed=seed, declines=8, seconds=bench.seconds(60))
        for seed in bench.each(bench.batch_seeds)
    ]
    told = [one for one in found if "failed" not in one]
    ratios = [one["batch"] / one["seconds"] for one in told]
    levels = [level for one in told for level in one["levels"]]
    return Row(
        "repair of one decline in a packed L ÷ full batch solve",
        "≤ 1/50",
        "≤ 1/200",
        f"1/{min(ratios, default=0):.0f}",
        bool(ratios) and min(ratios) >= 50 and not troubles(found),
        [
            *troubles(found),
            *(f"{levels.count(level)} × {level}" for level in dict.fromkeys(levels)),
            f"moved interviews: {[moved for one in told for moved in one['moved']]}",
        ],
    )


def week_of_starts(bench: Bench) -> Row:
    found = [bench.ask("starts", family="fifty", seed=seed) for seed in bench.each(bench.seeds)]
    told = [one for one in found if "failed" not in one]
    ratio = geometric_mean([one["seconds"] / one["solve"] for one in told])
    worst = max((one["worst"] / one["solve"] for one in told), default=0.0)
    return Row(
        "a week of starts of one session of 50 people's loop ÷ its solve",
        "≤ 2",
        "≤ 1",
        f"{ratio:.2f}",
        bool(told) and ratio <= 2 and not troubles(found),
        [
            *troubles(found),
            f"{max((one['starts'] for one in told), default=0)} starts; the slowest session took {worst:.1f} solves",
            f"median {1000 * median([one['seconds'] for one in told] or [0.0]):.0f} ms",
        ],
    )


ROWS: Mapping[str, tuple[tuple[str, ...], Callable[[Bench], Row]]] = {
    "single": (("S",), single),
    "fine": (("fine",), fine),
    "five": (("five",), five),
    "multiday": (("multiday",), multiday),
    "dst": (("dst",), dst),
    "expert": (("S",), experts.single),
    "expert-five": (("five",), experts.five),
    "expert-fine": (("fine",), experts.fine),
    "expert-multiday": (("multiday",), experts.multiday),
    "medium": (("M",), medium),
    "superday": (("superday",), superday),
    "large": (("L",), large),
    "first_pass": (("XL",), first_pass),
    "growth": (("XL",), growth),
    "memory": (("L",), memory),
    "explain": (("infeasible", "S"), explained),
    "alternatives": (("S",), alternatives),
    "repair": (("L",), repair),
    "starts": (("fifty",), week_of_starts),
    "gap": (("M", "superday"), gap),
}
"""Name → (families it is about, how it is measured)."""
