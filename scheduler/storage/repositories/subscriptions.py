"""Which calendars a service tells us of, with the secret that every genuine notice repeats."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.subscriptions import Subscription
from scheduler.storage.statements import upsert
from scheduler.storage.tables import subscriptions


class Subscriptions:
    """Secrets stay here, in the value and in nothing that prints it: they are kept as they are because
    a notice repeats them as they are."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, new: Subscription) -> None:
        """Keep it; one with the same id is replaced."""
        row = {
            "id": new.id,
            "provider": new.provider,
            "calendar": new.calendar,
            "resource": new.resource,
            "url": new.url,
            "secret": new.secret,
            "expires_at": new.expires,
            "created_at": new.created,
            "renew_at": new.renew_at,
        }
        upsert(self.connection, subscriptions, [row], key=["id"])

    def list(self, provider: str | None = None) -> list[Subscription]:
        """All of them, or one provider's; the newest first."""
        query = sa.select(subscriptions).order_by(subscriptions.c.created_at.desc(), subscriptions.c.id)
        if provider is not None:
            query = query.where(subscriptions.c.provider == provider)
        return [_subscription(row) for row in self.connection.execute(query)]

    def renew_from(self, id: str, at: datetime) -> bool:
        """Renew it at ``at`` or earlier; false where there is none with that id."""
        kept = subscriptions.c.renew_at
        # a bare value would be written as the driver likes, without its offset
        earlier = sa.case((kept > at, sa.literal(at, kept.type)), else_=kept)
        change = sa.update(subscriptions).where(subscriptions.c.id == id).values(renew_at=earlier)
        return self.connection.execute(change).rowcount > 0

    def remove(self, id: str) -> bool:
        """Forget it and its secret; false where there was none with that id."""
        gone = sa.delete(subscriptions).where(subscriptions.c.id == id)
        return self.connection.execute(gone).rowcount > 0


def _subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        row.id,
        row.provider,
        row.calendar,
        row.resource,
        row.url,
        row.expires_at,
        row.created_at,
        row.renew_at,
        row.secret,
    )
