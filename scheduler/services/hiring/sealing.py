"""Another key for the secrets of hiring systems and of webhooks that we send.

Told by `tests/scheduler/services/hiring/test_sealing.py`.
"""

from __future__ import annotations

from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.services.telling import hooks


def rotate(app: App, actor: str) -> int:
    """Make a new key and seal every secret of a connection and of a hook with it; how many connections. What was sealed before is
    opened at every moment: the keys before it go only when all is sealed anew. Raises `Invalid` for a secret that no
    key opens, and nothing is forgotten then."""
    vault = app.systems.vault
    vault.add_key()
    with app.db.write() as tx:
        found = tx.hiring.list()
        for one in found:
            known = tx.hiring.claim(one.id)
            if known is not None:
                sealed = {
                    n: vault.seal_again(getattr(known, n)) for n in ("secret", "old_secret", "credentials")
                }
                tx.hiring.change(one.id, **sealed)
        hooks.seal_again(app, tx)
        tx.facts.add(Fact(app.clock(), actor, "key_rotated", "secrets"))
    vault.forget_keys()
    return len(found)
