"""Lets go of what requests with an idempotency key were answered with, once nobody repeats them any more."""

from __future__ import annotations

from datetime import timedelta

from scheduler.services.app import App


def forget(app: App, days: int) -> int:
    """Forget the answers that are older than ``days``; how many there were. The same key is new after that."""
    with app.db.write() as tx:
        return tx.inbox.forget_answers(app.clock() - timedelta(days=days))
