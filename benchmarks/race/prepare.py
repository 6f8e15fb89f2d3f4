"""Makes a deployment in which many loops have the same slot on offer: ``prepare.py FOLDER DATABASE LOOPS``.

Run with the build that is to be measured in front of the path. Planning is left out on purpose: what is
measured is the booking, and every build gets the very same rows. Prints the ids of the plans; the first has a slot of
its own, to book before the race what every process has to do once.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from connectors.local.folder import create_calendar
from scheduler import config, wiring
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import PlannedInterview, Proposal, ProposalState
from scheduler.domain.time import Span
from scheduler.services.company.read import read_company
from scheduler.wiring import Runtime

COMPANY = """
company: {name: Race, organizer: interviews@race.example}
defaults: {site: b, hours: mon-fri 08:00-18:00, max_day: 20, max_week: 90}
sites: [{id: b, name: B, zone: Europe/Berlin, hours: mon-fri 08:00-19:00}]
people:
  - {id: hana, name: Hana, email: hana@race.example}
  - {id: rolf, name: Rolf, email: rolf@race.example}
  - {id: anna, name: Anna, email: anna@race.example}
pools: [{id: engineers, name: E, qualified: [anna]}]
templates:
  - id: one
    title: One talk
    notice_hours: 1
    horizon_days: 40
    debrief: false
    interviews: [{id: talk, title: Talk, minutes: 45, modality: video, seats: [{pool: engineers}]}]
policy: {undo_minutes: 0, alternatives: 1, solve_seconds: 5}
"""


def main(folder: Path, database: str, count: int) -> None:
    runtime = wiring.build(config.load(data=folder, **({"database": database} if database else {})))
    wiring.migrate(runtime)
    company = read_company(COMPANY, "yaml", "company.yaml")
    for address in (company.organizer.address, *(p.account.address for p in company.people)):
        create_calendar(folder / "calendars", address, address, "Europe/Berlin")
    with runtime.app.db.write() as tx:
        tx.company.replace(company, runtime.app.clock())
    slot = _slot(runtime)
    warm = Span(slot.start + timedelta(days=1), slot.end + timedelta(days=1))
    print(
        json.dumps([_offered(runtime, warm if number == 0 else slot, number) for number in range(count + 1)])
    )
    runtime.close()


def _slot(runtime: Runtime) -> Span:
    """45 minutes of a morning in the week after next, on a working day."""
    now = runtime.app.clock()
    day = (now + timedelta(days=15 - now.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
    return Span(day, day + timedelta(minutes=45))


def _offered(runtime: Runtime, slot: Span, number: int) -> str:
    """One loop that has the slot on offer; the id of its plan."""
    name, now = f"race-{number}", runtime.app.clock()
    candidate = Candidate(f"Candidate {number}", f"c{number}@mail.example", "Europe/Berlin")
    proposal = Proposal(
        id=f"pr-{number}",
        loop=name,
        rank=1,
        interviews=(PlannedInterview("talk", slot, (("anna",),)),),
        price={},
        cost=0,
        bound=0,
        status="optimal",
        basis=now,
        unknown=(),
        state=ProposalState.OFFERED,
        created_at=now,
    )
    with runtime.app.db.write() as tx:
        template = tx.templates.get("one")
        assert template is not None
        tx.applications.put(Application(name, candidate, "Engineer", "hana", "rolf"))
        day = timedelta(days=1)
        loop = Loop(
            id=name,
            application=name,
            template=template,
            state=LoopState.PROPOSED,
            mode=BookMode.PROPOSE,
            zone="Europe/Berlin",
            site=None,
            horizon=Span(now, slot.end + day),
            windows=(slot,),
            stage_visit=name,
            created_at=now,
            updated_at=now,
        )
        tx.loops.add(loop, "system", "benchmark")
        tx.proposals.add_all([proposal])
    return proposal.id


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
