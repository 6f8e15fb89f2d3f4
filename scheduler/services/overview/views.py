"""Views of the queue, kept by whoever looks through it; each has an address that opens it for anybody.

Told by `tests/scheduler/services/overview/test_views.py`.
"""

from __future__ import annotations

import secrets

from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.finding import SavedView
from scheduler.services.app import App
from scheduler.storage.database import Tx

MOST = 20
"""Views of one person: more are no help in finding anything."""


def keep(app: App, tx: Tx, person: str, name: str, query: str) -> SavedView:
    """Keep what is looked for under a name. A view of that name shows this from now on, at its old address. Raises
    `BadInput`."""
    if tx.people.get(person) is None:
        raise BadInput("me", "this browser does not know who you are", "say it under “You”")
    mine = tx.views.of(person)
    known = next((v for v in mine if v.name == name), None)
    if known is None and len(mine) >= MOST:
        raise BadInput("name", f"you have {MOST} views already", "remove one first")
    at = known.created_at if known else app.clock()
    view = SavedView(known.id if known else f"vw_{secrets.token_hex(8)}", person, name, query, at)
    tx.views.put(view)
    return view


def remove(tx: Tx, person: str, id: str) -> None:
    """Forget one of one's own. Raises `Missing`."""
    if not tx.views.remove(id, person):
        raise Missing("view", id)


def opened(tx: Tx, id: str) -> SavedView:
    """The view of an address, whosever it is. Raises `Missing`."""
    found = tx.views.get(id)
    if found is None:
        raise Missing("view", id)
    return found
