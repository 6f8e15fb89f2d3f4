"""What would make a refused change by hand possible, each shown by the nearest plan that it allows.

Nothing is kept: each fix carries what it was tried with, sealed with the deployment's key, for its sender to give back.

Told by `tests/stories/test_changing_fixes.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from connectors.errors import Invalid
from scheduler.domain.errors import BadInput
from scheduler.domain.fixes.fix import LOCK, Change, Fix, How, fix_id
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.app import App
from scheduler.services.asking import fixing
from scheduler.services.changing import ground, versions, words
from scheduler.services.changing.asked import Asked, Move
from scheduler.services.changing.draft import Draft, title
from scheduler.services.changing.posing import Posed, posed_on
from scheduler.services.changing.versions import Version
from scheduler.services.planning.encode import DEBRIEF, Encoded, decode
from scheduler.services.planning.fixes.eased import eased
from scheduler.services.planning.fixes.nearest import MOST, SECONDS, explained, nearest
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.sessions import session_id
from scheduler.services.solving import SolveFailed
from scheduler.storage import codec
from solver import Kind, LoopPlan, Problem, ProblemError

AROUND = 5 * 60
"""Minutes before and after a start that was asked for in which another one is looked for."""
ELSEWHERE = 2
"""Effort of another start: nobody has to be asked, and no rule is given up."""


@dataclass(frozen=True, slots=True)
class Help:
    """A fix of a refused try, and the ``version`` with which it is carried out."""

    fix: Fix
    version: str


@dataclass(frozen=True, slots=True)
class Helps:
    """The easiest first; ``cut``: time ran out, and there may be more."""

    found: tuple[Help, ...] = ()
    cut: bool = False


def helps(app: App, made: Draft, asked: Asked, picture: Picture, posed: Posed | None) -> Helps:
    """What would help; ``posed`` is proven to have no plan, ``None`` where it cannot even be posed."""
    search = _Search(app, made)
    fixes = [*eased(app, picture, search.plan)]
    cut = False
    if posed is not None:
        more, cut = search.explained(posed)
        fixes += more
        if len(asked.changes) == 1 and isinstance(asked.changes[0], Move):
            instead = search.at_another_start(picture, asked.changes[0])
            fixes += [instead] if instead else []
    every = {fix.id: fix for fix in sorted(fixes, key=lambda fix: fix.effort)}
    return Helps(tuple(_sealed(app, made, asked, fix) for fix in [*every.values()][:MOST]), cut)


class _Search:
    def __init__(self, app: App, made: Draft) -> None:
        self.app, self.made = app, made
        self.solver = app.solver.within(SECONDS)

    def plan(self, _: App, picture: Picture) -> tuple[PlannedInterview, ...] | None:
        """The nearest plan on another picture."""
        posed = posed_on(self.made, picture)
        if isinstance(posed, tuple):
            return None
        return self._nearest(posed, posed.encoded.problem)

    def _nearest(self, posed: Posed, problem: Problem) -> tuple[PlannedInterview, ...] | None:
        plan = nearest(self.solver, problem, posed.drawn)
        return None if plan is None else self._planned(posed.encoded, plan)

    def _planned(self, encoded: Encoded, plan: LoopPlan) -> tuple[PlannedInterview, ...]:
        return ground.padded(self.made.loop.template, decode(encoded, plan))

    def explained(self, posed: Posed) -> tuple[list[Fix], bool]:
        """The solver's ways out, each with the plan that changes least. What was asked for is kept."""
        kept = (Kind.LOCK,) if self.made.pins else ()
        return explained(self.solver, posed.picture, posed.encoded, posed.drawn, kept, self._planned)

    def at_another_start(self, picture: Picture, move: Move) -> Fix | None:
        """The start nearest to the one that was asked for at which everything else can stay, where there is one."""
        made, id = _let_go(self.made, move.interview), move.interview
        posed = posed_on(made, replace(picture, loop=replace(picture.loop, locks=made.loop.locks)))
        if isinstance(posed, tuple) or made.loop.lock_of(id) is not None:
            return None
        if any(s.id not in posed.before.sessions for s in posed.encoded.problem.loops[0].sessions):
            return None
        name = DEBRIEF if id == DEBRIEF else session_id(made.loop.id, id)
        asked, was = self.made.wanted[id].span.start, made.ground.base[id].span.start
        wanted = posed.encoded.scale.floor(asked)
        between = max(wanted - AROUND, posed.encoded.scale.ceil(made.ground.now) + 1, 0), wanted + AROUND
        try:
            places = self.solver.starts(posed.encoded.problem, posed.before, name, between)
        except (SolveFailed, ProblemError):
            return None
        there = posed.encoded.scale.floor(was)
        good = {p.start: p.plan for p in places if p.plan is not None and p.start != there}
        if not good:
            return None
        best = min(good, key=lambda start: (abs(start - wanted), start))
        plan = self._planned(posed.encoded, good[best])
        return _otherwise(made, next(planned for planned in plan if planned.interview == id), plan)


def _let_go(made: Draft, id: str) -> Draft:
    """The draft as if nothing had been asked of one interview."""
    pins = {name: pin for name, pin in made.pins.items() if name != id}
    return replace(made, pins=pins, wanted={**made.wanted, id: made.ground.base[id]})


def _otherwise(made: Draft, instead: PlannedInterview, plan: tuple[PlannedInterview, ...]) -> Fix:
    change = Change(LOCK, (instead.interview,), spans=(instead.span,))
    when = words.told(instead.span, made.loop.zone)
    text = f"It would fit at another time: {title(made, instead.interview)} {when}."
    return Fix(fix_id((change,)), text, ELSEWHERE, How.APPLY, (change,), plan=plan)


def relieved(made: Draft, fix: Fix) -> Draft:
    """The draft as the fix has it: the loop's own fields that it changes, and what is not as it was asked for."""
    for change in fix.changes:
        if change.kind == LOCK:
            made = _let_go(made, change.interviews[0])
    return replace(made, loop=replace(made.loop, **fixing.fields(made.loop, fix)))


# -- carried by its sender --------------------------------------------------------------------------


def _sealed(app: App, made: Draft, asked: Asked, fix: Fix) -> Help:
    version = Version.of(made.ground, asked, fix.plan)
    said = {"version": version.text(), "fix": codec.encode(replace(fix, plan=()))}
    return Help(fix, app.systems.vault.seal(json.dumps(said, separators=(",", ":"))))


def opened(app: App, text: str) -> tuple[Version, Fix]:
    """What a fix was tried with. Raises `BadInput` for a text that this deployment has not sealed."""
    try:
        said = json.loads(app.systems.vault.open(text))
        version = versions.read(said["version"])
        return version, replace(codec.decode(Fix, said["fix"], "version"), plan=version.plan)
    except (Invalid, ValueError, KeyError, TypeError, BadInput):
        fix = "send the version beside the fix, as the answer to the try has it"
        raise BadInput("version", "is no version of a fix", fix) from None
