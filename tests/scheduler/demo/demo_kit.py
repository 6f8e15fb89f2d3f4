"""The demo's questions to the planner, without database or service: calendars in, plan out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from connectors.local import LocalCalendar
from connectors.types import Availability, Window
from scheduler.demo.company import demo_company
from scheduler.domain.loops import Application, BookMode, Loop, LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.asking.prepare import prepare
from scheduler.services.asking.requests import windows
from scheduler.services.planning import seating
from scheduler.services.planning.encode import Encoded, encode
from scheduler.services.planning.picture import DEBRIEF_TAIL, Picture
from scheduler.services.planning.seating import Roster
from solver.problem.plan import Limits, Result
from solver.questions.solve import solve


def now_before(monday: date) -> datetime:
    """Three days before the demo's first Monday."""
    return datetime.combine(monday - timedelta(days=3), time(8), UTC)


def read(folder: Path, addresses: Mapping[Subject, str], span: Span) -> dict[Subject, Availability]:
    found = LocalCalendar(folder).availability(list(addresses.values()), Window(span.start, span.end))
    return {subject: found[address] for subject, address in addresses.items()}


def picture(
    folder: Path,
    monday: date,
    application: Application,
    template: str,
    offered: Sequence[Mapping[str, str]],
    mode: BookMode,
    declined: tuple[tuple[str, str], ...] = (),
) -> Picture:
    """What the planner is shown of a loop asked for three days before the first Monday."""
    company, now = demo_company(), now_before(monday)
    recipe = prepare(next(t for t in company.templates if t.id == template))
    on_site = any(i.needs_room for i in recipe.interviews)
    loop = Loop(
        id="lp",
        application=application.id,
        template=recipe,
        state=LoopState.PLANNING,
        mode=mode,
        zone="Europe/Berlin",
        site="berlin" if on_site else None,
        horizon=Span(now, now + timedelta(days=recipe.horizon_days)),
        windows=tuple(windows([(w["start"], w["end"]) for w in offered], "Europe/Berlin", now)),
        stage_visit="visit",
        created_at=now,
        updated_at=now,
        declined=declined,
    )
    whole = Roster({p.id: p for p in company.people}, {p.id: p for p in company.pools})
    ids = sorted(seating.everybody(recipe, application, whole))
    rooms = {r.id: r for r in company.rooms if r.site == loop.site}
    addresses = {Subject.person(i): whole.people[i].account.address for i in ids}
    addresses |= {Subject.room(r.id): r.account.address for r in rooms.values()}
    span = Span(now, loop.horizon.end + DEBRIEF_TAIL)
    facts: dict[str, Any] = {
        "loop": loop,
        "application": application,
        "roster": Roster({i: whole.people[i] for i in ids}, whole.pools),
        "sites": {s.id: s for s in company.sites},
        "rooms": rooms,
        "policy": company.policy,
        "now": now,
        "span": span,
        "deployment": "demo",
        "held": {},
        "others": (),
        "barred": frozenset(),
        "load": {},
        "availability": read(folder, addresses, span),
    }
    return Picture(**facts)


def planned(seen: Picture) -> tuple[Encoded, Result]:
    """The best plan of what was seen. Fails where the loop cannot even be posed."""
    encoded = encode(seen)
    assert isinstance(encoded, Encoded), encoded
    return encoded, solve(encoded.problem, Limits(seconds=20))
