"""Delta links of the Graph stand-in: a frozen window, opaque tokens, everything that makes them hard.

Events outside the window that changed come as ``@removed``, ids nobody has seen included; a series
comes again as a whole, occurrences reduced to their times; pages may be empty, items may repeat.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.connectors.servers import graph_payload as wire
from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph_payload import Refused
from tests.connectors.servers.graph_world import Item, Mailbox

if TYPE_CHECKING:
    from tests.connectors.servers.graph import GraphServer


@dataclass
class _Token:
    """What an opaque token stands for: the rest of a round, or the state at its end."""

    mailbox: str
    start: datetime
    end: datetime
    version: int
    rest: list[dict[str, Any]] = field(default_factory=list)
    page: bool = False


class Delta:
    def __init__(self, server: GraphServer) -> None:
        self._server = server
        self._tokens: dict[str, _Token] = {}
        self.page_size: int | None = None
        """Smaller pages than the client asks for."""
        self.empty_pages = 0
        """So many pages come without items before the first one with some."""
        self.replays = False
        """The last round's items come once more, and each item twice."""
        self.gone: tuple[int, str] = (410, "SyncStateNotFound")
        """How a forgotten token is refused."""
        self._last: list[dict[str, Any]] = []

    def forget(self) -> None:
        """Every token given out so far is refused from now on."""
        self._tokens.clear()

    def serve(
        self, box: Mailbox, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Any, dict[str, str]]:
        token = query.get("$skiptoken") or query.get("$deltatoken")
        size = int((re.search(r"odata\.maxpagesize=(\d+)", headers.get("prefer", "")) or [0, "50"])[1])
        if token is None:
            start, end = (datetime.fromisoformat(query[n]) for n in ("startDateTime", "endDateTime"))
            state = _Token(box.address, start, end, self._server.world.version)
            state.rest = self._round(box, state, None)
        else:
            if token not in self._tokens or self._tokens[token].mailbox != box.address:
                status, code = self.gone
                raise Refused(status, code, headers={"Location": f"{self._server.public_base}/users"})
            kept = self._tokens[token]
            state = _Token(box.address, kept.start, kept.end, self._server.world.version)
            if kept.page:
                state.version, state.rest = kept.version, list(kept.rest)
            else:
                state.rest = self._round(box, state, kept.version)
        return self._page(box, state, min(size, self.page_size or size))

    def _page(self, box: Mailbox, state: _Token, size: int) -> tuple[int, Any, dict[str, str]]:
        empty = self.empty_pages > 0
        if empty:
            self.empty_pages -= 1
        now, rest = ([], state.rest) if empty else (state.rest[:size], state.rest[size:])
        more = empty or bool(rest)
        ident = uuid.uuid4().hex
        self._tokens[ident] = _Token(state.mailbox, state.start, state.end, state.version, rest, page=more)
        name = "skiptoken" if more else "deltatoken"
        link = f"{self._server.public_base}/users/{box.address}/calendarView/delta?${name}={ident}"
        answer = {"value": now, "@odata.nextLink" if more else "@odata.deltaLink": link}
        schema.check_list("microsoft.graph.event", answer)
        return 200, answer, {}

    def _round(self, box: Mailbox, state: _Token, since: int | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for ident, version in sorted(box.changed.items(), key=lambda pair: pair[1]):
            if since is not None and version <= since:
                continue
            item = box.items.get(ident)
            inside = self._inside(box, item, state) if item is not None else []
            if inside:
                found += inside
            elif since is not None:
                found.append({"id": ident, "@removed": {"reason": "deleted"}})
        if self.replays and since is not None:
            found, self._last = [*self._last, *found, *found], found
        return found

    @staticmethod
    def _inside(box: Mailbox, item: Item, state: _Token) -> list[dict[str, Any]]:
        spans = [(i, s, e) for i, s, e in item.spans() if s < state.end and state.start < e]
        if item.series is None:
            return [wire.payload(box, item, i, s, e) for i, s, e in spans]
        if not spans:
            return []
        reduced = [
            wire.reduced(wire.payload(box, item, *s), {"type", "seriesMasterId", "start", "end"})
            for s in spans
        ]
        return [wire.master(box, item), *reduced]
