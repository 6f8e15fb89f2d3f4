"""One company for the kill matrix: its people on three calendar services, its organizer on one of two, its tables on
one of two databases. Made once and copied for every scenario."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from connectors.calls import Breaker, Cooling, Limiter
from connectors.google.calendar import GoogleCalendar
from connectors.local.folder import create_calendar
from connectors.outlook.calendar import OutlookCalendar
from connectors.protocol import Calendar
from connectors.tokens import MemoryTokens
from scheduler import config, wiring
from scheduler.domain.people import Mode
from scheduler.services.company.read import read_company
from scheduler.wiring import Runtime
from tests.chaos.moods import ORGANIZER, Services
from tests.connectors.servers.google_accounts import key_file
from tests.connectors.servers.google_harness import SWIFT
from tests.connectors.servers.graph_harness import QUICK, StaticBearer
from tests.postgres_server import PostgresServer
from tests.scheduler.kit import Clock

BERLIN = ZoneInfo("Europe/Berlin")
_LOCAL = ("dirk@testwerk.example", "rolf@testwerk.example", "oak@testwerk.example")

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
  - {id: dirk, name: Dirk Dahl, email: dirk@testwerk.example}
  - {id: rolf, name: Rolf Reck, email: rolf@testwerk.example}
pools:
  - {id: engineers, name: Engineers, qualified: [anna, ben, cleo, dirk]}
rooms:
  - {id: oak, name: Oak, site: berlin, capacity: 6, calendar: oak@testwerk.example}
templates:
  - id: talks
    title: Talks
    notice_hours: 1
    interviews:
      - {id: first, title: First talk, minutes: 45, seats: [{pool: engineers}]}
      - {id: second, title: Second talk, minutes: 45, after: [first], seats: [{pool: engineers}]}
    debrief: {minutes: 30, within_hours: 8}
policy: {undo_minutes: 0, solve_seconds: 5, alternatives: 2}
"""
SPECS = ("first", "second", "debrief")


def monday(now: datetime) -> datetime:
    """Midnight in Berlin of the Monday after next: always ahead, never this week."""
    today = now.astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=14 - today.weekday())


def days(now: datetime) -> tuple[tuple[str, str], ...]:
    """The candidate's windows: that Monday and Tuesday, nine to five."""
    found = [monday(now) + timedelta(days=n) for n in range(2)]
    return tuple((f"{d:%Y-%m-%d}T09:00", f"{d:%Y-%m-%d}T17:00") for d in found)


@dataclass(frozen=True)
class Scene:
    """One copy of the company: its folder, its database, the services that it calls, the time that it is."""

    folder: Path
    database: str
    organizer_on: str
    google: str
    graph: str
    now: datetime

    def runtime(self) -> Runtime:
        """The deployment as its settings make it, with connectors for the stand-ins."""
        settings = config.load(data=self.folder, database=self.database, deployment="test", poll_seconds=900)
        made = wiring.build(settings, clock=Clock(self.now))
        return replace(made, app=replace(made.app, calendars={**made.app.calendars, **self._services()}))

    def _services(self) -> Mapping[tuple[str, Mode], Calendar]:
        found: dict[tuple[str, Mode], Calendar] = {}
        for mode in Mode:
            found["google", mode] = GoogleCalendar(
                MemoryTokens(google=KEY_FILE),
                endpoint=self.google,
                timeout=10.0,
                mode=mode.value,
                subject=ORGANIZER,
                retry=SWIFT,
                limiter=Limiter(in_flight=16),
                breaker=Breaker(Cooling(failures=50)),
            )
            found["outlook", mode] = OutlookCalendar(
                MemoryTokens(),
                mode=mode.value,
                retry=QUICK,
                breaker=Breaker(Cooling(failures=50)),
                sign_in=StaticBearer(),
                base=self.graph,
            )
        return found


KEY_FILE = key_file()


@dataclass(frozen=True)
class Templates:
    """A loaded company on each database with each organizer, to be copied. ``server`` is the PostgreSQL, where one
    is wanted."""

    folder: Path
    server: PostgresServer | None
    now: datetime

    def make(self) -> None:
        """Make them; leaves engines behind, so it is asked of a process that ends then."""
        for on in ("google", "outlook"):
            text = COMPANY.replace("ORGANIZER_ON", on)
            company = read_company(text, "yaml", "company.yaml")
            urls = [f"sqlite:///{self.folder / on}.sqlite3"]
            urls += [self.server.create_database(f"template_{on}")] if self.server else []
            for url in urls:
                scene = Scene(
                    self.folder / "making", url, on, "http://127.0.0.1:9", "http://127.0.0.1:9/v1.0", self.now
                )
                made = scene.runtime()
                wiring.migrate(made)
                with made.app.db.write() as tx:
                    tx.company.replace(company, self.now)
                made.close()

    def copy(self, name: str, database: str, organizer_on: str, services: Services) -> Scene:
        """A company of its own for one scenario."""
        folder = self.folder / name
        (folder / "calendars").mkdir(parents=True)
        for address in _LOCAL:
            create_calendar(folder / "calendars", address, address.partition("@")[0], "Europe/Berlin")
        if database == "sqlite":
            url = f"sqlite:///{folder / 'loopwright.sqlite3'}"
            shutil.copyfile(self.folder / f"{organizer_on}.sqlite3", folder / "loopwright.sqlite3")
        else:
            assert self.server is not None
            url = self.server.url(name)
            self._on_server(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, f"template_{organizer_on}")
        return Scene(folder, url, organizer_on, services.google, services.graph, self.now)

    def remove(self, scene: Scene) -> None:
        shutil.rmtree(scene.folder)
        if not scene.database.startswith("sqlite"):
            self._on_server(sql.SQL("DROP DATABASE {} WITH (FORCE)"), scene.folder.name)

    def _on_server(self, statement: sql.SQL, *names: str) -> None:
        assert self.server is not None
        with psycopg.connect(host=str(self.server.folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


def real_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
