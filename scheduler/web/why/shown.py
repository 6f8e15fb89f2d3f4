"""What stands in a loop's way, and what would help, with names instead of ids.

Told by `tests/scheduler/web/planning/test_why.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduler.domain.fixes.fix import Exemption, Fix
from scheduler.domain.loops import Loop, Reason
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.time import Span
from scheduler.services.asking import fixing
from scheduler.services.planning.fixes.saying import Names, of_fix
from scheduler.services.planning.naming import title_of
from scheduler.storage.database import Tx
from scheduler.web.frame.saying import Sentence


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A reason, with who and which interviews it is about."""

    reason: Reason
    people: tuple[str, ...]
    interviews: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One interview of the plan that a fix was tried with."""

    span: Span
    title: str
    people: tuple[str, ...]
    room: str


@dataclass(frozen=True, slots=True)
class Way:
    """A fix, who would be asked by name, and the plan that it leads to."""

    fix: Fix
    people: tuple[str, ...]
    plan: tuple[Step, ...]
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Why:
    """``asides`` are said beside what stands in the way; ``let_off`` is what this loop is exempt from already."""

    reasons: Sequence[InTheWay]
    asides: Sequence[Reason]
    ways: Sequence[Way]
    let_off: Sequence[Exemption]


def why(tx: Tx, loop: Loop, candidate: str) -> Why:
    """All of it, the easiest way out first."""
    fixes = fixing.of_loop(tx, loop.id)
    people = {p.id: p.name for p in tx.people.list(_people(loop, fixes), active=False)}
    rooms = {
        r.id: r.name for r in tx.rooms.list({p.room for f in fixes for p in f.plan if p.room}, active=False)
    }
    names = Names(
        person=lambda id: people.get(id, id),
        interview=lambda id: _title(loop, id),
        site=_sites(tx, fixes),
        candidate=candidate,
        zone=loop.zone,
    )
    return Why(
        [
            InTheWay(r, _named(r.people, people), tuple(_title(loop, i) for i in r.interviews))
            for r in loop.reasons
            if not r.aside
        ],
        [r for r in loop.reasons if r.aside],
        [
            Way(
                fix,
                _named(fix.people, people),
                tuple(_step(loop, p, people, rooms) for p in fix.plan),
                Sentence(fix.text, of_fix(fix, names)),
            )
            for fix in fixes
        ],
        tx.exemptions.of_loop(loop.id),
    )


def _sites(tx: Tx, fixes: Sequence[Fix]) -> Callable[[str], str]:
    names = {}
    for id in {change.site for fix in fixes for change in fix.changes if change.site}:
        site = tx.sites.get(id)
        names[id] = site.name if site is not None else id
    return lambda id: names.get(id, id)


def _title(loop: Loop, interview: str) -> str:
    return title_of(loop.template, interview)


def _named(ids: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(id, id) for id in ids)


def _step(loop: Loop, planned: PlannedInterview, people: Mapping[str, str], rooms: Mapping[str, str]) -> Step:
    there = [id for seat in planned.people for id in seat] + ([planned.shadow] if planned.shadow else [])
    room = rooms.get(planned.room, planned.room) if planned.room else ""
    return Step(planned.span, _title(loop, planned.interview), _named(there, people), room)


def _people(loop: Loop, fixes: Sequence[Fix]) -> set[str]:
    def ids() -> Iterator[str]:
        for reason in loop.reasons:
            yield from reason.people
        for fix in fixes:
            yield from fix.people
            for change in fix.changes:
                yield from change.people
            for planned in fix.plan:
                yield from (id for seat in planned.people for id in seat)
                if planned.shadow:
                    yield planned.shadow

    return set(ids())
