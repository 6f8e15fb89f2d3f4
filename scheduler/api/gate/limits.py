"""How often may be asked: by an account or a program, by a link of a guest, by a connection of a hiring system.

Told by `tests/scheduler/api/gate/test_limits.py`.
"""

from __future__ import annotations

import hashlib
import re

from starlette.types import Scope

from scheduler.api.gate.refused import Refused
from scheduler.api.gate.tries import Tries
from scheduler.config import Settings
from scheduler.domain.access.policy import Actor

_GUEST = re.compile(r"/(?:candidate|interviewer)/([^/]+)")
_WEBHOOK = re.compile(r"/api/v1/(?:webhooks|push)/[^?]+")


class Limits:
    """Counts what is asked within each minute, in tables that do not grow with who asks: one for each kind, so that
    none crowds another out. The deployment's own token and browsers are never counted."""

    def __init__(self, settings: Settings) -> None:
        self._asking = _counter(settings.requests_a_minute)
        self._guests = _counter(settings.guest_requests_a_minute)
        self._webhooks = _counter(settings.webhooks_a_minute)

    def check_actor(self, actor: Actor) -> None:
        """Note one more of an account or a program. Raises `Refused` 429."""
        if not actor.trusted:
            _counted(self._asking, actor.account, "too many requests came with this token or account")

    def check_open(self, scope: Scope) -> None:
        """Note one more of a guest's link, or of a connection, by its address. Raises `Refused` 429."""
        if guest := _GUEST.match(scope["path"]):
            # the link itself is in no table that outlives the request
            _counted(
                self._guests,
                hashlib.sha256(guest[1].encode()).hexdigest(),
                "this page was asked for too often",
            )
        elif scope["method"] == "POST" and (hook := _WEBHOOK.fullmatch(scope["path"])):
            _counted(self._webhooks, hook[0][:300], "too many messages came by this connection")


def _counter(most: int) -> Tries | None:
    return Tries(free=most) if most else None


def _counted(counter: Tries | None, key: str, fault: str) -> None:
    seconds = counter.one_more(key) if counter else 0
    if seconds:
        text = f"requests: {fault}; wait {seconds} seconds"
        raise Refused(429, "too_many", text, {"retry-after": str(seconds)})
