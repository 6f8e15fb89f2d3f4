"""Carries out a fix of a loop without a plan: at once where it is for us to grant, else after who is concerned was asked.

What is granted is an exemption of this one loop, kept with who and why; the company's policy stays as it is. A calendar
says the last word: an exemption never makes anybody free who is busy, away or unknown.

Told by `tests/scheduler/services/asking/test_fixing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.fixes.fix import AVAILABILITY, BUFFER, HORIZON, NOTICE, Exemption, Fix, FixState, How
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.reasons import Deed, checked
from scheduler.domain.time import Span, merged
from scheduler.services.app import App
from scheduler.services.planning import plan as planning
from scheduler.services.telling import questions
from scheduler.storage.database import Tx

APPLIED, ASKED, REFUSED = "fix_applied", "fix_asked", "fix_refused"
LEAST = timedelta(hours=20)
"""Nobody is asked the same twice a day."""
_STATES = frozenset({LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION})


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: ``state`` is *offered* where it was carried out at once; ``mails`` how many were written."""

    loop: Loop
    fix: Fix
    applied: bool
    mails: int = 0


def of_loop(tx: Tx, loop_id: str) -> list[Fix]:
    """What would help a loop, the easiest first: nothing where it has a plan, or is being planned. Raises `Missing`."""
    loop = tx.loops.get(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    return tx.fixes.of_loop(loop_id) if loop.state in _STATES else []


def carry_out_in(
    app: App, tx: Tx, loop_id: str, fix_id: str, actor: str, reason: str | None = None, note: str = ""
) -> Done:
    """Do what a fix says, in an open transaction: apply it, for a ``reason`` that the company has for an override, or
    ask whom it needs. Raises `Missing`, `WrongState`, `BadInput`."""
    loop, fix = _claimed(tx, loop_id, fix_id)
    match fix.how:
        case How.APPLY:
            return _applied(app, tx, loop, fix, actor, _reason(tx, reason), note)
        case How.BY_HAND:
            raise WrongState("fix", fix.id, "by hand", f"nobody can be asked for it here; {_by_hand(fix)}")
        case _:
            return _asked(app, tx, loop, fix, actor, note)


def answer_in(
    app: App, tx: Tx, loop_id: str, fix_id: str, actor: str, *, agreed: bool, note: str = ""
) -> Done:
    """Note what those say who were asked: with a yes the loop is planned anew, with what they agreed to.

    Raises `Missing`, and `WrongState` where nobody was asked."""
    loop, fix = _claimed(tx, loop_id, fix_id)
    if fix.state is not FixState.ASKED:
        raise WrongState("fix", fix.id, fix.state.value, "whoever it needs has to be asked first")
    if not agreed:
        tx.fixes.change(loop.id, fix.id, state=FixState.REFUSED, actor=actor, at=app.clock())
        _note(app, tx, loop, REFUSED, fix, actor, note)
        return Done(loop, replace(fix, state=FixState.REFUSED), False)
    return _applied(app, tx, loop, fix, actor, "agreed", note)


def _claimed(tx: Tx, loop_id: str, fix_id: str) -> tuple[Loop, Fix]:
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    found = next((fix for fix in tx.fixes.of_loop(loop_id) if fix.id == fix_id), None)
    if found is None:
        raise Missing("fix", fix_id)
    if loop.state not in _STATES or tx.interviews.of_loop(loop_id):
        raise WrongState("loop", loop_id, loop.state.value, "only a loop without a plan has fixes")
    return loop, found


def _reason(tx: Tx, reason: str | None) -> str:
    known = tx.company.policy().reasons
    if not reason:
        fitting = ", ".join(r.code for r in known if r.fits(Deed.OVERRIDE))
        raise BadInput("reason", "missing: a rule is overridden for a reason", f"use one of {fitting}")
    return checked(known, Deed.OVERRIDE, reason).code


def _by_hand(fix: Fix) -> str:
    kinds = {change.kind for change in fix.changes}
    if "pool" in kinds:
        return "name more people for the step by POST /loops/{id}/change with adjust, or in the company file"
    if "rooms" in kinds:
        return "add a room to the company file, and plan the loop again"
    return "change the loop or the others by hand"


def _applied(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, reason: str, note: str) -> Done:
    """Keep what the loop is let off, and plan it anew with that."""
    now = app.clock()
    tx.exemptions.add(
        [Exemption(loop.id, fix.id, change, actor, reason, note, now) for change in fix.changes]
    )
    _note(app, tx, loop, APPLIED, fix, actor, note, reason)
    known = any(r.code == reason and r.fits(Deed.OVERRIDE) for r in tx.company.policy().reasons)
    moved = planning.replan_in(
        app,
        tx,
        loop.id,
        actor=actor,
        cause=f"fix:{fix.id}",
        change=lambda _, now: _changed(now, fix),
        overrides=reason if known else None,
        note=note,
    )
    return Done(moved, fix, True)


def _changed(loop: Loop, fix: Fix) -> dict[str, Any]:
    """The loop's own fields that a fix changes; what is not among them is heeded as an exemption."""
    template, changes = loop.template, dict[str, Any]()
    for change in fix.changes:
        if change.kind == BUFFER:
            template = replace(template, buffer=change.limit)
        elif change.kind == NOTICE:
            template = replace(template, notice_hours=change.limit)
        elif change.kind == HORIZON:
            changes["horizon"] = change.spans[0]
        elif change.kind == AVAILABILITY:
            changes["windows"] = tuple(merged([*loop.windows, *change.spans]))
            changes["horizon"] = _reaching(loop.horizon, change.spans)
    return {**changes, **({} if template == loop.template else {"template": template})}


def _reaching(horizon: Span, spans: Iterable[Span]) -> Span:
    return Span(horizon.start, max(horizon.end, *(span.end for span in spans)))


def _asked(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, note: str) -> Done:
    now = app.clock()
    if fix.state is not FixState.OFFERED and fix.at is not None and now - fix.at < LEAST:
        when = f"{fix.at:%Y-%m-%d %H:%M} UTC; wait a day"
        asked = fix.state is FixState.ASKED
        text = f"they were asked at {when}, or say what they answered" if asked else f"they said no at {when}"
        raise WrongState("fix", fix.id, fix.state.value, text)
    mails = questions.ask_in(app, tx, loop, fix)
    if not mails:
        raise WrongState("fix", fix.id, fix.state.value, "nobody whom it needs is active any more")
    tx.fixes.change(loop.id, fix.id, state=FixState.ASKED, actor=actor, at=now)
    _note(app, tx, loop, ASKED, fix, actor, note)
    return Done(loop, replace(fix, state=FixState.ASKED, actor=actor, at=now), False, mails)


def _note(app: App, tx: Tx, loop: Loop, what: str, fix: Fix, actor: str, note: str, reason: str = "") -> None:
    people = sorted({*fix.people, *(p for change in fix.changes for p in change.people)})
    data = {
        "fix": fix.id,
        "kinds": [change.kind for change in fix.changes],
        "people": people,
        **({"reason": reason} if reason else {}),
        **({"text": note} if note else {}),
    }
    tx.facts.add(Fact(app.clock(), actor, what, f"loop:{loop.id}", "", "", fix.id, data))
