"""Two questions: does the process live, which nothing can hold up, and can it do its work, which is tried.

Told by `tests/scheduler/api/test_health.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE
from scheduler.api.faults import FieldFault
from scheduler.api.health.checks import ASIDE, Checks
from scheduler.api.problems import RETRY_SECONDS, answers, problem

router = APIRouter(prefix=f"{BASE}/health", tags=["health"])


async def _checks(request: Request) -> Checks:
    found: Checks = request.app.state.checks
    return found


Asked = Annotated[Checks, Depends(_checks)]
Anybody = Annotated[Actor, needs(Action.OBSERVE)]


class Waits(BaseModel):
    """Jobs of one kind that wait, and for how many seconds the oldest has."""

    waiting: int
    oldest_seconds: float


class Health(BaseModel):
    """The process lives. The rest is what was last found out, ``known_seconds_ago``; ``null`` before the first
    look. ``waiting_seconds`` is the age of the oldest write to a calendar that is not done; ``notices`` how
    changes in the organizer's calendar become known beside polling (`GET /company/notices` says more)."""

    alive: bool = True
    ready: bool | None = None
    company_loaded: bool | None = None
    waiting_writes: int | None = None
    waiting_seconds: float | None = None
    notices: str | None = None
    jobs: dict[str, Waits] | None = None
    known_seconds_ago: float | None = None


class Line(BaseModel):
    """One thing that was tried; ``text`` says what was found, or what is wrong and what to do."""

    name: str
    ok: bool
    text: str


class Ready(BaseModel):
    """Everything that was tried. What stands in ``calendars`` and ``workers`` does not make a deployment unready:
    requests are taken, and jobs wait or are done elsewhere."""

    company_loaded: bool
    waiting_writes: int
    waiting_seconds: float
    notices: str
    jobs: dict[str, Waits]
    checks: list[Line]


@router.get("", responses=answers())
async def get_health(checks: Asked, _: Anybody) -> Health:
    """200 while the process lives, at once, whatever the database does; with what was last known of it."""
    known = checks.known()
    checks.refresh()
    return Health(ready=known.ready, known_seconds_ago=known.age, **known.figures)


@router.get("/ready", response_model=Ready, responses=answers())
async def get_readiness(checks: Asked, _: Anybody) -> Ready | JSONResponse:
    """200 while the schema is the newest, the database can be read and written, no write waits too long and
    the disk has room; else 503 with a line for each that is not so. Answered within two seconds."""
    found = await checks.all()
    wrong = [check for check in found.checks if not check.ok and check.name not in ASIDE]
    if wrong:
        faults = [FieldFault(field=c.name, fault=c.text, fix=c.fix) for c in wrong]
        text = "\n".join(c.line for c in wrong)
        return problem(503, "unavailable", text, faults, {"retry-after": str(RETRY_SECONDS)})
    lines = [Line(name=c.name, ok=c.ok, text=c.text + (f"; {c.fix}" if c.fix else "")) for c in found.checks]
    return Ready(**found.figures, checks=lines)
