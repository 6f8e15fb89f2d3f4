"""How an event of ours is told from all others in a file: its UID follows from its key."""

from __future__ import annotations

import functools

from connectors.local.text import Component
from connectors.protocol import event_id

KEY = "X-LOOPWRIGHT-KEY"
DOMAIN = "@loopwright"


def uid(id_: str) -> str:
    return id_ + DOMAIN


_id = functools.lru_cache(maxsize=65_536)(event_id)


def own_key(component: Component) -> str | None:
    """Our key on this event, or ``None``. A copy that somebody pasted elsewhere has another UID and
    is not ours, whatever key it carries."""
    key = component.plain(KEY)
    return key if key and component.value("UID") == uid(_id(key)) else None


def own_id(component: Component) -> str | None:
    """The id of an event of ours (see `connectors.protocol.event_id`), or ``None``."""
    key = own_key(component)
    return _id(key) if key is not None else None
