"""How an event of ours is told from all others in a file: its UID follows from its key."""

from __future__ import annotations

from connectors.local.text import Component
from connectors.protocol import event_id

KEY = "X-LOOPWRIGHT-KEY"
DOMAIN = "@loopwright"


def uid(id_: str) -> str:
    return id_ + DOMAIN


def own_key(component: Component) -> str | None:
    """Our key on this event, or ``None``. A copy that somebody pasted elsewhere has another UID and
    is not ours, whatever key it carries."""
    key = component.plain(KEY)
    return key if key and component.value("UID") == uid(event_id(key)) else None
