"""A template made ready for one loop: a branch taken, steps left out, open steps filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from scheduler.domain.errors import BadInput
from scheduler.domain.templates import ClockWindow, InterviewSpec, LoopTemplate, SeatKind, SeatSpec


@dataclass(frozen=True, slots=True)
class InterviewChange:
    """What a recruiter says about one step of one loop; what is left empty stays as it is.

    ``people`` are ids, the first of them leads; ``seats`` asks for pools or roles instead.
    ``due_days`` is for a take-home.
    """

    minutes: int | None = None
    people: tuple[str, ...] = ()
    seats: tuple[SeatSpec, ...] = ()
    windows: tuple[ClockWindow, ...] = ()
    due_days: int | None = None


def prepare(
    template: LoopTemplate,
    *,
    branch: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
    adjust: Mapping[str, InterviewChange] | None = None,
) -> LoopTemplate:
    """The template for one loop: ``branch`` maps each branch to the id of the step taken of it.

    What came after a step that falls away comes after that step's own predecessors. A branch of
    which ``leave_out`` leaves one step needs no choice. What is still undefined afterwards is in
    the result's ``incomplete``. Raises `BadInput` for a missing or unknown choice, an unknown step,
    a change that contradicts itself, and when nothing is left.
    """
    ids = {i.id for i in template.interviews}
    for id in leave_out:
        _known("leave_out", id, ids)
    gone = set(leave_out) | _not_taken(template, branch or {}, set(leave_out))
    if gone == ids:
        raise BadInput("leave_out", "leaves no interview", "keep at least one")
    result = _without(template, gone)
    return _adjusted(result, adjust or {})


def _known(field: str, id: str, ids: Collection[str]) -> None:
    if id not in ids:
        raise BadInput(field, f"unknown interview {id!r}", "known: " + ", ".join(sorted(ids)))


def _not_taken(template: LoopTemplate, chosen: Mapping[str, str], left_out: Collection[str]) -> set[str]:
    """The steps of branches that are not the chosen ones."""
    options: dict[str, list[str]] = {}
    for step in template.interviews:
        if step.branch:
            options.setdefault(step.branch, []).append(step.id)
    for name in chosen:
        if name not in options:
            known = "known: " + ", ".join(options) if options else "this template has no branches"
            raise BadInput(f"branch.{name}", "unknown branch", known)
    dropped: set[str] = set()
    for name, steps in options.items():
        rest = [s for s in steps if s not in left_out]
        choices = "choose one of " + ", ".join(rest)
        taken = chosen.get(name)
        if taken is None:
            if len(rest) > 1:
                raise BadInput(f"branch.{name}", "no choice is made", choices)
        elif taken not in rest:
            fault = "is left out" if taken in steps else "is not one of its steps"
            raise BadInput(f"branch.{name}", f"{taken!r} {fault}", choices)
        dropped |= {s for s in rest if len(rest) > 1 and s != taken}
    return dropped


def _without(template: LoopTemplate, gone: Collection[str]) -> LoopTemplate:
    """The template without these steps; every reference to them is moved on or dropped."""
    before = {i.id: i.after for i in template.interviews}
    kept = tuple(_reordered(i, before, gone) for i in template.interviews if i.id not in gone)
    return replace(
        template,
        interviews=kept,
        same_day=_groups(template.same_day, gone),
        different_day=_groups(template.different_day, gone),
    )


def _reordered(
    step: InterviewSpec, before: Mapping[str, tuple[str, ...]], gone: Collection[str]
) -> InterviewSpec:
    """A step with its order moved past the steps that are gone.

    Gaps speak of the steps named in ``after``: when none of those is left they fall away, and the
    greatest gap too where the step now has to follow somebody it did not name.
    """
    named = [a for a in step.after if a not in gone]
    heirs = [x for a in step.after if a in gone for x in _earlier(a, before) if x not in gone]
    known = {x for a in [*named, *heirs] for x in _earlier(a, before)} | set(named)
    heirs = [x for x in dict.fromkeys(heirs) if x not in known]
    same = None if step.same_people_as in gone else step.same_people_as
    step = replace(step, after=(*named, *heirs), same_people_as=same, branch=None)
    if not named:
        return replace(step, immediately_after=False, least_gap=0, greatest_gap=None)
    return replace(step, immediately_after=False, greatest_gap=None) if heirs else step


def _earlier(id: str, before: Mapping[str, tuple[str, ...]]) -> dict[str, None]:
    """Every step that comes before, directly or not, the nearest first."""
    found: dict[str, None] = {}
    rest = list(before.get(id, ()))
    while rest:
        step = rest.pop(0)
        if step not in found:
            found[step] = None
            rest += before.get(step, ())
    return found


def _groups(groups: Iterable[tuple[str, ...]], gone: Collection[str]) -> tuple[tuple[str, ...], ...]:
    rest = (tuple(i for i in group if i not in gone) for group in groups)
    return tuple(group for group in rest if len(group) > 1)


def _adjusted(template: LoopTemplate, changes: Mapping[str, InterviewChange]) -> LoopTemplate:
    ids = [i.id for i in template.interviews]
    for id, change in changes.items():
        if id not in ids:
            raise BadInput(f"adjust.{id}", "no such interview in this loop", "known: " + ", ".join(ids))
        _check(id, template.interview(id), change)
    changed = {id: _changed(template.interview(id), change) for id, change in changes.items()}
    steps = [changed.get(i.id, i) for i in template.interviews]
    return replace(template, interviews=tuple(_following(s, changed) for s in steps))


def _check(id: str, step: InterviewSpec, change: InterviewChange) -> None:
    field = f"adjust.{id}"
    if change.people and change.seats:
        raise BadInput(field, "gives both people and seats", "give one of them")
    if step.same_people_as and (change.people or change.seats):
        other = step.same_people_as
        raise BadInput(f"{field}.people", f"are those of {other!r}", f"change {other!r} instead")
    if len(set(change.people)) < len(change.people):
        raise BadInput(f"{field}.people", "names somebody twice", "name everybody once")
    for name, value in (("minutes", change.minutes), ("due_days", change.due_days)):
        if value is not None and value < 1:
            raise BadInput(f"{field}.{name}", f"{value} is less than 1", "give a positive number")


def _changed(step: InterviewSpec, change: InterviewChange) -> InterviewSpec:
    seats = change.seats or tuple(
        SeatSpec(kind=SeatKind.CO_INTERVIEWER if n else SeatKind.LEAD, person=person)
        for n, person in enumerate(change.people)
    )
    step = replace(
        step,
        minutes=change.minutes or step.minutes,
        seats=seats or step.seats,
        windows=change.windows or step.windows,
        due_days=change.due_days or step.due_days,
    )
    return replace(step, open=step.open and step.incomplete is not None)


def _following(step: InterviewSpec, changed: Mapping[str, InterviewSpec]) -> InterviewSpec:
    """Whoever has "the same people as" a changed step changes with it."""
    other = changed.get(step.same_people_as or "")
    return replace(step, seats=other.seats) if other else step
