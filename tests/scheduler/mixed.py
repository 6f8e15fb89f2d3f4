"""A company on three calendar services at once: organizer and some people on Google, others on Outlook,
rooms and the rest in local files. Google and Outlook are the stand-in servers, over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.calls import Breaker, Cooling
from connectors.google.auth import READ_ROOMS, scopes_for
from connectors.outlook.calendar import OutlookCalendar
from connectors.protocol import Calendar
from connectors.tokens import MemoryTokens
from scheduler.domain.people import Mode
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.google_harness import connect
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_harness import QUICK, StaticBearer
from tests.scheduler.kit import Kit, make

BERLIN = ZoneInfo("Europe/Berlin")
ORGANIZER = "interviews@testwerk.example"
ON_GOOGLE = ("hana@testwerk.example", "ben@testwerk.example")
ON_OUTLOOK = ("anna@testwerk.example", "cleo@testwerk.example")
ROOM = "oak@testwerk.example"
BASE_URL = "https://hire.testwerk.example"

COMPANY = """
company:
  name: Testwerk
  organizer: {provider: ORGANIZER_ON, address: interviews@testwerk.example}
defaults: {site: berlin, hours: mon-fri 09:00-17:00}
sites:
  - {id: berlin, name: Berlin, zone: Europe/Berlin, hours: mon-fri 08:00-19:00}
people:
  - {id: hana, name: Hana Maier, email: hana@testwerk.example, calendar: {provider: google, address: hana@testwerk.example}}
  - {id: ben, name: Ben Berg, email: ben@testwerk.example, calendar: {provider: google, address: ben@testwerk.example, mode: free_busy}}
  - {id: anna, name: Anna Arndt, email: anna@testwerk.example, calendar: {provider: outlook, address: anna@testwerk.example}}
  - {id: cleo, name: Cleo Cramer, email: cleo@testwerk.example, calendar: {provider: outlook, address: cleo@testwerk.example, mode: free_busy}}
  - {id: rolf, name: Rolf Reck, email: rolf@testwerk.example}
rooms:
  - {id: oak, name: Oak, site: berlin, capacity: 6, calendar: {provider: ROOM_ON, address: oak@testwerk.example}}
templates:
  - id: talks
    title: Talks
    notice_hours: 1
    interviews:
      - {id: first, title: First talk, minutes: 45, seats: [{person: anna}, {person: rolf, kind: co_interviewer}]}
      - {id: second, title: Second talk, minutes: 45, after: [first], seats: [{person: ben}]}
    debrief: {minutes: 30, within_hours: 8}
policy: {undo_minutes: 0}
"""


@dataclass
class Mixed:
    """``kit`` is the app; the servers are there to act behind its back. ``connect`` makes connectors of
    their own for a command, which closes them when it ends."""

    kit: Kit
    google: GoogleServer
    graph: GraphServer
    connect: Callable[[], Mapping[tuple[str, Mode], Calendar]]


def monday() -> datetime:
    """Midnight in Berlin of the Monday after next: always ahead, never this week."""
    today = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=14 - today.weekday())


@contextmanager
def mixed(
    folder: Path, *, organizer_on: str = "google", room_on: str = "local", base_url: str = ""
) -> Iterator[Mixed]:
    """A loaded company in ``folder``; on the way out no request may have broken a service's description."""
    with ExitStack() as stack:
        google, graph = stack.enter_context(GoogleServer()), stack.enter_context(GraphServer())
        for address in (ORGANIZER, *ON_GOOGLE):
            google.world.add_calendar(address, zone="Europe/Berlin")
            google.accounts.people.add(address)
        google.accounts.delegated |= {*scopes_for("typed"), READ_ROOMS}
        for address in (ORGANIZER, *ON_OUTLOOK):
            graph.world.add_mailbox(address)
        google.world.add_room(ROOM, "Oak", capacity=6)
        graph.world.add_room(ROOM, "Oak", capacity=6)
        text = COMPANY.replace("ORGANIZER_ON", organizer_on).replace("ROOM_ON", room_on)
        kit = make(folder, text, now=datetime.now(UTC).replace(microsecond=0))
        local = kit.app.calendars

        def connectors() -> Mapping[tuple[str, Mode], Calendar]:
            return {**local, **_connectors(google, graph, stack)}

        kit.app = replace(kit.app, calendars=connectors(), base_url=base_url)
        stack.callback(kit.app.db.dispose)
        yield Mixed(kit, google, graph, connectors)
        assert google.world.problems == []
        assert graph.violations == []


def _connectors(
    google: GoogleServer, graph: GraphServer, stack: ExitStack
) -> Mapping[tuple[str, Mode], Calendar]:
    """Both services in both modes, closed with the stack."""
    found: dict[tuple[str, Mode], Calendar] = {}
    for mode in Mode:
        found["google", mode] = on_google = connect(google, mode=mode.value, subject=ORGANIZER)
        stack.callback(on_google.close)
        found["outlook", mode] = on_outlook = OutlookCalendar(
            MemoryTokens(),
            mode=mode.value,
            retry=QUICK,
            breaker=Breaker(Cooling(failures=50)),
            sign_in=StaticBearer(),
            base=graph.base,
        )
        stack.callback(on_outlook.close)
    return found
