"""Browsers that have signed in: begun, found by what their cookie holds, listed, ended.

Told by `tests/scheduler/services/access/test_sessions.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.domain.access.policy import Actor
from scheduler.domain.access.sessions import Session
from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.storage.database import Tx

_NOTED_EVERY = timedelta(minutes=1)
_LONGEST_BROWSER = 200


@dataclass(frozen=True, slots=True)
class Keeping:
    """How sessions are kept: hashed with ``key``, so that with another one none of them counts; each ends after
    ``whole``, and after ``idle`` without a request."""

    key: bytes = field(repr=False)
    whole: timedelta
    idle: timedelta

    def digest(self, secret: str) -> str:
        """What is kept of a cookie's secret."""
        return hmac.new(self.key, secret.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def begin(app: App, tx: Tx, keeping: Keeping, user: str, browser: str, actor: str) -> str:
    """A new session of an account, or of the deployment itself where none is named; the secret for its cookie, which
    is kept nowhere. Those that have ended are forgotten."""
    now, secret = app.clock(), secrets.token_urlsafe(32)
    tx.sessions.forget_over(now, now - keeping.idle)
    shown = "".join(c for c in browser if c.isprintable())[:_LONGEST_BROWSER]
    made = Session(
        f"ss_{secrets.token_hex(6)}", keeping.digest(secret), user, shown, now, now, now + keeping.whole
    )
    tx.sessions.add(made)
    _note(app, tx, "signed_in", made, actor)
    return secret


def found(app: App, keeping: Keeping, secret: str) -> Session | None:
    """The session of a cookie; ``None`` where it is none of ours, has ended or was revoked."""
    with app.db.read() as tx:
        session = tx.sessions.by_digest(keeping.digest(secret))
    now = app.clock()
    if session is None or session.expires_at <= now or now - session.used_at >= keeping.idle:
        return None
    if now - session.used_at >= _NOTED_EVERY:
        app.db.note(lambda tx: tx.sessions.used(session.id, now))
    return session


def live(app: App, tx: Tx, keeping: Keeping, user: str | None = None) -> list[Session]:
    """Those of an account, or of all, that have not ended; the one used last first."""
    now = app.clock()
    return [s for s in tx.sessions.list(user) if s.expires_at > now and now - s.used_at < keeping.idle]


def owner(actor: Actor) -> str | None:
    """Whose sessions are somebody's own, as a session says it; ``None`` for programs, which have none."""
    if actor.trusted:
        return ""
    kind, _, id = actor.account.partition(":")
    return id if kind == "user" else None


def end(app: App, tx: Tx, id: str, actor: str, user: str | None = None) -> None:
    """Shut a browser out from now on. Raises `Missing`, as well where it is not of ``user``."""
    session = tx.sessions.get(id)
    if session is None or (user is not None and session.user != user) or not tx.sessions.remove(id):
        raise Missing("session", id)
    _note(app, tx, "signed_out", session, actor)


def _note(app: App, tx: Tx, what: str, session: Session, actor: str) -> None:
    data = {"user": session.user} if session.user else {}
    tx.facts.add(Fact(app.clock(), actor, what, f"session:{session.id}", data=data))
