"""How an event of ours is told from all others in a file: its UID follows from its key.

Programs that drop lines beginning with ``X-`` when they save or export take the key off; the UID stays.

Told by `tests/connectors/test_local_own.py`.
"""

from __future__ import annotations

import functools
import re

from connectors.local.text import Component
from connectors.protocol import event_id

KEY = "X-LOOPWRIGHT-KEY"
DOMAIN = "@loopwright"


def uid(id_: str) -> str:
    return id_ + DOMAIN


_id = functools.lru_cache(maxsize=65_536)(event_id)


_OURS = re.compile(r"([0-9a-v]{26})" + re.escape(DOMAIN), re.IGNORECASE)
_NAMELESS = "\0"
"""Before the id of an event whose key was lost: no key begins like this."""


def own_key(component: Component) -> str | None:
    """Our key on this event, or ``None``. A copy that somebody pasted elsewhere has another UID and
    is not ours, whatever key it carries."""
    key = component.plain(KEY)
    return key if key and component.value("UID") == uid(_id(key)) else None


def own_id(component: Component) -> str | None:
    """The id of an event of ours (see `connectors.protocol.event_id`), or ``None``: by its UID alone, and a key
    that does not belong to it makes it somebody else's."""
    found = _OURS.fullmatch(component.value("UID"))
    if found is None or (component.plain(KEY) and own_key(component) is None):
        return None
    return found[1].lower()


def own_mark(component: Component) -> str | None:
    """The key of an event of ours, or a mark for one that was lost (see `nameless`); ``None``: not ours."""
    key, id_ = own_key(component), own_id(component)
    return key or (f"{_NAMELESS}{id_}" if id_ is not None else None)


def nameless(mark: str | None) -> str | None:
    """The id in a mark whose key was lost."""
    return mark[1:] if mark is not None and mark.startswith(_NAMELESS) else None
