"""Changes tried on a loop without a trace: allowed at what price, or refused by which rule and for whom.

What else has to move is found with the least change; what the candidate would see is dearest. Told by
`tests/stories/test_changing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scheduler.domain.fixes.saying import Said, listed, said, times
from scheduler.domain.loops import Reason
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.changing import ground, words
from scheduler.services.changing.asked import Asked
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.fixes.found import Helps, helps
from scheduler.services.changing.posing import Posed, picture_of, posed_on
from scheduler.services.changing.versions import Version
from scheduler.services.changing.words import Override, Refusal
from scheduler.services.planning.encode import DEBRIEF, decode
from scheduler.services.planning.naming import title_of, told_span
from scheduler.services.solving import SolveFailed, why
from solver import LoopPlan, ProblemError, Status

ALLOWED, REFUSED, UNDECIDED = "allowed", "refused", "undecided"


@dataclass(frozen=True, slots=True)
class Step:
    """One difference to the plan that stands: ``what`` is time, people, room, added or removed; ``asked`` or what
    follows from it; whether the candidate sees it (``seen``)."""

    interview: str
    what: str
    asked: bool
    seen: bool
    text: str
    before: str = ""
    after: str = ""
    """What it was and is, in ids and UTC."""
    said: Said | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """``price`` is the difference per rule to the plan that stands; ``planned`` and ``version`` are there where it is
    allowed. *undecided*: the time for it ran out, and nothing is proven."""

    verdict: str
    draft: Draft
    refused: tuple[Refusal, ...] = ()
    steps: tuple[Step, ...] = ()
    price: Mapping[str, int] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    planned: tuple[PlannedInterview, ...] = ()
    version: str = ""
    cost: int = 0
    """Of the whole plan."""
    total: Mapping[str, int] = field(default_factory=dict)
    helps: Helps = field(default_factory=Helps)
    """What would help, where it is refused."""


def look(app: App, loop_id: str, asked: Asked) -> Tried:
    """Try the changes, and change nothing. Raises `Missing`, `WrongState`, and `BadInput` for what cannot be meant."""
    with app.db.read() as tx:
        known = ground.read(tx, loop_id, app.clock(), asked.proposal)
        seconds = tx.company.policy().solve_seconds
    made = draft(known, asked.changes)
    picture = picture_of(app, made)
    posed = posed_on(made, picture)
    if isinstance(posed, tuple):
        refused = (*words.from_reasons(posed), *words.outside(made))
        return Tried(REFUSED, made, refused, helps=helps(app, made, asked, picture, None))
    try:
        found = app.solver.within(seconds).nearest(posed.encoded.problem, posed.drawn)
    except (SolveFailed, ProblemError) as error:
        return _undecided(
            made, f"what the changes would lead to could not be worked out: {why(error, loop_id)}"
        )
    if found.plan is not None:
        return allowed(posed, found.plan, found.price, asked)
    if found.status is Status.UNKNOWN:
        text = f"no plan with these changes was found within {seconds:.0f} seconds; nothing is proven"
        return _undecided(made, text)
    refused = words.refusals(posed, found.broken, touched(made))
    return Tried(REFUSED, made, refused, helps=helps(app, made, asked, picture, posed))


def _undecided(made: Draft, text: str) -> Tried:
    return Tried(UNDECIDED, made, words.from_reasons([Reason("undecided", text, said=said("undecided"))]))


def touched(made: Draft) -> list[str]:
    """The interviews that the changes name."""
    return [*made.pins, *(spec for _, spec in made.freed), *made.shaped]


def allowed(posed: Posed, plan: LoopPlan, total: Mapping[str, int], asked: Asked) -> Tried:
    """A plan that the rules allow, with what it changes and costs."""
    made = posed.draft
    planned = ground.padded(made.loop.template, decode(posed.encoded, plan))
    price = words.price_between(posed, plan)
    return Tried(
        ALLOWED,
        made,
        steps=tuple(steps(made, planned)),
        price=price,
        overrides=words.overrides(posed, plan, price),
        planned=planned,
        version=Version.of(made.ground, asked, planned).text(),
        cost=sum(total.values()),
        total=dict(total),
    )


def steps(made: Draft, planned: Sequence[PlannedInterview]) -> Iterator[Step]:
    """What a plan changes, in the order of its interviews; what is gone comes last."""
    before = made.ground.base
    for now in planned:
        was = before.get(now.interview)
        if was is None:
            told = said("step.added", at=_at(made, now))
            text, after = f"is added, {_when(made, now)}", _time(now)
            yield _step(made, now.interview, "added", True, text, "", after, told)
        else:
            yield from _differences(made, was, now)
    there = {p.interview for p in planned}
    for id, was in before.items():
        if id not in there:
            title = title_of(made.ground.loop.template, id)
            told = said("step", title=title, what=said("step.removed", at=_at(made, was)))
            text = f"{title} is taken out, {_when(made, was)}"
            yield Step(id, "removed", True, id != DEBRIEF, text, _time(was), said=told)


def _differences(made: Draft, was: PlannedInterview, now: PlannedInterview) -> Iterator[Step]:
    id = now.interview
    pin = made.pins.get(id)
    if was.span != now.span:
        text = f"moves from {_when(made, was)} to {_when(made, now)}"
        told = said("step.moved", then=_at(made, was), now=_at(made, now))
        by_hand = pin is not None and pin.start is not None
        yield _step(made, id, "time", by_hand, text, _time(was), _time(now), told)
    left, come = _people(was) - _people(now), _people(now) - _people(was)
    if (left or come or was.people != now.people) and id != DEBRIEF:
        wanted = {p for _, people in (pin.people if pin else ()) for p in people}
        by_hand = bool(come & wanted) or any((p, id) in made.freed for p in left) or id in made.shaped
        by_hand = by_hand or bool(not (left or come) and wanted)
        text, told = _swapped(made, left, come), _swapped_as_data(made, left, come)
        yield _step(made, id, "people", by_hand, text, _seats(was), _seats(now), told)
    if was.room != now.room:
        rooms: dict[str | None, str] = {r.id: r.name for r in made.ground.rooms.values()}
        rooms[None] = "no room"
        text = f"is in {rooms.get(now.room, now.room)} instead of {rooms.get(was.room, was.room)}"
        then, there = (rooms.get(p.room, p.room) if p.room else said("no_room") for p in (was, now))
        told = said("step.room", then=then, now=there)
        yield _step(made, id, "room", bool(pin and pin.room), text, was.room or "", now.room or "", told)


def _step(
    made: Draft, id: str, what: str, by_hand: bool, text: str, before: str, after: str, told: Said
) -> Step:
    seen, title = id != DEBRIEF and what in ("time", "added"), title_of(made.loop.template, id)
    whole = said("step", title=title, what=told)
    return Step(id, what, by_hand, seen, f"{title} {text}", before, after, whole)


def _at(made: Draft, planned: PlannedInterview) -> dict[str, Any]:
    return times([planned.span], made.loop.zone)


def _swapped_as_data(made: Draft, left: set[str], come: set[str]) -> Said:
    names = [listed(sorted(map(made.ground.name, people))) for people in (come, left)]
    if left and come:
        return said("step.swapped", come=names[0], left=names[1])
    if not (left or come):
        return said("step.seats")
    return said("step.joined", come=names[0]) if come else said("step.left", left=names[1])


def _time(planned: PlannedInterview) -> str:
    return planned.span.start.isoformat()


def _seats(planned: PlannedInterview) -> str:
    seats = [*planned.people, *([(planned.shadow,)] if planned.shadow else [])]
    return "; ".join(", ".join(seat) for seat in seats)


def _when(made: Draft, planned: PlannedInterview) -> str:
    return f"{told_span(planned.span, zone(made.loop.zone))} ({made.loop.zone})"


def _people(planned: PlannedInterview) -> set[str]:
    shadow = {planned.shadow} if planned.shadow else set()
    return {p for seat in planned.people for p in seat} | shadow


def _swapped(made: Draft, left: set[str], come: set[str]) -> str:
    names = [" and ".join(sorted(map(made.ground.name, people))) for people in (come, left)]
    if left and come:
        return f"is given by {names[0]} instead of {names[1]}"
    if not (left or come):
        return "has the same people in other seats"
    return f"is joined by {names[0]}" if come else f"is left by {names[1]}"
