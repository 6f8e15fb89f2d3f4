"""People as others name them.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Person
from scheduler.storage.database import Tx


def person(tx: Tx, text: str, field: str) -> Person:
    """The one active person of that id, address or name. Raises `BadInput` where there is none, or several."""
    found = tx.people.get(text, active=True) or tx.people.by_email(text)
    if found is not None and found.active:
        return found
    alike = [p for p in tx.people.list() if p.name.casefold() == text.casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        ids = ", ".join(p.id for p in alike[:5])
        raise BadInput(field, f"{text!r:.80} is the name of several people", f"give one of the ids {ids}")
    raise BadInput(field, f"nobody here is called {text!r:.80}", "give an id, an address or a name")


def owners(tx: Tx) -> Sequence[Person]:
    """Whoever has loops, by name: whom loops are usually given to."""
    ids = tx.overview.owners()
    return sorted(tx.people.list(ids), key=lambda p: (p.name, p.id)) if ids else []
