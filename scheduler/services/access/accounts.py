"""Accounts of people, and tokens of programs and people: made, changed, found by their secret, taken back.

Told by `tests/scheduler/services/access/test_accounts.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduler.domain.access.accounts import ApiToken, User
from scheduler.domain.access.policy import Actor, Grant, Role
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.storage.database import Tx

PREFIX = "lwt_"
"""What a token begins with, so that programs that look for secrets in files find it."""
LONGEST_DAYS = 366
MOST_TOKENS = 500
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a token is kept: a write for each request would make readers wait for writers."""


def digest_of(secret: str) -> str:
    """What is kept of a secret that is drawn at random and long: SHA-256, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def put_user(app: App, tx: Tx, user: User, actor: str) -> User:
    """Make or change an account. Raises `BadInput` for people who are none, and for roles that fit nobody."""
    known = tx.accounts.claim(user.id)
    people = {user.person, *user.assists} - {""}
    found = {p.id for p in tx.people.list(people, active=False)} if people else set()
    for field, ids in (("person", [user.person] if user.person else []), ("assists", user.assists)):
        for id in ids:
            if id not in found:
                raise BadInput(field, f"no person {id!r}", "use the id of a person of the company")
    _check_roles(user)
    kept = replace(user, created_at=known.created_at if known else app.clock())
    if kept != known:
        tx.accounts.put(kept)
        if not kept.active:
            tx.sessions.remove_of(kept.id)
        _note(app, tx, "user_changed" if known else "user_added", f"user:{user.id}", actor, kept.grants)
    return kept


def _check_roles(user: User) -> None:
    if any(g.role is Role.AUTOMATION for g in user.grants):
        raise BadInput("roles", "automation is for programs", "give the program a token of its own")
    roles = {g.role for g in user.grants}
    if Role.ASSISTANT in roles and not user.assists:
        raise BadInput("assists", "is empty for an assistant", "name the people for whom they ask")
    if roles & {Role.HIRING_MANAGER, Role.INTERVIEWER} and not user.person:
        raise BadInput(
            "person",
            "is missing for a role that is about one's own interviews",
            "give their id in the company",
        )


@dataclass(frozen=True, slots=True)
class TokenWanted:
    """For whom or what: ``grants`` for a program, or ``user`` for a person's own."""

    name: str
    days: int
    grants: tuple[Grant, ...] = ()
    user: str = ""


def add_token(app: App, tx: Tx, wanted: TokenWanted, actor: str) -> tuple[ApiToken, str]:
    """Make a token: it, and its secret, which is kept nowhere. Raises `BadInput`."""
    if bool(wanted.grants) == bool(wanted.user):
        raise BadInput("roles", "stands beside user, or both are missing", "give roles or a user")
    if wanted.user and tx.accounts.get(wanted.user) is None:
        raise BadInput("user", f"no user {wanted.user!r}", "make the account first")
    own = {Role.HIRING_MANAGER, Role.INTERVIEWER, Role.ASSISTANT}
    if own & {g.role for g in wanted.grants}:
        raise BadInput("roles", "holds a role that only a person has", "make the token for a user")
    if not 1 <= wanted.days <= LONGEST_DAYS:
        raise BadInput("days", f"is {wanted.days}", f"give 1 to {LONGEST_DAYS}")
    if len(tx.accounts.tokens()) >= MOST_TOKENS:
        raise BadInput("name", f"there are {MOST_TOKENS} tokens already", "revoke one first")
    now, secret = app.clock(), PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        f"tk_{secrets.token_hex(6)}",
        wanted.name,
        digest_of(secret),
        wanted.grants,
        now,
        actor,
        now + timedelta(days=wanted.days),
        wanted.user,
    )
    tx.accounts.add_token(made)
    _note(app, tx, "token_added", f"token:{made.id}", actor, made.grants)
    return made, secret


def revoke_token(app: App, tx: Tx, id: str, actor: str) -> None:
    """Take a token back: it opens nothing from now on. Raises `Missing`."""
    if not tx.accounts.remove_token(id):
        raise Missing("token", id)
    _note(app, tx, "token_revoked", f"token:{id}", actor, ())


def asking(app: App, secret: str) -> Actor | None:
    """Who asks with that secret; ``None`` where it is none of ours, has run out, or its user may not any more."""
    with app.db.read() as tx:
        token = tx.accounts.token(digest_of(secret))
        user = tx.accounts.get(token.user) if token and token.user else None
    now = app.clock()
    if token is None or token.expires_at <= now:
        return None
    if token.user and (user is None or not user.active):
        return None
    if token.used_at is None or now - token.used_at >= _NOTED_EVERY:
        app.db.note(lambda tx: tx.accounts.used(token.id, now))
    return user.actor() if user else token.actor()


def _note(app: App, tx: Tx, what: str, subject: str, actor: str, grants: Sequence[Grant]) -> None:
    data = {"roles": [g.role.value for g in grants]} if grants else {}
    tx.facts.add(Fact(app.clock(), actor, what, subject, data=data))
