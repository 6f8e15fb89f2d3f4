"""Which hiring systems are connected, and whom of theirs is who of ours.

Told by `tests/scheduler/api/hiring/test_connections.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, Veil, once, once_outside
from scheduler.api.models.loops import In
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.hiring.connections import (
    Advance,
    AdvanceState,
    Connection,
    Match,
    MatchHow,
    MatchKind,
)
from scheduler.services.app import App
from scheduler.services.hiring import connecting, matching, sweeping
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/connections", tags=["hiring systems"])
advances = APIRouter(prefix=f"{BASE}/advances", tags=["hiring systems"])
ConnectionId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Configurer = Annotated[Actor, needs(Action.CONFIGURE)]
Secret = Annotated[str, Field(max_length=500)]
Credentials = dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(min_length=1, max_length=2000)]]


class ConnectionIn(In):
    """`secret` is what the vendor signs with, where the vendor chose it; without one it is drawn and told once.
    `credentials` open the system's API: see the page on hiring systems."""

    id: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
    system: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=200)] = ""
    secret: Secret = ""
    credentials: Credentials = Field(default={}, max_length=10)
    writes: bool = Field(True, description="Whether interviews are shown in the hiring system.")


class ConnectionChangeIn(In):
    """What is given is changed."""

    name: Annotated[str, Field(max_length=200)] | None = None
    credentials: Credentials | None = Field(default=None, max_length=10)
    writes: bool | None = None


class NewSecretIn(In):
    """For how long what is signed with the secret of before is still genuine."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24
    secret: Secret = ""


class ConnectionOut(BaseModel):
    """`fault` says why the system cannot be read just now, and `fault_since` since when."""

    id: str
    system: str
    name: str
    created_at: datetime
    writes: bool
    readable: bool = Field(description="Whether there are credentials to read it with.")
    old_until: datetime | None = Field(description="Until when the secret of before counts as well.")
    swept_at: datetime | None = Field(description="Up to when it was asked for what no webhook announced.")
    fault: str
    fault_since: datetime | None

    @staticmethod
    def of(value: Connection) -> ConnectionOut:
        return ConnectionOut(
            id=value.id,
            system=value.system,
            name=value.name,
            created_at=value.created_at,
            writes=value.writes,
            readable=bool(value.credentials),
            old_until=value.old_until,
            swept_at=value.swept_at,
            fault=value.fault,
            fault_since=value.fault_since,
        )


class NewConnectionOut(ConnectionOut):
    secret: str = Field(
        description="What its webhooks are signed with. It is told this once and never again."
    )


class MatchOut(BaseModel):
    """`ours` is empty for somebody who is nobody of the company."""

    kind: MatchKind
    theirs: str
    ours: str
    label: str
    how: MatchHow

    @staticmethod
    def of(value: Match) -> MatchOut:
        return MatchOut(
            kind=value.kind, theirs=value.theirs, ours=value.ours, label=value.label, how=value.how
        )


class MatchIn(In):
    """A person's id of the company, or the name of a job or a stage; empty: nobody."""

    ours: Annotated[str, Field(max_length=200)]


class AdvanceOut(BaseModel):
    """`why` says what a waiting one waits for, or why nothing was begun."""

    id: str
    connection: str
    application: str
    visit: str
    job: str
    stage: str
    entered_at: datetime
    noted_at: datetime
    state: AdvanceState
    why: str
    missing: list[str]
    automation: str
    loop: str | None

    @staticmethod
    def of(value: Advance) -> AdvanceOut:
        fields = {name: getattr(value, name) for name in AdvanceOut.model_fields if name != "missing"}
        return AdvanceOut(missing=list(value.missing), **fields)


class ReadOut(BaseModel):
    count: int


def _found(tx: Tx, id: str) -> Connection:
    found = tx.hiring.get(id)
    if found is None:
        raise Missing("connection", id)
    return found


def _check(tx: Tx, id: str, conditions: Conditions) -> None:
    if conditions.match is not None or conditions.none_match is not None:
        known = tx.hiring.claim(id)
        conditions.check("connection", id, ConnectionOut.of(known) if known else None)


