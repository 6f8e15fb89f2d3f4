"""Links that sign an account in: once, within the hour.

Told by `tests/scheduler/services/access/test_signing_in.py`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from scheduler.domain.access.policy import Actor
from scheduler.domain.access.sessions import Session, SignInLink
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.services.access.accounts import digest_of
from scheduler.services.app import App
from scheduler.storage.database import Tx

PREFIX = "lws_"
"""What the secret of a link begins with."""
LASTS = timedelta(hours=1)


def invite(app: App, tx: Tx, user: str, actor: str) -> str:
    """The secret of a new link for an account; it is kept nowhere. Raises `Missing` and `BadInput`."""
    found = tx.accounts.get(user)
    if found is None:
        raise Missing("user", user)
    if not found.active:
        raise BadInput("user", f"{user!r} is not active", "activate the account first")
    if not found.grants:
        raise BadInput("user", f"{user!r} has no role", "give the account a role first")
    now, secret = app.clock(), PREFIX + secrets.token_urlsafe(32)
    tx.sessions.add_link(SignInLink(digest_of(secret), user, now + LASTS), now)
    tx.facts.add(Fact(now, actor, "sign_in_link_made", f"user:{user}"))
    return secret


def known(app: App, secret: str) -> bool:
    """Whether there is such a link. Strangers who guess make no writer wait."""
    with app.db.read() as tx:
        return tx.sessions.has_link(digest_of(secret))


def redeem(app: App, tx: Tx, secret: str) -> tuple[str, Actor] | None:
    """The account that a link signs in, by its id and as it asks; the link is then no more. ``None`` where it is none,
    was used, has run out, or the account may nothing."""
    link = tx.sessions.take_link(digest_of(secret))
    if link is None or link.expires_at <= app.clock():
        return None
    user = tx.accounts.get(link.user)
    return (user.id, user.actor()) if user is not None and user.active else None


def asking(app: App, session: Session) -> Actor | None:
    """Who asks in the session of an account, with the roles that it has now."""
    with app.db.read() as tx:
        user = tx.accounts.get(session.user)
    return user.actor() if user is not None and user.active else None
