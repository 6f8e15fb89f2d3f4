"""The Outlook connector on the Graph stand-in, as the conformance suite and its own tests want it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.calls import Breaker, Cooling, Retry
from connectors.outlook.calendar import Mode, OutlookCalendar
from connectors.tokens import MemoryTokens
from connectors.types import EventRef, Reply
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_world import Item, Series

QUICK = Retry(attempts=4, patience=3.0, wait_initial=0.01, wait_max=0.03, wait_jitter=0.01)
KEY = "String {d5a1e2b4-8c53-4f0e-9a67-2b7c41f3e086} Name LoopwrightKey"
"""Written down once more on purpose: changing it would lose every event in the field."""

_WORDS = {Reply.ACCEPTED: "accepted", Reply.TENTATIVE: "tentativelyAccepted", Reply.DECLINED: "declined"}
_FOREIGN: dict[Kind, dict[str, Any]] = {
    Kind.BUSY: {},
    Kind.FREE: {"show_as": "free"},
    Kind.UNANSWERED: {"show_as": "tentative", "response": "notResponded", "is_organizer": False},
    Kind.TENTATIVE: {"show_as": "tentative", "response": "tentativelyAccepted", "is_organizer": False},
    Kind.DECLINED: {"show_as": "busy", "response": "declined", "is_organizer": False},
    Kind.CANCELLED: {"cancelled": True, "is_organizer": False},
    Kind.OUT_OF_OFFICE: {"show_as": "oof"},
    Kind.FOCUS: {},
    Kind.ELSEWHERE: {"show_as": "workingElsewhere"},
    Kind.PRIVATE: {"sensitivity": "private"},
}


@dataclass
class StaticBearer:
    """A sign-in that holds the stand-in's token; `renew` gives the next one in line."""

    account: str = "microsoft"
    identity: str = "test"
    tokens: list[str] = field(default_factory=lambda: ["token-1"])
    renewed: int = 0
    delegated: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)

    def token(self) -> str:
        return self.tokens[0]

    def renew(self, refused: str) -> str:
        self.renewed += 1
        if len(self.tokens) > 1 and self.tokens[0] == refused:
            self.tokens.pop(0)
        return self.tokens[0]

    def claims(self) -> Mapping[str, Any]:
        return self.told


class GraphHarness:
    """A tenant with an organizer, three people, two rooms, somebody out of scope and a stranger."""

    organizer = "organizer@contoso.example"
    people = ("ada@contoso.example", "ben@contoso.example", "cem@contoso.example")
    rooms = ("aquarium@contoso.example", "belfry@contoso.example")
    unreadable: Mapping[str, str] = {
        "nobody@contoso.example": "not_found",
        "ceo@contoso.example": "forbidden",
    }
    keyed = False
    remembers = True
    words = False

    def __init__(self, server: GraphServer, mode: Mode) -> None:
        self.server = server
        self.mode: Mode = mode
        self._open: list[OutlookCalendar] = []
        world = server.world
        for address in (self.organizer, *self.people):
            world.add_mailbox(address)
        for address in self.rooms:
            world.add_room(address, address.partition("@")[0].title(), capacity=6, building="HQ")
        world.add_mailbox("ceo@contoso.example", readable=False)
        self.calendar = self.make()

    def make(self, **kwargs: Any) -> OutlookCalendar:
        settings: dict[str, Any] = {
            "mode": self.mode,
            "reader": self.organizer,
            "retry": QUICK,
            "breaker": Breaker(Cooling(failures=50)),
            "sign_in": StaticBearer(),
            "base": self.server.base,
        }
        made = OutlookCalendar(MemoryTokens(), **(settings | kwargs))
        self._open.append(made)
        return made

    def close(self) -> None:
        for calendar in self._open:
            calendar.close()

    def restart(self) -> OutlookCalendar:
        return self.make()

    def add(self, address: str, foreign: Foreign) -> Item:
        with self.server.locked() as world:
            start, end = (
                m.astimezone(UTC) if isinstance(m, datetime) else m for m in (foreign.start, foreign.end)
            )
            series = Series(foreign.weekly, frozenset(foreign.skip)) if foreign.weekly > 1 else None
            return world.put(
                address,
                subject=foreign.title,
                body=f"<p>{foreign.title}</p>",
                location=foreign.title,
                start=start,
                end=end,
                series=series,
                **_FOREIGN[foreign.kind],
            )

    def answer(self, address: str, ref: EventRef, reply: Reply, comment: str = "") -> None:
        with self.server.locked() as world:
            world.answer(address, ref.calendar, ref.id, _WORDS[reply])

    def invite(self, ref: EventRef, address: str) -> None:
        with self.server.locked() as world:
            box = world.mailboxes[ref.calendar.casefold()]
            item = box.items[ref.id]
            item.attendees.append({"address": address, "name": None, "type": "optional", "response": "none"})
            world.touch(box, ref.id)
            world.invite(box, item)

    def move(self, ref: EventRef, start: datetime, end: datetime) -> None:
        with self.server.locked() as world:
            box = world.mailboxes[ref.calendar.casefold()]
            world.move(box, ref.id, start.astimezone(UTC), end.astimezone(UTC))

    def delete(self, ref: EventRef) -> None:
        with self.server.locked() as world:
            world.withdraw(world.mailboxes[ref.calendar.casefold()], ref.id)

    def live(self, key: str) -> int:
        with self.server.locked() as world:
            items = world.mailboxes[self.organizer].items.values()
            return sum(1 for i in items if i.properties.get(KEY) == key and i.start.year > 2001)

    def lose_next_answer(self) -> None:
        self.server.faults.lose = 1

    def expire_cursors(self) -> None:
        self.server.routes.delta.forget()

    def settle(self) -> None:
        self.server.settle()


@contextlib.contextmanager
def graph_harness(mode: Mode = "typed") -> Iterator[GraphHarness]:
    """A fresh tenant; on the way out nothing may have broken Microsoft's description."""
    with GraphServer() as server:
        server.faults.most_in_flight = 4
        server.routes.delta.page_size = 5
        harness = GraphHarness(server, mode)
        try:
            yield harness
        finally:
            harness.close()
        assert server.violations == []
        assert server.most_in_flight <= 4
