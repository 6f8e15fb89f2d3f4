"""`loopwright try`, `loopwright apply` and `loopwright undo`: a loop changed by hand, written as the API writes it.

Told by `tests/scheduler/cli/test_by_hand.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from scheduler.api.models.changing import ApplyIn, TriedOut, TryIn
from scheduler.api.models.loops import LoopOut
from scheduler.cli.faults import BAD_INPUT, out
from scheduler.cli.hiring.inbox import ACTOR, opened
from scheduler.domain.errors import BadInput, BadInputs
from scheduler.services.booking import offers
from scheduler.services.changing import applying, trying, undoing
from scheduler.services.changing.applying import Why
from scheduler.services.changing.fixes import granted
from scheduler.services.company.faults import from_pydantic, path

_LONGEST = 1_000_000
M = TypeVar("M", bound=BaseModel)


def run_try(data: Path | None, loop: str, changes: str, *, as_json: bool) -> None:
    """Ends with status 2 where it is refused."""
    asked = _read(TryIn, _changes(changes), "CHANGES").value()
    with opened(data) as app:
        tried = trying.look(app, loop, asked)
        with app.db.read() as tx:
            made = tried.draft
            plan = offers.drawn(tx, made.loop, made.ground.application, tried.planned)
    found = TriedOut.of(tried, plan)
    if as_json:
        out.print_json(found.model_dump_json())
    else:
        for line in _lines(found):
            out.print(line, soft_wrap=True)
    if found.verdict != trying.ALLOWED:
        raise typer.Exit(BAD_INPUT)


def _lines(found: TriedOut) -> Iterator[str]:
    """An answer as a person reads it."""
    yield found.verdict
    for refusal in found.refused:
        yield f"  {refusal.text}; {refusal.fix}"
    for fix in found.fixes:
        yield f"  {fix.id}: {fix.text}"
    for step in found.changes:
        marks = [*([] if step.asked else ["follows"]), *(["the candidate sees it"] if step.seen else [])]
        yield f"  {step.text}" + (f" ({', '.join(marks)})" if marks else "")
    for price in found.price_text:
        yield f"  {price}"
    for over in found.overrides:
        yield f"  takes a reason (--override): {over.text}"


def run_apply(
    data: Path | None, loop: str, changes: str, tried: Path, why: Why, fix: str | None, *, as_json: bool
) -> None:
    """What was tried, if nothing has changed since, or a ``fix`` of it; events and mails are written by the jobs."""
    answer = _object(_text(str(tried), "--tried"), "--tried")
    body = {**_changes(changes), "version": answer.get("version", "")}
    asked = _read(ApplyIn, body, "CHANGES")
    with opened(data) as app:
        if fix is not None:
            version = _version_of(answer, fix)
            done = granted.carry_out(app, loop, fix, asked.value(), version, why, ACTOR)
            _tell(LoopOut.of(done.loop), _FIXED[done.applied], as_json=as_json)
        elif not asked.version:
            raise BadInput(
                "--tried", "holds no version", "give the answer of an allowed try --json, or --fix"
            )
        else:
            changed = applying.apply(app, loop, asked.value(), asked.version, why, ACTOR)
            _tell(LoopOut.of(changed), "is changed as it was tried", as_json=as_json)


_FIXED = {True: "is changed as the fix says", False: "is as it was; whoever the fix needs is asked by mail"}


def _version_of(answer: dict[str, Any], fix: str) -> str:
    """The version beside a fix of a refused try."""
    fixes = answer.get("fixes")
    rows = [row for row in fixes if isinstance(row, dict)] if isinstance(fixes, list) else []
    for row in rows:
        if row.get("id") == fix:
            return str(row.get("version", ""))
    known = ", ".join(str(row.get("id")) for row in rows)
    text = f"use one of {known}" if known else "give the answer of a refused try --json that has fixes"
    raise BadInput("--fix", f"no fix {fix!r} in the answer", text)


def run_undo(data: Path | None, loop: str, reason: str | None, note: str, *, as_json: bool) -> None:
    """The last change by hand is undone."""
    with opened(data) as app:
        changed = undoing.undo(app, loop, ACTOR, note, reason=reason)
    _tell(LoopOut.of(changed), "is again as it was", as_json=as_json)


def _tell(loop: LoopOut, text: str, *, as_json: bool) -> None:
    if as_json:
        out.print_json(loop.model_dump_json())
    else:
        out.print(f"{loop.id} {text}; it is {loop.state} now", soft_wrap=True)


def _changes(name: str) -> dict[str, Any]:
    return _object(_text(name, "CHANGES"), "CHANGES")


def _text(name: str, field: str) -> str:
    try:
        text = sys.stdin.read(_LONGEST + 1) if name == "-" else _file(Path(name))
    except UnicodeDecodeError:
        raise BadInput(field, f"{name} is no text", "write it as JSON in UTF-8") from None
    except OSError as error:
        raise BadInput(field, f"{name} cannot be read: {error.strerror}", "name a file of JSON") from None
    if len(text) > _LONGEST:
        raise BadInput(field, f"{name} is longer than {_LONGEST} characters", "send less at once")
    return text


def _file(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(_LONGEST + 1)


def _object(text: str, field: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(field, "is no JSON", 'write it as {"changes": [{"do": "move", …}]}') from None
    if not isinstance(found, dict):
        raise BadInput(field, "is no object", 'write it as {"changes": [{"do": "move", …}]}')
    return found


def _read(model: type[M], body: dict[str, Any], field: str) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # the kind of a change is in its `do`, and no part of where it stands
        found = [
            from_pydantic(e, tuple(part for part in e["loc"] if not str(part).startswith("<")), None)
            for e in error.errors()
        ]
        raise BadInputs(
            [BadInput(path(f.loc) or field, f.fault, f.fix or "write it as the API has it") for f in found]
        ) from None
