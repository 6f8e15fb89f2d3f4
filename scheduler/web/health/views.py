"""Whether everything works: what was tried, queues, calendars, zone rules; what failed is tried again from here.

Told by `tests/scheduler/web/days/test_health.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from connectors import zone_rules
from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, DomainError
from scheduler.domain.hooks import DeliveryState
from scheduler.domain.subjects import Whose
from scheduler.services.app import App
from scheduler.services.hiring import arriving, waiting
from scheduler.services.telling import hooks
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer

router = APIRouter(
    prefix="/health", include_in_schema=False, dependencies=acts(Action.READ, Action.CONFIGURE)
)
LIMIT = 2.0
"""Seconds that a page waits for what is tried."""
FRESH = 10.0
MOST = 50


class IdForm(Form):
    """``id`` of a message that came in, or of a webhook of ours; ``back`` is where the button was."""

    id: str = Field(max_length=100)
    back: Literal["health", "today"] = "health"


class Check(Protocol):
    """What came of trying one thing."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def text(self) -> str: ...
    @property
    def fix(self) -> str: ...


class Known(Protocol):
    """What was last found out."""

    @property
    def checks(self) -> Sequence[Check]: ...
    @property
    def age(self) -> float | None: ...
    @property
    def ready(self) -> bool | None: ...
    @property
    def figures(self) -> Mapping[str, Any]: ...


class Tries(Protocol):
    """What tries it."""

    def known(self) -> Known: ...
    def refresh(self) -> None: ...


async def _tries(request: Request) -> Tries:
    found: Tries = request.app.state.checks
    return found


Tried = Annotated[Tries, Depends(_tries)]


@router.get("")
def get_health(request: Request, app: Services, viewer: Looking, tried: Tried) -> Response:
    return _page(request, app, viewer, tried, Filled[IdForm]({}, None))


@router.post("/again")
def work_on_it_again(
    request: Request, app: Services, viewer: Looking, posted: Posted, tried: Tried
) -> Response:
    """A message that came in is worked on once more: what was done for its stage visit is not done again."""
    return _do(
        request, app, viewer, posted, tried, lambda id: arriving.replay(app, id, viewer.actor), "again"
    )


@router.post("/enable")
def enable(request: Request, app: Services, viewer: Looking, posted: Posted, tried: Tried) -> Response:
    """A webhook of ours is told again."""
    return _do(request, app, viewer, posted, tried, lambda id: hooks.enable(app, id, viewer.actor), "enabled")


@router.post("/send-again")
def send_again(request: Request, app: Services, viewer: Looking, posted: Posted, tried: Tried) -> Response:
    """Whatever failed of a webhook of ours is sent again."""
    return _do(
        request,
        app,
        viewer,
        posted,
        tried,
        lambda id: hooks.replay_all(app, id, DeliveryState.FAILED, 0),
        "sent_again",
    )


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    posted: list[tuple[str, str]],
    tried: Tries,
    work: Callable[[str], object],
    done: str,
) -> Response:
    filled = read(IdForm, posted, viewer.words)
    if filled.value is None:
        return _page(request, app, viewer, tried, filled, 422)
    try:
        work(filled.value.id)
    except BadInput as error:
        filled.refuse(error)
        return _page(request, app, viewer, tried, filled, 409)
    except DomainError:
        raise
    return say(see(f"/{filled.value.back}"), done)


def _page(
    request: Request, app: App, viewer: Viewer, tried: Tries, form: Filled[Any], status: int = 200
) -> Response:
    known = _looked(tried)
    with app.db.read() as tx:
        calendars = _calendars(tx)
        messages = waiting.advances(tx, app.clock(), MOST)
        ours = [(hook, _failed(tx, hook.id)) for hook in tx.hooks.list()]
    rules = zone_rules.take_newest()
    return page(
        request,
        "health/health.html",
        status,
        viewer=viewer,
        known=known,
        jobs=known.figures.get("jobs") or {},
        calendars=calendars,
        messages=messages,
        hooks=ours,
        rules=rules,
        form=form,
    )


def _looked(tried: Tries) -> Known:
    """What was tried just now, or as much of it as is found out while somebody waits for a page."""
    tried.refresh()
    until = time.monotonic() + LIMIT
    known = tried.known()
    while (known.age is None or known.age > FRESH) and time.monotonic() < until:
        time.sleep(0.02)
        known = tried.known()
    return known


def _calendars(tx: Tx) -> list[tuple[str, str, str, datetime, datetime]]:
    """Calendars that cannot be read: the name, the address of its page, why, since when, last tried; longest first."""
    faults = tx.calendar_faults.all()
    people = {p.id: p.name for p in tx.people.list({f.subject.id for f in faults})} if faults else {}
    rooms = {r.id: r.name for r in tx.rooms.list()} if faults else {}
    found = []
    for f in sorted(faults, key=lambda f: f.since):
        person = f.subject.kind is Whose.PERSON
        name = (people if person else rooms).get(f.subject.id)
        if name:  # whoever has left is nobody whose calendar matters
            found.append((name, f"/people/{f.subject.id}" if person else "", f.text, f.since, f.seen_at))
    return found


def _failed(tx: Tx, hook: str) -> int:
    return len(tx.hooks.deliveries(hook, DeliveryState.FAILED, MOST))
