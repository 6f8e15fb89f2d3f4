"""People whom a provider has signed in, and the accounts that are theirs.

Told by `tests/scheduler/api/gate/test_signing.py`.
"""

from __future__ import annotations

from connectors.identity.oidc import Known
from scheduler.domain.access.policy import Actor
from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.storage.database import Tx


def account_of(app: App, tx: Tx, known: Known) -> tuple[str, Actor] | None:
    """The account of whoever signed in: the one that was theirs before, else the one active account with the address that
    the provider has verified, which is theirs from now on. ``None`` where there is none, or where it may nothing."""
    user = tx.accounts.of_identity(known.issuer, known.subject)
    if user is None and known.email:
        same = [u for u in tx.accounts.list() if u.active and u.email.casefold() == known.email.casefold()]
        if len(same) == 1 and not tx.accounts.has_identity(known.issuer, same[0].id):
            user = same[0]
            tx.accounts.add_identity(known.issuer, known.subject, user.id, app.clock())
            tx.facts.add(Fact(app.clock(), f"user:{user.id}", "identity_added", f"user:{user.id}"))
    if user is None or not user.active or not user.grants:
        return None
    return user.id, user.actor()
