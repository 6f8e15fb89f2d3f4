"""Small valid values of the domain, to be varied with keywords."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from scheduler.domain.bookings import (
    Hold,
    Interview,
    InterviewState,
    LedgerRow,
    Reservation,
    Seat,
    Write,
)
from scheduler.domain.company import Company
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.people import Account, Hours, Person, Pool, Room, Site, Standing
from scheduler.domain.policy import Policy
from scheduler.domain.proposals import PlannedInterview, Proposal, ProposalState
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import (
    InterviewKind,
    InterviewSpec,
    LoopTemplate,
    Modality,
    SeatKind,
    SeatSpec,
)
from scheduler.domain.time import Span
from scheduler.storage import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOURS = tuple(Hours(day, time(9), time(17, 30)) for day in range(5))


def minutes(n: int) -> datetime:
    """The instant ``n`` minutes after `NOW`."""
    return NOW + timedelta(minutes=n)


def span(start: int, end: int) -> Span:
    return Span(minutes(start), minutes(end))


def account(name: str) -> Account:
    return Account("local", f"{name}@example.org")


def site(id: str = "berlin", **changes: Any) -> Site:
    return Site(**{"id": id, "name": id.title(), "zone": "Europe/Berlin", "hours": HOURS, **changes})


def person(id: str = "anna", **changes: Any) -> Person:
    values = {
        "id": id,
        "name": id.title(),
        "email": f"{id}@example.org",
        "zone": "Europe/Berlin",
        "site": "berlin",
        "account": account(id),
        "hours": HOURS,
        "skills": frozenset({"python", "sql"}),
        "lunch": (time(12), time(13)),
    }
    return Person(**{**values, **changes})


def room(id: str = "oak", **changes: Any) -> Room:
    values = {"id": id, "name": id.title(), "site": "berlin", "capacity": 6, "account": account(id)}
    return Room(**{**values, "features": frozenset({"video"}), **changes})


def template(id: str = "onsite", **changes: Any) -> LoopTemplate:
    talk = InterviewSpec("talk", "Talk", 45, seats=(SeatSpec(pools=("backend",)),))
    return LoopTemplate(**{"id": id, "title": "On site", "interviews": (talk,), **changes})


def company(**changes: Any) -> Company:
    values = {
        "name": "Example",
        "organizer": account("interviews"),
        "sites": (site(),),
        "people": (person("anna"), person("bob")),
        "pools": (Pool("backend", "Backend", {"anna": Standing.QUALIFIED, "bob": Standing.TRAINEE}),),
        "rooms": (room(),),
        "templates": (template(),),
        "policy": Policy(hold_minutes=20, prices={"idle": 3}),
    }
    return Company(**{**values, **changes})


def application(id: str = "app-1", **changes: Any) -> Application:
    candidate = Candidate("Ada Kaya", "ada@example.net", "Europe/Istanbul")
    return Application(
        **{"id": id, "candidate": candidate, "job": "j", "hiring_manager": "anna"}
        | {
            "recruiter": "bob",
            **changes,
        }
    )


def loop(id: str = "loop-1", **changes: Any) -> Loop:
    values = {
        "id": id,
        "application": "app-1",
        "template": template(),
        "state": LoopState.DRAFT,
        "mode": BookMode.PROPOSE,
        "zone": "Europe/Berlin",
        "site": "berlin",
        "horizon": span(0, 10_000),
        "windows": (span(60, 600),),
        "stage_visit": f"visit-of-{id}",
        "created_at": NOW,
        "updated_at": NOW,
        "owner": "bob",
    }
    return Loop(**{**values, **changes})


def proposal(id: str = "p-1", **changes: Any) -> Proposal:
    values = {
        "id": id,
        "loop": "loop-1",
        "rank": 0,
        "interviews": (PlannedInterview("talk", span(60, 105), (("anna",), ("bob",)), room="oak"),),
        "price": {"idle": 4, "earliness": 2},
        "cost": 6,
        "bound": 6,
        "status": "optimal",
        "basis": NOW,
        "unknown": ("cleo",),
        "state": ProposalState.OFFERED,
        "created_at": NOW,
    }
    return Proposal(**{**values, **changes})


def interview(id: str = "i-1", **changes: Any) -> Interview:
    values = {
        "id": id,
        "loop": "loop-1",
        "spec": "talk",
        "title": "Talk",
        "kind": InterviewKind.INTERVIEW,
        "modality": Modality.ON_SITE,
        "span": span(60, 105),
        "room": "oak",
        "seats": (Seat("anna", SeatKind.LEAD, number=0), Seat("bob", SeatKind.SHADOW, required=False)),
        "state": InterviewState.HELD,
    }
    return Interview(**{**values, **changes})


def hold(subject: str, start: int, end: int, loop: str = "loop-1", interview: str = "i-1") -> Reservation:
    """Held until an hour after `NOW`."""
    return Reservation(Subject.parse(subject), span(start, end), loop, interview, Hold.HELD, minutes(60))


def write(id: str = "w-1", **changes: Any) -> LedgerRow:
    values = {
        "id": id,
        "loop": "loop-1",
        "interview": "i-1",
        "write": Write.BOOK,
        "key": f"key-of-{id}",
        "payload": {"title": "Talk"},
        "generation": 0,
        "order": 0,
    }
    return LedgerRow(**{**values, **changes})


def with_loops(database: Database, *ids: str, **changes: Any) -> None:
    """Store the application ``app-1`` and loops of it."""
    with database.write() as tx:
        tx.applications.put(application())
        for id in ids or ("loop-1",):
            tx.loops.add(loop(id, **changes), actor="system", cause="test")


def taken(database: Database) -> list[Reservation]:
    """Every reservation of every loop."""
    with database.read() as tx:
        return [row for found in tx.loops.list() for row in tx.reservations.of_loop(found.id)]
