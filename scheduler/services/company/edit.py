"""The company as a file again, and one entry of it put anew: with all the checks of the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import time
from typing import Any

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.people import Account, Hours, Person, Pool, Room, Site, Standing
from scheduler.domain.policy import Policy, StageRule
from scheduler.domain.templates import ClockWindow, DebriefSpec, InterviewSpec, LoopTemplate, SeatSpec
from scheduler.services.app import App
from scheduler.services.company.read import checked_company
from scheduler.services.company.text import plain
from scheduler.services.company.words import DAYS
from scheduler.storage.database import Tx

_OWN_RULES = {"interviews", "debrief", "different_day", "same_day", "preferred"}


def put_entry(app: App, section: str, id: str, entry: Mapping[str, Any]) -> Company:
    """Put one of ``people``, ``pools``, ``rooms``, ``templates``, new or instead of the one of that id.

    Everything is checked as if the whole file were loaded. Raises `BadInputs`; a field of the entry
    is named by its path in the entry, anything else by its path in the file.
    """
    if entry.get("id", id) != id:
        raise BadInput("id", f"is not {id!r}, as the address says", "use the same id")
    with app.db.write() as tx:
        tx.company.lock()
        file = company_file(tx)
        place = _place(file[section], id)
        file[section][place:] = [{"id": id, **entry}, *file[section][place + 1 :]]
        try:
            company = checked_company(plain(file, "body"))
        except BadInputs as bad:
            raise BadInputs([_of_the_entry(f, f"{section}[{place}]") for f in bad.faults]) from None
        tx.company.replace(company, app.clock())
    return company


def _place(entries: list[dict[str, Any]], id: str) -> int:
    return next((n for n, e in enumerate(entries) if e["id"] == id), len(entries))


def _of_the_entry(fault: BadInput, place: str) -> BadInput:
    field = fault.field.removeprefix(place).lstrip(".") if fault.field.startswith(place) else fault.field
    return BadInput(re.sub(r"^$", "body", field), fault.fault, fault.fix)


def company_file(tx: Tx) -> dict[str, Any]:
    """What is loaded now, in the form of a company file with every default written out.

    Loading it gives the same company. What is no longer used is left out, people excepted whom a
    pool or a template still names. Raises `Missing` before the first load.
    """
    organizer = tx.company.organizer()
    pools, templates = tx.pools.list(), tx.templates.list()
    named = {person for pool in pools for person in pool.members} | _named(templates)
    people = [p for p in tx.people.list(active=False) if p.active or p.id in named]
    file = {
        "company": {"name": tx.company.name(), "organizer": _account(organizer)},
        "defaults": {"provider": organizer.provider, "mode": organizer.mode.value},
        "sites": [_site(s) for s in tx.sites.list()],
        "people": [_person(p) for p in people],
        "pools": [_pool(p) for p in pools],
        "rooms": [_room(r) for r in tx.rooms.list()],
        "templates": [_template(t) for t in templates],
        "policy": _policy(tx.company.policy()),
    }
    return file


def _named(templates: Iterable[LoopTemplate]) -> set[str]:
    seats = {s.person for t in templates for i in t.interviews for s in i.seats if s.person}
    return seats | {p for t in templates if t.debrief for p in t.debrief.also}


def _said(**values: Any) -> dict[str, Any]:
    """Without what is empty: an empty text is no name and no title."""
    return {name: value for name, value in values.items() if value not in ("", None)}


def _account(value: Account) -> dict[str, Any]:
    return {"address": value.address, "provider": value.provider, "mode": value.mode.value}


def _range(start: time, end: time) -> str:
    return f"{start:%H:%M}-{end:%H:%M}"


def _hours(week: Iterable[Hours]) -> list[str]:
    return [f"{DAYS[h.weekday]} {_range(h.start, h.end)}" for h in week]


def _windows(windows: Iterable[ClockWindow]) -> list[str]:
    return [_range(w.start, w.end) for w in windows]


def _site(value: Site) -> dict[str, Any]:
    return _said(
        id=value.id,
        name=value.name,
        zone=value.zone,
        hours=_hours(value.hours),
        country=value.country,
        holidays=[day.isoformat() for day in sorted(value.holidays)],
        address=value.address,
    )


def _person(value: Person) -> dict[str, Any]:
    return _said(
        id=value.id,
        name=value.name,
        email=value.email,
        site=value.site,
        zone=value.zone,
        title=value.title,
        level=value.level,
        skills=sorted(value.skills),
        hours=_hours(value.hours),
        lunch=_range(*value.lunch) if value.lunch else False,
        max_day=value.max_day,
        max_week=value.max_week,
        calendar=_account(value.account),
        active=value.active,
    )


def _pool(value: Pool) -> dict[str, Any]:
    return _said(id=value.id, name=value.name, **{s.value: value.of(s) for s in Standing})


def _room(value: Room) -> dict[str, Any]:
    return _said(
        id=value.id,
        name=value.name,
        site=value.site,
        capacity=value.capacity,
        calendar=_account(value.account),
        features=sorted(value.features),
        active=value.active,
    )


def _template(value: LoopTemplate) -> dict[str, Any]:
    rest = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _OWN_RULES}
    seats = {i.id: i.seats for i in value.interviews}
    return {
        **rest,
        "interviews": [_interview(i, seats.get(i.same_people_as or "", ())) for i in value.interviews],
        "debrief": _debrief(value.debrief),
        "different_day": [list(group) for group in value.different_day],
        "same_day": [list(group) for group in value.same_day],
        "preferred": _windows(value.preferred),
    }


def _interview(value: InterviewSpec, inherited: tuple[SeatSpec, ...]) -> dict[str, Any]:
    """``inherited`` are the seats of the step whose people it takes over: not given twice."""
    rest = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    seats = [] if value.seats == inherited else [_seat(s) for s in value.seats]
    return {**rest, "seats": seats, "windows": _windows(value.windows)}


def _seat(value: SeatSpec) -> dict[str, Any]:
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}


def _debrief(value: DebriefSpec | None) -> dict[str, Any] | bool:
    return False if value is None else {f.name: _plain(getattr(value, f.name)) for f in fields(value)}


def _policy(value: Policy) -> dict[str, Any]:
    rest = {f.name: getattr(value, f.name) for f in fields(value)}
    return {**rest, "prices": dict(value.prices), "stages": [_stage(s) for s in value.stages]}


def _stage(value: StageRule) -> dict[str, Any]:
    return _said(stage=value.stage, template=value.template, mode=value.mode.value, job=value.job)


def _plain(value: Any) -> Any:
    """A field as it is written: sets and tuples as lists, words as text."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value
