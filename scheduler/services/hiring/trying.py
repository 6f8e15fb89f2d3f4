"""What a recorded message would do, without doing it.

Told by `tests/scheduler/cli/hiring/test_automations.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.errors import ConnectorError
from connectors.hiring.types import Application, Candidate, Job, Member, Role, Stage, Standing, User, Visit
from scheduler.domain.errors import BadInput
from scheduler.domain.hiring.connections import AdvanceState, Connection
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.services.asking.intake import StageEvent
from scheduler.services.hiring import automating, matching
from scheduler.services.hiring.connecting import claimed

_PATHS = (
    ("payload", "application", "id"),
    ("payload", "application_id"),
    ("data", "opportunityId"),
    ("data", "application", "id"),
)
"""Where an application's id stands in the messages of those who can be read."""


@dataclass(frozen=True, slots=True)
class Tried:
    """``would`` is *begin*, *wait* or *nothing*; ``why`` in words."""

    application: str
    job: str
    stage: str
    would: str
    why: str
    automation: str = ""
    template: str = ""
    mode: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> Iterator[str]:
        yield f"application {self.application}, job {self.job!r}, stage {self.stage!r}"
        if self.automation:
            yield f"automation {self.automation}: a loop of {self.template} in mode {self.mode}"
        words = {"begin": "would begin now", "wait": "would wait", "nothing": "would do nothing"}
        yield f"{words[self.would]}{': ' + self.why if self.why else ''}"


def tried(app: App, body: bytes, connection_id: str | None) -> Tried:
    """A message in our words, or with ``connection_id`` one of that system, which is read. Raises `BadInput`,
    `BadInputs`, `Missing`."""
    if connection_id is None:
        return _said(app, intake.parse(body))
    with app.db.write() as tx:
        connection = claimed(tx, connection_id)
    id = _about(body)
    ats = app.systems.ats(connection.id, connection.system, connection.credentials)
    if ats is None:
        raise BadInput("connection", f"{connection.system} cannot be read", "give it its credentials")
    try:
        found = ats.application(id)
    except ConnectorError as error:
        raise BadInput("FILE", f"application {id}: {error}", "see the connection's fault") from None
    return _judged(app, connection, found)


def _about(body: bytes) -> str:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("FILE", "is not JSON", "record the body of a message as it came") from None
    for path in _PATHS:
        value = told
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    raise BadInput("FILE", "names no application", "record a message about an application")


def _judged(app: App, connection: Connection, found: Application) -> Tried:
    with app.db.read() as tx:
        known = matching.known(tx, connection, found)
        rule, said = automating.verdict(tx, connection, found, known)
    if found.standing is not Standing.ACTIVE or found.visit is None:
        why = f"the application is {found.standing.value}" if found.visit else "it is in no stage"
        return Tried(found.id, known.job, known.stage, "nothing", why)
    would = {AdvanceState.STARTED: "begin", AdvanceState.WAITING: "wait"}.get(said.state, "nothing")
    about = (rule.id, rule.template, rule.mode.value) if rule else ("", "", "")
    return Tried(found.id, known.job, known.stage, would, said.why, *about)


def _said(app: App, event: StageEvent) -> Tried:
    """A message in our words names people by id; each is taken as found."""
    told, stage = event.data.application, event.data.stage
    roles = {Role.HIRING_MANAGER: told.hiring_manager, Role.RECRUITER: told.recruiter}
    with app.db.read() as tx:
        emails = {p.id: p.email for p in tx.people.list(set(roles.values()))}
    closed = event.type == "application.closed"
    found = Application(
        told.id,
        Candidate("", told.candidate.name, told.candidate.email, told.candidate.zone),
        Job("", told.job),
        Standing.REJECTED if closed else Standing.ACTIVE,
        Visit("", Stage("", stage), event.occurred_at or datetime.now(UTC)),
        tuple(Member(User(id, id, emails.get(id, "")), role) for role, id in roles.items()),
    )
    return _judged(app, Connection("", "generic", "", app.clock(), ""), found)
