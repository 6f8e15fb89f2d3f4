"""Notes why something was done to a loop, by the company's own codes, and counts them.

Told by `tests/scheduler/api/test_reasons.py`.
"""

from __future__ import annotations

from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop
from scheduler.domain.reasons import REASON_GIVEN, Deed, checked
from scheduler.services.app import App
from scheduler.storage.database import Tx


def note(app: App, tx: Tx, loop: Loop, deed: Deed, code: str | None, actor: str, text: str = "") -> None:
    """Keep the reason of a deed beside it, in the same transaction; without a code there is nothing to keep.

    Raises `BadInput` for a code that the company has not, or not for this deed."""
    if not code:
        return
    checked(tx.company.policy().reasons, deed, code)
    data = {"text": text} if text else {}
    subject = f"loop:{loop.id}"
    tx.facts.add(Fact(app.clock(), actor, REASON_GIVEN, subject, deed.value, code, "", data))
