"""Carries out a fix of a loop without a plan, or without a repair: at once where it is for us to grant, else after who is concerned was asked.

What is granted is an exemption of this one loop, kept with who and why; the company's policy stays as it is. A calendar
says the last word: an exemption never makes anybody free who is busy, away or unknown.

Told by `tests/scheduler/services/asking/test_fixing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.fixes.fix import (
    AVAILABILITY,
    BUFFER,
    HORIZON,
    LOCK,
    NOTICE,
    Exemption,
    Fix,
    FixState,
    How,
)
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.reasons import Deed, checked
from scheduler.domain.time import Span, merged
from scheduler.services import reasons
from scheduler.services.app import App
from scheduler.services.booking.holes import repair_anew
from scheduler.services.planning import plan as planning
from scheduler.services.telling import questions
from scheduler.storage.database import Tx

APPLIED, ASKED, REFUSED = "fix_applied", "fix_asked", "fix_refused"
LEAST = timedelta(hours=20)
"""Nobody is asked the same twice a day."""
_STATES = frozenset({LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION})
_OPEN = _STATES | {LoopState.PROPOSED, LoopState.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: ``state`` is *offered* where it was carried out at once; ``mails`` how many were written."""

    loop: Loop
    fix: Fix
    applied: bool
    mails: int = 0


