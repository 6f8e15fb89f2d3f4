"""What is looked for in the queue, as it stands in the address: so that it can be sent to somebody.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request

from scheduler.domain.errors import BadInput
from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import ENDED, LoopState
from scheduler.services.overview.queue import UNBOOKED
from scheduler.web.frame.words import N_

_LONGEST = 200
_MOST = 20


@dataclass(frozen=True)
class LookedFor:
    """``state`` is empty for every loop that has not ended, and ``("all",)`` for every one at all; ``late`` asks for
    those alone that are older than the service level and still wait."""

    state: tuple[str, ...] = ()
    text: str = ""
    owner: str = ""
    job: str = ""
    stage: str = ""
    template: str = ""
    person: str = ""
    late: str = ""
    after: str = ""

    @staticmethod
    def of_query(query: str) -> LookedFor:
        """What an address asks for. Raises `BadInput` for what no page asks."""
        try:
            pairs = parse_qsl(query[:5000], encoding="utf-8", errors="strict", max_num_fields=_MOST)
        except ValueError:
            raise BadInput("address", "cannot be read", "begin again at /loops") from None
        known, states, values = {f.name for f in fields(LookedFor)}, [], {}
        for name, value in pairs:
            if name not in known or len(value) > _LONGEST:
                raise BadInput(name[:40], "is nothing that can be looked for here", "begin again at /loops")
            if name == "state":
                states += value.split(",")
            else:
                values[name] = value.strip()
        for state in states:
            if state != "all" and state not in list(LoopState):
                raise BadInput("state", f"{state!r:.40} is no state of a loop", "begin again at /loops")
        return LookedFor(state=tuple(dict.fromkeys(states)), **values)

    def wanted(self, now: datetime, level: timedelta) -> LoopsWanted:
        """The question to the services. A text is looked for everywhere, if no state is named."""
        return LoopsWanted(
            states=self._states(),
            owner=self.owner or None,
            job=self.job or None,
            stage=self.stage or None,
            template=self.template or None,
            person=self.person or None,
            asked_until=now - level if self.late else None,
            text=self.text,
        )

    def _states(self) -> frozenset[LoopState] | None:
        if self.late:
            return UNBOOKED
        if "all" in self.state or (self.text and not self.state):
            return None
        return frozenset(LoopState(s) for s in self.state) or frozenset(LoopState) - ENDED

    def query(self) -> str:
        """The same as the part of an address behind the question mark."""
        pairs = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "state"]
        return urlencode([*(("state", s) for s in self.state), *((n, v) for n, v in pairs if v)])

    @property
    def whole(self) -> str:
        """The query of the first page."""
        return replace(self, after="").query()

    def but(self, **changes: str | tuple[str, ...]) -> str:
        """The address of the same with something else in it, from its first page on."""
        query = replace(self, **{"after": "", **changes}).query()  # type: ignore[arg-type]
        return f"/loops?{query}" if query else "/loops"

    @property
    def narrow(self) -> bool:
        """Whether anything is asked for beside the state."""
        return bool(self.text or self.owner or self.job or self.stage or self.template or self.person)


VIEWS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (N_("Open"), (), ""),
    (N_("Needs a person"), (LoopState.NEEDS_ATTENTION.value, LoopState.INFEASIBLE.value), ""),
    (N_("To choose"), (LoopState.PROPOSED.value,), ""),
    (N_("Candidate’s turn"), (LoopState.AWAITING_CANDIDATE.value,), ""),
    (N_("Booked"), (LoopState.HELD.value, LoopState.BOOKING.value, LoopState.CONFIRMED.value), ""),
    (N_("Late"), (), "yes"),
    (N_("All"), ("all",), ""),
)
"""Views by name: states, and whether they are late."""


async def _asked(request: Request) -> LookedFor:
    return LookedFor.of_query(request.url.query)


Asked = Annotated[LookedFor, Depends(_asked)]