def _veil(app: App) -> Veil:
    """The secret of an answer is kept with its connection, sealed, and nowhere else."""

    def known(id: str) -> list[str]:
        with app.db.read() as tx:
            found = tx.hiring.get(id)
        sealed = [found.secret, found.old_secret] if found else []
        return [app.systems.vault.open(text) for text in sealed if text]

    return Veil("connection", "secret", known)


@router.post("", status_code=201, response_model=NewConnectionOut, responses=answers(409, 413, 415))
def add_a_connection(body: ConnectionIn, app: Services, actor: Configurer, key: Key) -> Response:
    """Connect a hiring system: its webhooks are then taken at `/webhooks/{system}/{id}`."""

    def work() -> NewConnectionOut:
        made, secret = connecting.add(
            app,
            body.id,
            body.system,
            body.name,
            actor.name,
            secret=body.secret,
            credentials=body.credentials,
            writes=body.writes,
        )
        return NewConnectionOut(**ConnectionOut.of(made).model_dump(), secret=secret)

    return once_outside(app, key, "POST /connections", body, 201, work, _veil(app))


@router.get("", responses=answers())
def list_connections(app: Services, _: Reader) -> list[ConnectionOut]:
    """Every connection, the oldest first."""
    with app.db.read() as tx:
        return [ConnectionOut.of(c) for c in tx.hiring.list()]


@router.get("/{connection_id}", responses=answers(404))
def get_connection(connection_id: ConnectionId, app: Services, _: Reader) -> ConnectionOut:
    """One connection."""
    with app.db.read() as tx:
        return ConnectionOut.of(_found(tx, connection_id))


@router.patch("/{connection_id}", responses=answers(404, 412, 413, 415))
def change_a_connection(
    connection_id: ConnectionId,
    body: ConnectionChangeIn,
    app: Services,
    actor: Configurer,
    conditions: Change,
) -> ConnectionOut:
    """Change its name, its credentials, or whether interviews are written back."""
    before = partial(_check, id=connection_id, conditions=conditions)
    changed = connecting.change(
        app,
        connection_id,
        actor.name,
        name=body.name,
        credentials=body.credentials,
        writes=body.writes,
        before=before,
    )
    return ConnectionOut.of(changed)


@router.post(
    "/{connection_id}/rotate",
    response_model=NewConnectionOut,
    responses=answers(404, 409, 412, 413, 415),
)
def rotate_a_connections_secret(
    connection_id: ConnectionId,
    app: Services,
    actor: Configurer,
    conditions: Change,
    key: Key,
    body: NewSecretIn | None = None,
) -> Response:
    """Give it a new secret. For the overlap webhooks may be signed with either."""
    asked = body or NewSecretIn()

    def work() -> NewConnectionOut:
        before = partial(_check, id=connection_id, conditions=conditions)
        overlap = timedelta(hours=asked.overlap_hours)
        made, secret = connecting.rotate(app, connection_id, actor.name, overlap, asked.secret, before)
        return NewConnectionOut(**ConnectionOut.of(made).model_dump(), secret=secret)

    route = f"POST /connections/{connection_id}/rotate"
    return once_outside(app, key, route, asked, 200, work, _veil(app))


@router.delete("/{connection_id}", status_code=204, responses=answers(404, 412))
def remove_a_connection(
    connection_id: ConnectionId, app: Services, actor: Configurer, conditions: Change
) -> None:
    """Hear nothing more of it. Its secrets and its matches are forgotten, its loops stay."""
    connecting.remove(
        app, connection_id, actor.name, partial(_check, id=connection_id, conditions=conditions)
    )


