"""Rules about how the steps of a template follow, share and exclude each other.

Told by `tests/scheduler/services/company/templates/test_checking.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from scheduler.domain.templates import InterviewSpec, LoopTemplate, SeatKind
from scheduler.services.company.faults import Fault, Loc, leads_nowhere, nearest


def steps(template: LoopTemplate) -> Iterator[tuple[Loc, InterviewSpec]]:
    """Every interview with its place in the template."""
    for n, step in enumerate(template.interviews):
        yield ("interviews", n), step


def order_holds(template: LoopTemplate, _: object) -> Iterator[Fault]:
    """Steps come after steps that exist, never in a circle, and gaps can be kept."""
    ids = [step.id for step in template.interviews]
    for loc, step in steps(template):
        for n, before in enumerate(step.after):
            if before == step.id:
                yield Fault((*loc, "after", n), "a step cannot come after itself", "remove it")
            elif leads_nowhere(before, ids):
                yield Fault((*loc, "after", n), f"unknown interview {before!r}", nearest(before, ids))
        yield from _gap_faults(loc, step, template)
        yield from _buffer_faults(loc, step, template)
    circle = _circle({s.id: s.after for s in template.interviews})
    if circle:
        yield Fault(
            ("interviews", ids.index(circle[0]), "after"),
            f"goes in a circle: {' after '.join(circle)}",
            "remove one of these",
        )


def _gap_faults(loc: Loc, step: InterviewSpec, template: LoopTemplate) -> Iterator[Fault]:
    min_break = template.min_break
    gaps = {
        "immediately_after": step.immediately_after,
        "least_gap": step.least_gap > 0,
        "greatest_gap": step.greatest_gap is not None,
    }
    said = [name for name, there in gaps.items() if there]
    if said and not step.after:
        yield Fault((*loc, said[0]), "after which interview?", "name it in `after`")
    choices = {i.branch or i.id for i in template.interviews if i.id in step.after}
    if step.immediately_after and len(choices) > 1:
        fault = "can follow only one interview at once"
        yield Fault((*loc, "immediately_after"), fault, "name one in `after`, or use `greatest_gap`")
    most = 0 if step.immediately_after else step.greatest_gap
    least = max(step.least_gap, min_break)
    if most is not None and most < least:
        source = "least_gap" if step.least_gap >= min_break else "min_break"
        fault = f"at most {most} minutes, yet `{source}` asks for {least}"
        yield Fault(
            (*loc, said[0] if step.immediately_after else "greatest_gap"), fault, "change one of the two"
        )


def _buffer_faults(loc: Loc, step: InterviewSpec, template: LoopTemplate) -> Iterator[Fault]:
    """Who goes on from one step to the next has the buffer between them, so that much time there must be."""
    most = 0 if step.immediately_after else step.greatest_gap
    if most is None or most >= template.buffer:
        return
    for before in (i for i in template.interviews if i.id in step.after):
        again = [s for s in _named(step) if s in _named(before)]
        same = step.same_people_as or step.id, before.same_people_as or before.id
        if again or same[0] == same[1]:
            who = again[0] if again else "the same people"
            fault = (
                f"at most {most} minutes after {before.id!r}, yet {who} have a `buffer` of {template.buffer}"
            )
            where = "immediately_after" if step.immediately_after else "greatest_gap"
            yield Fault(
                (*loc, where), fault, "allow that much between the two, make them one, or lower `buffer`"
            )
            return


def _named(step: InterviewSpec) -> list[str]:
    """Who surely sits in a step: people by name or role, who must be there."""
    seats = [s for s in step.seats if s.kind not in (SeatKind.OPTIONAL, SeatKind.SHADOW)]
    return [str(s.person or s.role) for s in seats if s.person or s.role]


def _circle(after: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Some circle of the order, first id repeated at the end; empty where there is none."""
    done: set[str] = set()
    for start in after:
        trail: list[str] = []
        stack = [(start, iter(after[start]))] if start not in done else []
        trail += [start] if stack else []
        while stack:
            here, rest = stack[-1]
            step = next((b for b in rest if b in after and b != here and b not in done), None)
            if step is None:
                done.add(here)
                stack.pop()
                trail.pop()
            elif step in trail:
                return [*trail[trail.index(step) :], step]
            else:
                trail.append(step)
                stack.append((step, iter(after[step])))
    return []


def same_people_exist(template: LoopTemplate, _: object) -> Iterator[Fault]:
    """``same_people_as`` names another step that has people of its own."""
    named = {s.id: s for s in template.interviews}
    for loc, step in steps(template):
        other = step.same_people_as
        if other is None:
            continue
        at = (*loc, "same_people_as")
        if other == step.id or leads_nowhere(other, named):
            yield Fault(at, f"unknown interview {other!r}", nearest(other, set(named) - {step.id}))
        elif other not in named:
            continue
        elif named[other].same_people_as is not None:
            first = named[other].same_people_as
            yield Fault(at, f"{other!r} itself has the people of {first!r}", f"name {first!r} here")
        elif step.seats != named[other].seats:
            yield Fault(
                (*loc, "seats"), f"are others than those of {other!r}", "leave them out: they are taken over"
            )


def branches_are_choices(template: LoopTemplate, _: object) -> Iterator[Fault]:
    """A branch is a choice between at least two steps."""
    branches = [s.branch for s in template.interviews]
    for loc, step in steps(template):
        if step.branch and branches.count(step.branch) < 2:
            fault = f"{step.branch!r} has no other step to choose"
            yield Fault((*loc, "branch"), fault, "give the same `branch` to another step, or leave it out")


def day_groups_hold(template: LoopTemplate, _: object) -> Iterator[Fault]:
    """Groups name at least two known steps, and can be kept in the days there are."""
    ids = [s.id for s in template.interviews]
    together = {frozenset(p) for group in template.same_day for p in combinations(group, 2)}
    for name, groups in (("same_day", template.same_day), ("different_day", template.different_day)):
        for n, group in enumerate(groups):
            for k, id in enumerate(group):
                if leads_nowhere(id, ids):
                    yield Fault((name, n, k), f"unknown interview {id!r}", nearest(id, ids))
            if len(set(group)) < 2:
                yield Fault((name, n), "names fewer than two interviews", "name at least two")
    for n, group in enumerate(template.different_day):
        if len(set(group)) > template.max_days:
            fault = f"needs {len(set(group))} days, but `max_days` is {template.max_days}"
            yield Fault(("different_day", n), fault, "allow more days, or name fewer interviews")
        for pair in combinations(dict.fromkeys(group), 2):
            if frozenset(pair) in together:
                yield Fault(
                    ("different_day", n),
                    f"{' and '.join(pair)} are also in `same_day`",
                    "keep one of the two",
                )
