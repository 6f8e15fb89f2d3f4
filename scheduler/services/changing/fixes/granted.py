"""A fix of a refused try is carried out: the change is done with the plan that was shown, or whom it needs is asked.

Told by `tests/stories/test_changing_fixes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scheduler.domain.errors import BadInput
from scheduler.domain.fixes.fix import Fix, How
from scheduler.services.app import App
from scheduler.services.asking import fixing
from scheduler.services.asking.fixing import Done
from scheduler.services.changing import applying
from scheduler.services.changing.applying import Grant, Why
from scheduler.services.changing.asked import Asked
from scheduler.services.changing.fixes.found import opened, relieved
from scheduler.services.changing.versions import Version
from scheduler.storage.database import Tx


def carry_out(
    app: App,
    loop_id: str,
    fix_id: str,
    asked: Asked,
    version: str,
    why: Why,
    actor: str,
    before: Callable[[Tx], None] = lambda _: None,
) -> Done:
    """Do what a fix of a refused try says. ``why.override`` is the reason for what the loop is let off, ``before`` as
    of `applying.apply`.

    Raises what `applying.apply` raises; `WrongState` for a fix that only people can carry out, and where who is to be
    asked was asked today; `BadInput` for a version of another fix.
    """
    tried, fix = opened(app, version)
    if fix.id != fix_id:
        raise BadInput("version", "is of another fix", "send the version that stands beside this one")
    match fix.how:
        case How.APPLY:
            return _applied(app, loop_id, asked, tried, fix, why, actor, before)
        case How.BY_HAND:
            raise fixing.by_hand(fix)
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        applying.same(tx, loop_id, asked, tried, app)
        assert loop is not None
        before(tx)
        return fixing.ask_in(app, tx, loop, tx.fixes.keep(loop_id, fix), actor, why.note)


def _applied(
    app: App,
    loop_id: str,
    asked: Asked,
    tried: Version,
    fix: Fix,
    why: Why,
    actor: str,
    before: Callable[[Tx], None],
) -> Done:
    let_off = bool(fixing.granted(loop_id, fix, actor, "", "", app.clock()))
    if let_off:
        with app.db.read() as tx:
            why = replace(why, override=fixing.reason_in(tx, why.override))

    def note(tx: Tx) -> None:
        loop = tx.loops.claim(loop_id)
        assert loop is not None
        before(tx)
        if let_off:
            fixing.grant_in(app, tx, loop, fix, actor, why.override or "", why.note)

    exempt = fixing.granted(loop_id, fix, actor, why.override or "", why.note, app.clock())
    try:
        loop = applying.do(
            app, loop_id, asked, tried, why, actor, note, Grant(lambda made: relieved(made, fix), exempt)
        )
    except BadInput as fault:
        if fault.field != "override":
            raise
        raise BadInput("reason", fault.fault, fault.fix) from None
    return Done(loop, fix, True)
