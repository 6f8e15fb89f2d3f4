"""Links as a recruiter makes them."""

from __future__ import annotations

from scheduler.domain.guests.links import Purpose
from scheduler.services import opening
from tests.scheduler.kit import Kit


def door(kit: Kit, purpose: Purpose, *, loop: str = "", person: str = "", days: int = 60) -> str:
    """The path of a new link."""
    with kit.app.db.write() as tx:
        return opening.make(kit.app, tx, purpose, "person:rolf", loop=loop, person=person, days=days)[1]