@router.post("/{connection_id}/read", response_model=ReadOut, responses=answers(404, 409, 412, 502, 503))
def read_a_connection(
    connection_id: ConnectionId, app: Services, actor: Configurer, conditions: Change, key: Key
) -> Response:
    """Read its people, jobs and stages, so that each is listed with who or what of ours it is."""
    del actor

    def work() -> ReadOut:
        with app.db.write() as tx:
            _check(tx, connection_id, conditions)
            known = _found(tx, connection_id)
        ats = app.systems.ats(known.id, known.system, known.credentials)
        if ats is None:
            raise BadInput("connection", "cannot be read", "give it its credentials")
        return ReadOut(count=matching.read_all(app, known, ats))

    return once_outside(app, key, f"POST /connections/{connection_id}/read", None, 200, work)


@router.get("/{connection_id}/matches", responses=answers(404))
def list_matches(
    connection_id: ConnectionId,
    app: Services,
    _: Reader,
    kind: Annotated[MatchKind | None, Query(description="Only people, jobs or stages.")] = None,
    unknown: Annotated[bool, Query(description="Only those who are nobody of ours.")] = False,
) -> list[MatchOut]:
    """Whom of theirs we know, and as whom."""
    with app.db.read() as tx:
        _found(tx, connection_id)
        every = matching.matches(tx, connection_id)
    return [MatchOut.of(m) for m in every if kind in (None, m.kind) and not (unknown and m.ours)]


@router.put("/{connection_id}/matches/{kind}/{theirs}", responses=answers(404, 412, 413, 415))
def set_a_match(
    connection_id: ConnectionId,
    kind: MatchKind,
    theirs: Annotated[str, Path(max_length=100)],
    body: MatchIn,
    app: Services,
    actor: Configurer,
    conditions: Change,
) -> MatchOut:
    """Say who or what of ours it is. What waits for it is looked at again."""
    with app.db.write() as tx:
        _found(tx, connection_id)
        every = {(m.kind, m.theirs): m for m in matching.matches(tx, connection_id)}
        known = every.get((kind, theirs))
        conditions.check("match", theirs, MatchOut.of(known) if known else None)
        made = matching.correct(tx, connection_id, kind, theirs, body.ours)
        connecting.note(app, tx, actor.name, "match_set", connection_id, f"{kind.value}:{theirs}")
        sweeping.retry_in(app, tx, "match")
    return MatchOut.of(made)


@advances.get("", responses=answers())
def list_advances(
    app: Services,
    _: Reader,
    state: Annotated[AdvanceState | None, Query(description="Only those in this state.")] = None,
    automation: Annotated[
        str | None, Query(max_length=200, description="Only those of this automation.")
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> list[AdvanceOut]:
    """Stage advances, the longest noted first: what each asked for, or what it waits for."""
    with app.db.read() as tx:
        last = tx.advances.get(after) if after else None
        if after and last is None:
            raise BadInput("after", f"no advance {after!r}", "give the id of the last row of the page before")
        states = {state} if state else ()
        found = tx.advances.list(states, automation=automation, limit=limit, after=last)
    return [AdvanceOut.of(a) for a in found]


@advances.get("/{advance_id}", responses=answers(404))
def get_advance(advance_id: Annotated[str, Path(max_length=100)], app: Services, _: Reader) -> AdvanceOut:
    """One advance."""
    with app.db.read() as tx:
        found = tx.advances.get(advance_id)
    if found is None:
        raise Missing("advance", advance_id)
    return AdvanceOut.of(found)


@advances.post(
    "/{advance_id}/retry", status_code=202, response_model=AdvanceOut, responses=answers(404, 409, 412)
)
def retry_an_advance(
    advance_id: Annotated[str, Path(max_length=100)],
    app: Services,
    actor: Configurer,
    conditions: Change,
    key: Key,
) -> Response:
    """Look at an advance again, also at one that asked for nothing when it came."""

    def work(tx: Tx) -> AdvanceOut:
        known = tx.advances.get(advance_id)
        conditions.check("advance", advance_id, AdvanceOut.of(known) if known else None)
        return AdvanceOut.of(sweeping.retry(app, tx, advance_id, actor.name))

    return once(app, key, f"POST /advances/{advance_id}/retry", None, 202, work)
