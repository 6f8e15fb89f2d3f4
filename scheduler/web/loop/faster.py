"""Whether somebody was faster: what has happened to a loop since a page was made that a form comes from.

Told by `tests/scheduler/web/test_loop.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.services.overview import one
from scheduler.storage.database import Tx
from scheduler.web.frame.facts import QUIET


class Changed(Exception):
    """Somebody was faster: ``facts`` say who, and what they did."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        super().__init__("the loop has changed since its page was made")
        self.facts = facts


def unchanged(tx: Tx, loop_id: str, version: int) -> None:
    """Have the loop to ourselves, and raise `Changed` where something has happened that whoever decides has not
    seen. Raises `Missing`."""
    if tx.loops.claim(loop_id) is None:
        raise Missing("loop", loop_id)
    facts = one.since(tx, loop_id, version, QUIET)
    if version and facts:
        raise Changed(facts)


def unchanged_now(app: App, loop_id: str, version: int) -> None:
    """The same for what asks calendars before its transaction, and looks at the loop's state again in it."""
    with app.db.read() as tx:
        facts = one.since(tx, loop_id, version, QUIET)
    if version and facts:
        raise Changed(facts)
