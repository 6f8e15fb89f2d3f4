"""What is kept how long: each kind of data goes once nobody needs it any more.

Told by `tests/scheduler/services/privacy/test_keeping.py`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.services.app import App
from scheduler.services.privacy import erasing

log = logging.getLogger("loopwright.privacy")
MOST_AT_ONCE = 50
"""Candidates that are erased in one round: others want to write as well."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Days for which each kind is kept; 0: for ever. ``candidates`` since the last of their loops was over, ``messages`` of
    hiring systems since they were worked on, ``mails`` (the files of the outbox) since they were written."""

    candidates: int = 730
    messages: int = 90
    mails: int = 365


@dataclass(slots=True)
class Kept:
    """How many of each kind were let go of."""

    counts: dict[str, int] = field(default_factory=dict)


def keep(app: App, policy: Policy) -> Kept:
    """Let go of what is older than the policy says. May be repeated, and stopped anywhere."""
    now, done = app.clock(), Kept()
    if policy.messages:
        with app.db.write() as tx:
            done.counts["messages"] = tx.inbox.forget_bodies(now - timedelta(days=policy.messages))
    if policy.mails and "mails" in app.ageing:
        done.counts["mails"] = app.ageing["mails"](now - timedelta(days=policy.mails))
    if policy.candidates:
        with app.db.read() as tx:
            over = tx.candidates.over(now - timedelta(days=policy.candidates), MOST_AT_ONCE)
        for application in over:
            erasing.ask(app, "policy:retention", application=application)
        done.counts["candidates"] = len(over)
    log.info("retention", extra={"fields": done.counts})
    return done
