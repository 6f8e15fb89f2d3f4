"""What a calendar service was asked to tell us of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Subscription:
    """A standing wish to be told of changes in one calendar. ``id``, ``resource`` and ``expires`` are
    the service's, ``secret`` is ours and repeated by every genuine notice; ``url`` is where notices
    were asked to go. At ``renew_at`` it is to be renewed."""

    id: str
    provider: str
    calendar: str
    resource: str
    url: str
    expires: datetime
    created: datetime
    renew_at: datetime
    secret: str = field(repr=False)

    def left(self, now: datetime) -> timedelta:
        """How long it still lives; negative once it has ended."""
        return self.expires - now
