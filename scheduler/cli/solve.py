"""`loopwright solve`: a problem in the public format in, a plan with its price and bound out.

What a question does not need is not loaded for it: `solver.repair` and `solver.explain` are named where they
are asked, and tables are made by `_table`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import solver
from scheduler.cli.faults import err, out
from scheduler.domain.errors import BadInput
from solver import (
    Limits,
    Plan,
    Problem,
    ProblemError,
    Progress,
    Result,
    plan_from_json,
    problem_from_json,
    result_to_json,
)

if TYPE_CHECKING:
    from rich.table import Table

    from solver import Explanation, Repair

MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class Question:
    """What was asked on the command line."""

    instance: Path
    seconds: float
    alternatives: int
    repair: Path | None
    decline: tuple[str, ...]
    explain: bool
    seed: int
    workers: int

    @property
    def limits(self) -> Limits:
        return Limits(seconds=self.seconds, seed=self.seed, workers=self.workers)


def run(question: Question, output: Path | None, *, as_json: bool) -> None:
    """Answer and print; ``output`` gets the (best) plan as JSON."""
    problem = _problem(question.instance)
    if question.decline and question.repair is None:
        raise BadInput("--decline", "needs the plan that is to be mended", "add --repair PLAN.json")
    mended: Repair | None = None
    if question.repair is not None:
        plan = _plan(question.repair)
        mended = solver.repair(
            problem, plan, [_declined(d, problem) for d in question.decline], question.limits
        )
        results = [mended.result]
    elif question.alternatives > 1:
        results = list(solver.alternatives(problem, question.alternatives, question.limits))
    else:
        results = [_watched(lambda tell: solver.solve(problem, question.limits, progress=tell))]
    if output is not None:
        write(output, result_to_json(results[0]))
    reasons = None
    if question.explain and None in results[0].plan.loops.values():
        some = any(results[0].plan.loops.values())
        reasons = solver.explain(problem, question.limits, plan=results[0].plan if some else None)
    if as_json:
        out.print_json(json.dumps(_as_json(results, mended, reasons)))
        return
    for number, result in enumerate(results, start=1):
        title = f"plan {number} of {len(results)}" if len(results) > 1 else "plan"
        _show(problem, result, title, bounded=mended is None)
    if mended is not None:
        _show_changes(mended)
    if reasons is not None:
        _show_reasons(reasons)
    elif None in results[0].plan.loops.values():
        out.print("why something is left out, and what would help: add --explain")


def _problem(path: Path) -> Problem:
    """The problem in a file. Raises `BadInput` naming the file and the field."""
    document = read(path)
    if isinstance(document, dict) and "format" not in document and isinstance(document.get("loops"), dict):
        fix = "name the problem, and a plan that is to be mended with --repair"
        raise BadInput(str(path), "is a plan, not a problem", fix)
    with _named(path):
        return problem_from_json(document)


def _plan(path: Path) -> Plan:
    """The plan in a file. Raises `BadInput` naming the file and the field."""
    document = read(path)
    if isinstance(document, dict) and "format" in document:
        raise BadInput(f"--repair {path}", "is a problem, not a plan", "give a plan that --out wrote")
    with _named(path):
        return plan_from_json(document)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except ProblemError as error:
        where = f"{path}: {error.path}" if error.path else str(path)
        raise BadInput(where, error.fault, error.fix) from None


def read(path: Path) -> Any:
    """A JSON file, gzipped or not. Raises `BadInput`."""
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BadInput(str(path), "is larger than 200 MB", "split the problem")
        return json.loads(raw)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(str(path), f"cannot be read: {reason}", "name a .json or .json.gz file") from None
    except EOFError:
        raise BadInput(str(path), "ends too early", "copy the file again") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(str(path), f"is not JSON: {error}", "see docs/instance-format.md") from None


def write(path: Path, data: Any) -> None:
    try:
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            "--out", f"{path} cannot be written: {error.strerror}", "choose another file"
        ) from None


def _declined(text: str, problem: Problem) -> tuple[str, str]:
    person, at, session = text.partition("@")
    if not (person and at and session):
        raise BadInput("--decline", f"{text!r}", "write it as PERSON@SESSION")
    if person not in {p.id for p in problem.people}:
        raise BadInput("--decline", f"no person {person!r} in the problem", "use an id of people[]")
    if session not in {s.id for loop in problem.loops for s in loop.sessions}:
        raise BadInput("--decline", f"no session {session!r} in the problem", "use an id of sessions[]")
    return person, session


def _watched(question: Callable[[Callable[[Progress], None]], Result]) -> Result:
    """Ask with a live line of progress on a terminal; elsewhere nothing is shown."""
    if not err.is_terminal:
        return question(lambda _: None)
    from rich.live import Live
    from rich.text import Text

    with Live(Text("reading"), console=err, transient=True, refresh_per_second=8) as live:

        def tell(progress: Progress) -> None:
            price = "" if progress.cost is None else f" · price {progress.cost:,}"
            bound = "" if progress.bound is None else f" · bound {progress.bound:,}"
            placed = f"{progress.placed}/{progress.loops} loops"
            live.update(Text(f"{progress.seconds:5.1f} s · {progress.phase} · {placed}{price}{bound}"))

        return question(tell)


def _as_json(results: list[Result], mended: Repair | None, reasons: Explanation | None) -> Any:
    found: dict[str, Any] = dict(result_to_json(results[0]))
    found["price"] = dict(results[0].price)
    if len(results) > 1:
        found = {"alternatives": [{**result_to_json(r), "price": dict(r.price)} for r in results]}
    if mended is not None:
        found["repair"] = {"level": mended.level, "changes": [_change(c) for c in mended.changes]}
    if reasons is not None:
        found["explanation_cut"] = reasons.cut
        found["explanation"] = {
            id: {
                "alone": e.alone,
                "beside": e.beside,
                "reasons": [solver.gap_sentence(g, str) for g in e.gaps],
                "fixes": [f.sentence(str) for f in e.fixes],
            }
            for id, e in reasons.loops.items()
        }
    return found


def _change(change: Any) -> dict[str, Any]:
    return {
        "loop": change.loop,
        "session": change.session,
        "what": change.what,
        "before": change.before,
        "after": change.after,
    }


_ENDED = {
    "seconds": "the time limit",
    "stop": "a request to stop",
    "deterministic": "the limit on work",
    "memory_mb": "the memory limit",
}


def _show(problem: Problem, result: Result, title: str, *, bounded: bool) -> None:
    """``bounded`` is false for a repair: it looks for the least change, not for the least price."""
    placed = sum(1 for p in result.plan.loops.values() if p is not None)
    cut = "" if result.limit is None else f", ended by {_ENDED.get(result.limit, result.limit)}"
    bound = f"bound {result.bound:,}" if bounded or result.bound else "not bounded"
    out.print(
        f"{title}: {result.status.value}{cut} · {placed} of {len(problem.loops)} loops · price {result.cost:,} · "
        f"{bound} · {result.seconds:.3f} s",
    )
    prices = _table("price per rule", "rule", "price")
    for rule, price in result.price.items():
        if price:
            prices.add_row(rule, f"{price:,}")
    out.print(prices)
    if len(problem.loops) <= 3:
        for loop in problem.loops:
            _show_loop(result, loop.id)


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    return Table(*columns, title=title, title_justify="left")


def _show_loop(result: Result, loop: str) -> None:
    plan = result.plan.loops.get(loop)
    if plan is None:
        out.print(f"{loop}: left out")
        return
    table = _table(loop, "session", "start (min)", "people", "shadow", "room")
    for id, a in sorted(plan.sessions.items(), key=lambda row: row[1].start):
        people = " + ".join(", ".join(seat) for seat in a.people)
        table.add_row(id, str(a.start), people, a.shadow or "", a.room or "")
    if plan.debrief is not None:
        table.add_row("debrief", str(plan.debrief), "", "", "")
    out.print(table)


def _show_changes(mended: Repair) -> None:
    table = _table(f"repair: {mended.level}", "loop", "session", "what", "before", "after")
    for change in mended.changes:
        table.add_row(
            change.loop, change.session, change.what, _written(change.before), _written(change.after)
        )
    out.print(table)


def _written(value: object) -> str:
    """A start, people or a room as a cell of a table says it; nothing where there is none."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _show_reasons(reasons: Explanation) -> None:
    for id, found in reasons.loops.items():
        fits = "fits beside the others" if found.beside else "would fit alone"
        out.print(f"{id}: {fits if found.alone else 'impossible even alone'}")
        for gap in found.gaps:
            out.print(f"  {solver.gap_sentence(gap, str)}")
        for fix in found.fixes:
            out.print(f"  {fix.sentence(str)}")
    if reasons.cut:
        out.print("time ran out: there may be more reasons and fixes than these")
