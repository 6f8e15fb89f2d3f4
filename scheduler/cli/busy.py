"""`loopwright busy`: what the calendars say of some people, the first thing an administrator tries."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from connectors.types import Availability, Known
from scheduler import config, wiring
from scheduler.cli.faults import out
from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.people import Account, Person, Room
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, instant, zone
from scheduler.services.app import App
from scheduler.services.planning import availability
from scheduler.storage.database import Tx


def run(
    data: Path | None, names: Sequence[str], start: str, end: str, zone_name: str, *, as_json: bool
) -> None:
    if zone_name:
        zone(zone_name, "--zone")
    runtime = wiring.build(config.load(data=data))
    try:
        runtime.app.db.migrate()
        with runtime.app.db.read() as tx:
            if tx.company.loaded_at() is None:
                raise BadInput("company", "none is loaded", "run: loopwright load FILE")
            owners, strangers = _owners(tx, names)
            zones = {subject: zone_name or _zone(tx, owner) for subject, owner in owners}
        spans = {name: window(start, end, name) for name in set(zones.values())}
        found = _asked(runtime.app, {s: (o.account, spans[zones[s]]) for s, o in owners})
        rows = [_row(s, owner, found[s], zones[s]) for s, owner in owners]
        rows += [_stranger(name, fault) for name, fault in strangers.items()]
    finally:
        runtime.close()
    if as_json:
        out.print_json(json.dumps(rows))
    else:
        for row in rows:
            _show(row)


def _asked(app: App, wanted: Mapping[Subject, tuple[Account, Span]]) -> dict[Subject, Availability]:
    """Everybody whose window is the same is asked for together: services count requests, not people."""
    together: dict[Span, dict[Subject, Account]] = defaultdict(dict)
    for subject, (account, span) in wanted.items():
        together[span][subject] = account
    return {k: v for span, them in together.items() for k, v in availability.read(app, them, span).items()}


def window(start: str, end: str, zone_name: str) -> Span:
    """``--from`` and ``--to`` as a span; a bare day counts whole. Raises `BadInput`."""
    first = instant(_whole(start, 0), zone_name, "--from")
    last = instant(_whole(end, 1), zone_name, "--to")
    if last <= first:
        raise BadInput("--to", "is not after --from", "give a later end")
    return Span(first, last)


def _whole(text: str, add: int) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    if day.year == date.max.year:  # the day after does not exist; `instant` refuses such years anyway
        return text
    return f"{(day + timedelta(days=add)).isoformat()}T00:00"


def _owners(tx: Tx, names: Sequence[str]) -> tuple[list[tuple[Subject, Person | Room]], dict[str, BadInput]]:
    """Who is meant, each once, and the names that are nobody's. Raises where there is nobody else to ask
    about."""
    found: dict[Subject, Person | Room] = {}
    faults: dict[str, BadInput] = {}
    for name in dict.fromkeys(names):
        try:
            subject, owner = _owner(tx, name)
        except BadInput as fault:
            faults[name] = fault
        else:
            found[subject] = owner
    if not found:
        raise BadInputs(list(faults.values()))
    return list(found.items()), faults


def _owner(tx: Tx, name: str) -> tuple[Subject, Person | Room]:
    """By id, e-mail address, or the address of the calendar."""
    person = tx.people.get(name) or tx.people.by_email(name)
    if person is not None:
        return Subject.person(person.id), person
    room = tx.rooms.get(name)
    if room is not None:
        return Subject.room(room.id), room
    everybody: dict[Subject, Person | Room] = {Subject.person(p.id): p for p in tx.people.list()}
    everybody |= {Subject.room(r.id): r for r in tx.rooms.list()}
    for subject, owner in everybody.items():
        if owner.account.address.casefold() == name.strip().casefold():
            return subject, owner
    known = [word for s, o in everybody.items() for word in (s.id, o.account.address)]
    close = difflib.get_close_matches(name, known, 1)
    fix = f"did you mean {close[0]}?" if close else "give an id or an address from the company file"
    raise BadInput("PERSON", f"{name[:80]!r} is neither a person nor a room of this company", fix)


def _stranger(name: str, fault: BadInput) -> dict[str, Any]:
    """Whoever is asked about comes back: as unknown, where the company does not know them."""
    return {"id": name, "known": False, "code": "not_in_company", "reason": f"{fault.fault}; {fault.fix}"}


def _zone(tx: Tx, owner: Person | Room) -> str:
    if isinstance(owner, Person):
        return owner.zone
    site = tx.sites.get(owner.site)
    return site.zone if site else "UTC"


def _row(subject: Subject, owner: Person | Room, found: Availability, zone_name: str) -> dict[str, Any]:
    tz = zone(zone_name)
    row: dict[str, Any] = {
        "id": owner.id,
        "kind": subject.kind.value,
        "name": owner.name,
        "provider": owner.account.provider,
        "address": owner.account.address,
        "mode": owner.account.mode.value,
        "zone": zone_name,
        "known": isinstance(found, Known),
    }
    if isinstance(found, Known):
        row["as_of"] = found.as_of.isoformat()
        row["busy"] = [
            {
                "start": b.start.astimezone(tz).isoformat(),
                "end": b.end.astimezone(tz).isoformat(),
                "verdict": b.verdict.value,
                **({"ours": b.key} if b.key else {}),
            }
            for b in found.busy
        ]
        row["places"] = [
            {
                "start": p.start.astimezone(tz).isoformat(),
                "end": p.end.astimezone(tz).isoformat(),
                "where": p.where,
            }
            for p in found.places
        ]
    else:
        row["code"], row["reason"] = found.code, found.reason
    return row


def _show(row: Mapping[str, Any]) -> None:
    if "provider" not in row:
        out.print(f"unknown: {row['reason']}", style="yellow")
        return
    title = f"{row['name']} · {row['provider']} {row['address']} · {row['zone']}"
    if not row["known"]:
        out.print(f"{title}\n  unknown: {row['reason']}", style="yellow")
        return
    table = Table("from", "to", "verdict", title=title, title_justify="left")
    for block in row["busy"]:
        table.add_row(
            block["start"][:16].replace("T", " "), block["end"][:16].replace("T", " "), block["verdict"]
        )
    out.print(table)