def of_loop(tx: Tx, loop_id: str) -> list[Fix]:
    """What would help a loop, or its repair, the easiest first; where it needs nothing, what people were asked for since a
    try was refused.
    Raises `Missing`."""
    loop = tx.loops.get(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    found = tx.fixes.of_loop(loop_id)
    return found if loop.state in _STATES else [fix for fix in found if fix.state is not FixState.OFFERED]


def carry_out_in(
    app: App, tx: Tx, loop_id: str, fix_id: str, actor: str, reason: str | None = None, note: str = ""
) -> Done:
    """Do what a fix says, in an open transaction: apply it, for a ``reason`` that the company has for an override, or
    ask whom it needs. Raises `Missing`, `WrongState`, `BadInput`."""
    loop, fix = _claimed(tx, loop_id, fix_id)
    if not (_without_a_plan(tx, loop) or _of_a_repair(loop, fix)):
        why = "only a loop without a plan, or without a repair, has fixes of its own; send the version of a try's"
        raise WrongState("loop", loop_id, loop.state.value, why)
    match fix.how:
        case How.APPLY:
            return _applied(app, tx, loop, fix, actor, reason_in(tx, reason), note)
        case How.BY_HAND:
            raise by_hand(fix, _of_a_repair(loop, fix))
        case _:
            return ask_in(app, tx, loop, fix, actor, note)


def answer_in(
    app: App, tx: Tx, loop_id: str, fix_id: str, actor: str, *, agreed: bool, note: str = ""
) -> Done:
    """Note what those say who were asked: with a yes the loop is planned anew, with what they agreed to. One that is
    booked stays as it is, and what they agreed to holds when a change is tried again.

    Raises `Missing`, and `WrongState` where nobody was asked."""
    loop, fix = _claimed(tx, loop_id, fix_id)
    if fix.state is not FixState.ASKED:
        raise WrongState("fix", fix.id, fix.state.value, "whoever it needs has to be asked first")
    if not agreed:
        tx.fixes.change(loop.id, fix.id, state=FixState.REFUSED, actor=actor, at=app.clock())
        _note(app, tx, loop, REFUSED, fix, actor, note)
        return Done(loop, replace(fix, state=FixState.REFUSED), False)
    if tx.interviews.of_loop(loop_id) and not _of_a_repair(loop, fix):
        return _agreed(app, tx, loop, fix, actor, note)
    return _applied(app, tx, loop, fix, actor, "agreed", note)


def _agreed(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, note: str) -> Done:
    """Keep what was agreed to of a booked loop, whose plan stands."""
    grant_in(app, tx, loop, fix, actor, "agreed", note)
    tx.fixes.remove(loop.id, fix.id)
    changes = fields(loop, fix)
    if changes:
        loop = tx.loops.change(
            loop.id, actor, f"fix:{fix.id}", app.clock(), "loop_changed_by_hand", **changes
        )
    return Done(loop, fix, True)


def _claimed(tx: Tx, loop_id: str, fix_id: str) -> tuple[Loop, Fix]:
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    if loop.state not in _OPEN:
        text = "it is being planned, repaired or written, or has ended"
        raise WrongState("loop", loop_id, loop.state.value, text)
    found = next((fix for fix in tx.fixes.of_loop(loop_id) if fix.id == fix_id), None)
    if found is None:
        raise Missing("fix", fix_id)
    return loop, found


def _without_a_plan(tx: Tx, loop: Loop) -> bool:
    return loop.state in _STATES and not tx.interviews.of_loop(loop.id)


def _of_a_repair(loop: Loop, fix: Fix) -> bool:
    """Whether it is what would help a booked loop whose repair failed."""
    return loop.state is LoopState.NEEDS_ATTENTION and fix.text in loop.fixes


def reason_in(tx: Tx, reason: str | None) -> str:
    """The code of why a rule is overridden. Raises `BadInput` for one that is missing, or that the company has not."""
    known = tx.company.policy().reasons
    if not reason:
        fitting = ", ".join(r.code for r in known if r.fits(Deed.OVERRIDE))
        raise BadInput("reason", "missing: a rule is overridden for a reason", f"use one of {fitting}")
    return checked(known, Deed.OVERRIDE, reason).code


def by_hand(fix: Fix, booked: bool = False) -> WrongState:
    """That a fix is carried out by people, and how; ``booked``: of a loop that stands in calendars."""
    return WrongState(
        "fix", fix.id, "by hand", f"nobody can be asked for it here; {_what_to_do(fix, booked)}"
    )


def _what_to_do(fix: Fix, booked: bool) -> str:
    kinds = {change.kind for change in fix.changes}
    if "pool" in kinds and booked:
        return (
            "add a seat for somebody by POST /loops/{id}/try, or more people to the pool in the company file"
        )
    if "pool" in kinds:
        return "name more people for the step by POST /loops/{id}/change with adjust, or in the company file"
    if "rooms" in kinds:
        return "add a room to the company file, and plan the loop again"
    return "change the loop or the others by hand"


def _applied(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, reason: str, note: str) -> Done:
    """Keep what the loop is let off, and plan or repair it anew with that."""
    grant_in(app, tx, loop, fix, actor, reason, note)
    known = any(r.code == reason and r.fits(Deed.OVERRIDE) for r in tx.company.policy().reasons)
    if _of_a_repair(loop, fix) and tx.interviews.of_loop(loop.id):
        reasons.note(app, tx, loop, Deed.OVERRIDE, reason if known else None, actor, note)
        tx.fixes.remove(loop.id, fix.id)
        return Done(repair_anew(app, tx, loop, actor, f"fix:{fix.id}", **fields(loop, fix)), fix, True)
    moved = planning.replan_in(
        app,
        tx,
        loop.id,
        actor=actor,
        cause=f"fix:{fix.id}",
        change=lambda _, now: fields(now, fix),
        overrides=reason if known else None,
        note=note,
    )
    return Done(moved, fix, True)


def grant_in(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, reason: str, note: str) -> None:
    """Keep what the loop is let off, with the fact of it; nothing is planned."""
    tx.exemptions.add(granted(loop.id, fix, actor, reason, note, app.clock()))
    _note(app, tx, loop, APPLIED, fix, actor, note, reason)


def granted(loop: str, fix: Fix, actor: str, reason: str, note: str, at: datetime) -> tuple[Exemption, ...]:
    """What a loop is let off by a fix; that something is not as it was asked for is nothing to be let off."""
    changes = (change for change in fix.changes if change.kind != LOCK)
    return tuple(Exemption(loop, fix.id, change, actor, reason, note, at) for change in changes)


def fields(loop: Loop, fix: Fix) -> dict[str, Any]:
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


def ask_in(app: App, tx: Tx, loop: Loop, fix: Fix, actor: str, note: str) -> Done:
    """Ask whom a fix needs, once a day at most. The loop is claimed. Raises `WrongState`."""
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
