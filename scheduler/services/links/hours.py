"""An interviewer's own hours, wishes and pauses, and how much is asked of them beside their pools.

What of it they change themselves is the company's policy (`own_fields`); the rest they see. Told by
`tests/stories/test_interviewer_hours.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Link
from scheduler.domain.load import PersonWeek
from scheduler.domain.people import Person, Standing
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.company.edit import company_file, put_entry
from scheduler.services.planning import workload
from scheduler.storage.database import Tx

CHANGED = "own_hours_changed"
FIELDS = ("hours", "lunch", "avoid", "pauses", "rather_not", "max_day", "max_week")
"""What a policy may leave to them, by the names of the company file."""
_BACK, _AHEAD = timedelta(weeks=2), timedelta(weeks=3)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody in one pool: what they had and will have in these weeks, and what its qualified people have on average."""

    pool: str
    standing: Standing
    mine: int
    usual: float
    people: int


@dataclass(frozen=True, slots=True)
class Own:
    """``entry`` is theirs in the company file, ``may`` the fields of it that they change themselves. ``steps`` are kinds and
    steps that one may rather not do, each with its title where it has one."""

    person: Person
    entry: Mapping[str, Any]
    may: frozenset[str]
    weeks: tuple[PersonWeek, ...]
    shares: tuple[Share, ...]
    steps: tuple[tuple[str, str], ...]


def own(app: App, tx: Tx, link: Link) -> Own:
    """What the person of a link sees of themselves. Raises `Missing` where they have left the company."""
    people = tx.people.list([link.person])
    if not people:
        raise Missing("person", link.person)
    me = people[0]
    pools = [p for p in tx.pools.list() if me.id in p.members]
    groups = {p.id: p.of(Standing.QUALIFIED) for p in pools}
    everybody = tx.people.list({me.id, *(id for ids in groups.values() for id in ids)})
    today = app.clock().astimezone(zone(me.zone)).date()
    rows, _ = workload.board(tx, everybody, {p.id for p in everybody}, groups, today - _BACK, today + _AHEAD)
    count = {p.id: sum(w.interviews for w in rows if w.person == p.id) for p in everybody}
    return Own(
        person=me,
        entry=_entry(tx, me.id),
        may=frozenset(tx.company.policy().own_fields),
        weeks=tuple(w for w in rows if w.person == me.id),
        shares=tuple(
            Share(
                pool.name,
                pool.members[me.id],
                count[me.id],
                _mean([count[i] for i in ids if i in count]),
                len(ids),
            )
            for pool, ids in ((p, groups[p.id]) for p in pools)
        ),
        steps=tuple(_steps(tx).items()),
    )


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _steps(tx: Tx) -> dict[str, str]:
    kinds = (InterviewKind.INTERVIEW, InterviewKind.LUNCH, InterviewKind.PRESENTATION)
    found = {kind.value: "" for kind in kinds}
    for template in tx.templates.list():
        for step in template.interviews:
            if step.kind is not InterviewKind.TAKE_HOME:
                found.setdefault(step.id, step.title)
    return found


def keep(app: App, link: Link, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    """Have other values from now on, with all the checks of the company file; what is booked already stays. ``seen`` is what
    these fields were when they were looked at.

    Raises `BadInputs` naming the fields; `NotAllowed` for one that the policy does not leave to them; `WrongState` where
    somebody else has changed one meanwhile; `Missing` where they have left.
    """
    actor = str(Subject.person(link.person))
    for _ in range(_TRIES):
        with app.db.read() as tx:
            now, may = _entry(tx, link.person), tx.company.policy().own_fields
        strange = sorted(changes.keys() - set(may))
        if strange:
            raise NotAllowed("own_fields", f"{', '.join(strange)}: the company sets this")
        other = sorted(name for name in changes if now.get(name) != seen.get(name))
        if other:
            raise WrongState("person", link.person, "changed", f"somebody has changed {', '.join(other)}")
        wanted = {name: value for name, value in changes.items() if value != now.get(name)}
        if not wanted:
            return

        def before(tx: Tx, now: Mapping[str, Any] = now, wanted: Mapping[str, Any] = wanted) -> None:
            if _entry(tx, link.person) != now:
                raise _Meanwhile
            data = {"fields": sorted(wanted)}
            tx.facts.add(Fact(app.clock(), actor, CHANGED, actor, data=data))

        try:
            put_entry(app, "people", link.person, {**now, **wanted}, before)
        except _Meanwhile:
            continue
        return
    raise WrongState("person", link.person, "changed", "somebody else is changing it just now")


class _Meanwhile(Exception):
    """Somebody has changed something else of the entry since it was read."""


def _entry(tx: Tx, id: str) -> Mapping[str, Any]:
    entries: list[dict[str, Any]] = company_file(tx)["people"]
    found = next((e for e in entries if e["id"] == id and e.get("active", True)), None)
    if found is None:
        raise Missing("person", id)
    return found
