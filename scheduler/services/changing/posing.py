"""A drawn plan as a question to the solver: the loop as it would be, with what was asked for pinned.

A person decides here, so what only a doubt forbids has a price instead (a tentative meeting), as it has in mode
*propose*; a booked loop is changed whatever the least notice, which is told.

Told by `tests/stories/test_changing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import solver
from scheduler.domain.bookings import Interview
from scheduler.domain.fixes.fix import Exemption
from scheduler.domain.loops import BookMode, Loop, Reason
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.afterwards.repair import debrief_declined
from scheduler.services.app import App
from scheduler.services.changing.draft import Draft
from scheduler.services.planning.encode import DEBRIEF, Encoded, encode
from scheduler.services.planning.picture import Picture, gather
from solver import Assignment, LoopPlan, Plan, Violation


@dataclass(frozen=True, slots=True)
class Posed:
    """``drawn`` is the plan with the changes in it, ``before`` the one that stands, as far as the loop still has its
    interviews: both as plans of one problem."""

    draft: Draft
    picture: Picture
    encoded: Encoded
    drawn: LoopPlan
    before: LoopPlan

    def broken(self, plan: LoopPlan) -> tuple[Violation, ...]:
        """What a plan breaks: the checker's word."""
        return solver.violations(self.encoded.problem, Plan({self.draft.loop.id: plan}))

    def price(self, plan: LoopPlan) -> dict[str, int]:
        """What a plan costs, per rule."""
        return solver.price(self.encoded.problem, Plan({self.draft.loop.id: plan}))


def pose(app: App, draft: Draft, granted: tuple[Exemption, ...] = ()) -> Posed | tuple[Reason, ...]:
    """Read the calendars and pose the drawn plan, or say why it cannot even be posed; ``granted`` is what the loop is to
    be let off besides."""
    picture = picture_of(app, draft)
    return posed_on(draft, replace(picture, exempt=(*picture.exempt, *granted)))


def picture_of(app: App, draft: Draft) -> Picture:
    """Everything that is known about the loop as it would be, calendars read."""
    picture = gather(app, _loop(draft))
    current = tuple(_renumbered(i, draft.shaped.get(i.spec)) for i in picture.current)
    picture = replace(picture, current=current, to_be_kept=_to_be_kept(draft))
    return replace(picture, loop=debrief_declined(picture))


def posed_on(draft: Draft, picture: Picture) -> Posed | tuple[Reason, ...]:
    """`pose` on a picture that is there already."""
    encoded = encode(picture, pinned=draft.ground.begun)
    if isinstance(encoded, tuple):
        return encoded
    plans = plan_of(encoded, draft.wanted), plan_of(encoded, draft.ground.base)
    return Posed(draft, picture, encoded, *plans)


def told_apart(posed: Posed, asked: str) -> tuple[Posed, tuple[Violation, ...]]:
    """The same question with what the plan that stands breaks already, elsewhere than in the interview ``asked``
    about: of a booked loop those interviews are settled, and not held against it."""
    sessions, made = posed.encoded.sessions, posed.draft

    def about(violation: Violation) -> str:
        return sessions.spec.get(violation.session or "", violation.part)

    already = tuple(v for v in posed.broken(posed.before) if about(v) != asked)
    settled = frozenset(map(about, already)) & {i.spec for i in posed.picture.current} - {DEBRIEF}
    if not settled:
        return posed, already
    encoded = encode(posed.picture, pinned=made.ground.begun | settled)
    if isinstance(encoded, tuple):
        return posed, already
    plans = plan_of(encoded, made.wanted), plan_of(encoded, made.ground.base)
    return Posed(made, posed.picture, encoded, *plans), already


def _to_be_kept(draft: Draft) -> frozenset[str] | None:
    """Other windows or another horizon are judged: what is booked outside of them has to move, unless it has begun."""
    then, now = draft.ground.loop, draft.loop
    same = (then.windows, then.horizon) == (now.windows, now.horizon)
    return None if same else draft.ground.begun


def _loop(draft: Draft) -> Loop:
    """The loop as the planner is to see it."""
    loop, ground = draft.locked(), draft.ground
    kept = (d for d in loop.declined if d[1] not in ground.begun)
    loop = replace(loop, declined=(*kept, *sorted(draft.freed)))
    if ground.booked:
        loop = replace(loop, mode=BookMode.PROPOSE, template=replace(loop.template, notice_hours=0))
    return loop


def _renumbered(interview: Interview, where: list[int] | None) -> Interview:
    """A booked interview whose seats are counted as the changed template counts them."""
    if where is None:
        return interview
    seats = (replace(s, number=where[s.number] if s.number >= 0 else s.number) for s in interview.seats)
    return replace(interview, seats=tuple(seats))


def plan_of(encoded: Encoded, planned: Mapping[str, PlannedInterview]) -> LoopPlan:
    """Planned interviews as a plan of the problem; what it does not know of is left out."""
    found: dict[str, Assignment] = {}
    for session in encoded.problem.loops[0].sessions:
        was = planned.get(encoded.sessions.spec[session.id])
        if was is not None:
            numbers = encoded.sessions.kept[session.id]
            people = tuple(was.people[n] if n < len(was.people) else () for n in numbers)
            start = encoded.scale.floor(was.span.start)
            found[session.id] = Assignment(start, people, was.shadow, was.room)
    debrief = planned.get(DEBRIEF) if encoded.problem.loops[0].debrief else None
    return LoopPlan(found, encoded.scale.floor(debrief.span.start) if debrief else None)
