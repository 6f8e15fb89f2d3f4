"""Hiring systems are connected, get new secrets without a gap, and are forgotten.

Told by `tests/scheduler/services/hiring/test_secrets.py`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from connectors.errors import Invalid
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.connections import Connection
from scheduler.services.app import App
from scheduler.storage.database import Tx

LEAST_SECRET = 16
"""Characters of a secret that a vendor has chosen; ours have more."""
Before = Callable[[Tx], None] | None


def add(
    app: App,
    id: str,
    system: str,
    name: str,
    actor: str,
    *,
    secret: str = "",
    credentials: Mapping[str, str] | None = None,
    writes: bool = True,
) -> tuple[Connection, str]:
    """Connect an account; the secret that its webhooks are signed with is drawn where the vendor gave none, and
    told this once. Raises `BadInput` naming the field."""
    known = sorted(app.systems.receivers)
    if system not in app.systems.receivers:
        raise BadInput("system", f"{system!r:.80} is no hiring system", f"use one of {', '.join(known)}")
    secret = _checked(secret) or secrets.token_urlsafe(32)
    vault = app.systems.vault
    made = Connection(
        id=id,
        system=system,
        name=name,
        created_at=app.clock(),
        secret=vault.seal(secret),
        credentials=_sealed(app, system, credentials or {}),
        writes=writes,
    )
    with app.db.write() as tx:
        if not tx.hiring.add(made):
            raise BadInput("id", f"there is a connection {id!r} already", "choose another id")
        note(app, tx, actor, "connection_made", id, system)
    return made, secret


def _checked(secret: str) -> str:
    if secret and len(secret) < LEAST_SECRET:
        raise BadInput(
            "secret", "is too short", f"use at least {LEAST_SECRET} random characters, or leave it out"
        )
    return secret


def _sealed(app: App, system: str, credentials: Mapping[str, str]) -> str:
    """Sealed, once the system took them for complete; empty where it cannot be read anyway."""
    make = app.systems.makers.get(system)
    if make is None or not credentials:
        if credentials:
            raise BadInput("credentials", f"{system} is not read, only heard", "leave them out")
        return ""
    try:
        make(credentials).close()
    except Invalid as error:
        raise BadInput("credentials", str(error), "see docs/hiring-systems.md") from None
    return app.systems.vault.seal(json.dumps(dict(credentials)))


def change(
    app: App,
    id: str,
    actor: str,
    *,
    name: str | None = None,
    credentials: Mapping[str, str] | None = None,
    writes: bool | None = None,
    before: Before = None,
) -> Connection:
    """Change what is given. Raises `Missing`, `BadInput`."""
    with app.db.write() as tx:
        if before is not None:
            before(tx)
        known = claimed(tx, id)
        new = replace(
            known,
            name=known.name if name is None else name,
            credentials=known.credentials if credentials is None else _sealed(app, known.system, credentials),
            writes=known.writes if writes is None else writes,
            fault="" if credentials is not None else known.fault,
            fault_since=None if credentials is not None else known.fault_since,
        )
        fields = ("name", "credentials", "writes", "fault", "fault_since")
        tx.hiring.change(id, **{field: getattr(new, field) for field in fields})
        note(app, tx, actor, "connection_changed", id, known.system)
    return new


def rotate(
    app: App, id: str, actor: str, overlap: timedelta, secret: str = "", before: Before = None
) -> tuple[Connection, str]:
    """Another secret; what is signed with the one of before is genuine for ``overlap`` more. Raises `Missing`."""
    secret = _checked(secret) or secrets.token_urlsafe(32)
    with app.db.write() as tx:
        if before is not None:
            before(tx)
        known = claimed(tx, id)
        new = replace(
            known,
            secret=app.systems.vault.seal(secret),
            old_secret=known.secret if overlap else "",
            old_until=app.clock() + overlap if overlap else None,
        )
        fields = ("secret", "old_secret", "old_until")
        tx.hiring.change(id, **{field: getattr(new, field) for field in fields})
        note(app, tx, actor, "connection_secret_changed", id, known.system)
    app.systems.known.forget(id)
    return new, secret


def remove(app: App, id: str, actor: str, before: Before = None) -> None:
    """Hear nothing more of it; its loops stay. Raises `Missing`."""
    with app.db.write() as tx:
        if before is not None:
            before(tx)
        known = claimed(tx, id)
        tx.hiring.remove(id)
        note(app, tx, actor, "connection_removed", id, known.system)
    app.systems.known.forget(id)


def claimed(tx: Tx, id: str) -> Connection:
    """The connection, for ourselves until the transaction ends. Raises `Missing`."""
    known = tx.hiring.claim(id)
    if known is None:
        raise Missing("connection", id)
    return known


def note(app: App, tx: Tx, actor: str, what: str, id: str, system: str) -> None:
    """Note what somebody did with a connection."""
    tx.facts.add(Fact(app.clock(), actor, what, f"connection:{id}", "", system, what))
