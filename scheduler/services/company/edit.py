"""The company as a file again, and one entry of it put anew: with all the checks of the whole file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.hiring.connections import Match
from scheduler.domain.hiring.processes import Process
from scheduler.domain.people import Person, Pool, Site, Standing
from scheduler.domain.policy import Policy
from scheduler.domain.templates import InterviewSpec, LoopTemplate, SeatSpec
from scheduler.services.app import App
from scheduler.services.company.fields import entry, written
from scheduler.services.company.file import PersonFile, RoomFile, SiteFile
from scheduler.services.company.load import load
from scheduler.services.company.read import checked_company
from scheduler.services.company.text import plain
from scheduler.storage.database import Tx


def put_entry(
    app: App, section: str, id: str, new: Mapping[str, Any], before: Callable[[Tx], None] = lambda _: None
) -> Company:
    """Put one of ``people``, ``pools``, ``rooms``, ``templates``, new or instead of the one of that id.

    Everything is checked as if the whole file were loaded. Raises `BadInputs`; a field of the entry
    is named by its path in the entry, anything else by its path in the file. ``before`` is asked once the company
    is ours to change, and may refuse.
    """
    if new.get("id", id) != id:
        raise BadInput("id", f"is not {id!r}, as the address says", "use the same id")

    def put(file: dict[str, Any]) -> str:
        place = _place(file[section], id)
        file[section][place:] = [{"id": id, **new}, *file[section][place + 1 :]]
        return f"{section}[{place}]"

    return _put(app, put, before)


def put_policy(app: App, new: Mapping[str, Any], before: Callable[[Tx], None] = lambda _: None) -> Company:
    """Have another policy, with the same checks. Raises `BadInputs`; fields of the policy are named by their path in
    it. ``before`` is as in `put_entry`."""

    def put(file: dict[str, Any]) -> str:
        file["policy"] = dict(new)
        return "policy"

    return _put(app, put, before)


def _put(app: App, put: Callable[[dict[str, Any]], str], before: Callable[[Tx], None]) -> Company:
    """Load the company's file as ``put`` leaves it; that says where the change is."""
    with app.db.write() as tx:
        tx.company.lock()
        before(tx)
        file = company_file(tx)
        place = put(file)
        try:
            company = checked_company(plain(file, "body"))
        except BadInputs as bad:
            raise BadInputs([_of_the_entry(f, place) for f in bad.faults]) from None
        load(app, tx, company)
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
    return {
        "company": {"name": tx.company.name(), "organizer": written(organizer)},
        "defaults": {"provider": organizer.provider, "mode": organizer.mode.value},
        "sites": [_site(s) for s in tx.sites.list()],
        "people": [_person(p) for p in people],
        "pools": [_pool(p) for p in pools],
        "rooms": [_said(entry(r, RoomFile)) for r in tx.rooms.list()],
        "templates": [_template(t) for t in templates],
        "policy": _policy(tx.company.policy()),
    }


def _named(templates: Iterable[LoopTemplate]) -> set[str]:
    seats = {s.person for t in templates for i in t.interviews for s in i.seats if s.person}
    return seats | {p for t in templates if t.debrief for p in t.debrief.also}


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: an empty text is no name and no title."""
    return {name: value for name, value in values.items() if value not in ("", None)}


def _site(value: Site) -> dict[str, Any]:
    closing = value.closing
    holidays = {
        "subdivisions": sorted(closing.subdivisions),
        "categories": sorted(closing.categories),
        "add": sorted({*(day.isoformat() for day in value.holidays), *closing.yearly}),
        "leave_out": sorted(closing.leave_out),
        "half_days": sorted(closing.half_days),
        "half_days_until": f"{closing.until:%H:%M}",
    }
    return _said(entry(value, SiteFile) | {"holidays": holidays})


def _person(value: Person) -> dict[str, Any]:
    said = _said(entry(value, PersonFile))
    return said if value.lunch else {**said, "lunch": False}


def _pool(value: Pool) -> dict[str, Any]:
    return _said({"id": value.id, "name": value.name, **{s.value: value.of(s) for s in Standing}})


def _template(value: LoopTemplate) -> dict[str, Any]:
    seats = {i.id: i.seats for i in value.interviews}
    return {
        **written(value),
        "interviews": [_interview(i, seats.get(i.same_people_as or "", ())) for i in value.interviews],
        "debrief": written(value.debrief) or False,
    }


def _interview(value: InterviewSpec, inherited: tuple[SeatSpec, ...]) -> dict[str, Any]:
    """``inherited`` are the seats of the step whose people it takes over: not given twice."""
    return {**written(value), "seats": [] if value.seats == inherited else written(value.seats)}


def _policy(value: Policy) -> dict[str, Any]:
    stages = [_said(written(stage)) for stage in value.stages]
    reasons = [{"code": r.code, "text": r.text, "for": sorted(r.deeds)} for r in value.reasons]
    return {
        **written(value),
        "prices": dict(value.prices),
        "stages": stages,
        "reasons": reasons,
        "automations": [_said({**written(a), "branch": dict(a.branch)}) for a in value.automations],
        "matches": [_match(m) for m in value.matches],
        "processes": [_process(p) for p in value.processes],
    }


def _process(value: Process) -> dict[str, Any]:
    return _said({**written(value), "stages": [_said(written(stage)) for stage in value.stages]})


def _match(value: Match) -> dict[str, Any]:
    told = {"kind": value.kind, "theirs": value.theirs, "ours": value.ours}
    return {**told, "connection": value.connection} if value.connection else told
