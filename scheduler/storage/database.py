"""The database of the deployment and its transactions."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from scheduler.storage import migrate
from scheduler.storage.clock import Clock, machine
from scheduler.storage.engine import BUSY_SECONDS, address_of, begun, limited, make
from scheduler.storage.errors import Unavailable
from scheduler.storage.repositories.access.accounts import Accounts
from scheduler.storage.repositories.access.sessions import Sessions
from scheduler.storage.repositories.access.sight import Sights
from scheduler.storage.repositories.applications import Applications
from scheduler.storage.repositories.attention.cares import CalendarFaults, Cares, Digests
from scheduler.storage.repositories.attention.fixes import Exemptions, Fixes
from scheduler.storage.repositories.attention.found import FoundMatters
from scheduler.storage.repositories.batches import Batches
from scheduler.storage.repositories.company import CompanyFile
from scheduler.storage.repositories.cursors import Cursors
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.repositories.guests.links import Links
from scheduler.storage.repositories.hiring.advances import Advances
from scheduler.storage.repositories.hiring.connections import Automations, Connections
from scheduler.storage.repositories.hiring.showing import Showings
from scheduler.storage.repositories.hooks import Hooks
from scheduler.storage.repositories.inbox import Inbox
from scheduler.storage.repositories.interviews import Interviews
from scheduler.storage.repositories.leases import Leases
from scheduler.storage.repositories.ledger import Ledger
from scheduler.storage.repositories.loops import Loops
from scheduler.storage.repositories.people import People, Pools, Rooms, Sites
from scheduler.storage.repositories.privacy.candidates import Candidates
from scheduler.storage.repositories.privacy.erasures import Erasures
from scheduler.storage.repositories.proposals import Proposals, SeenCalendars, Undoables
from scheduler.storage.repositories.reading.facts import FoundFacts
from scheduler.storage.repositories.reading.interviews import FoundInterviews
from scheduler.storage.repositories.reading.loops import FoundLoops
from scheduler.storage.repositories.reading.overview import Overview
from scheduler.storage.repositories.reading.views import Views
from scheduler.storage.repositories.reservations import Reservations
from scheduler.storage.repositories.subscriptions import Subscriptions
from scheduler.storage.repositories.templates import Templates
from scheduler.storage.tables import metadata

NOTE_SECONDS = 0.05
"""How long a `note` waits for other writers."""


class Tx:
    """One open transaction: ``connection`` for whoever joins it, and a repository per noun."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.facts = Facts(connection)
        self.company = CompanyFile(connection)
        self.people = People(connection)
        self.pools = Pools(connection)
        self.rooms = Rooms(connection)
        self.sites = Sites(connection)
        self.templates = Templates(connection)
        self.loops = Loops(connection, self.facts)
        self.applications = Applications(connection, self.loops)
        self.proposals = Proposals(connection)
        self.seen = SeenCalendars(connection)
        self.undoables = Undoables(connection)
        self.interviews = Interviews(connection, self.facts)
        self.reservations = Reservations(connection)
        self.ledger = Ledger(connection, self.facts)
        self.leases = Leases(connection)
        self.inbox = Inbox(connection)
        self.cursors = Cursors(connection)
        self.subscriptions = Subscriptions(connection)
        self.hooks = Hooks(connection)
        self.found_loops = FoundLoops(connection)
        self.found_interviews = FoundInterviews(connection)
        self.found_facts = FoundFacts(connection)
        self.overview = Overview(connection)
        self.batches = Batches(connection)
        self.found_matters = FoundMatters(connection)
        self.cares = Cares(connection)
        self.calendar_faults = CalendarFaults(connection)
        self.digests = Digests(connection)
        self.views = Views(connection)
        self.fixes = Fixes(connection)
        self.exemptions = Exemptions(connection)
        self.hiring = Connections(connection)
        self.automations = Automations(connection)
        self.advances = Advances(connection)
        self.showings = Showings(connection)
        self.links = Links(connection)
        self.accounts = Accounts(connection)
        self.sights = Sights(connection)
        self.sessions = Sessions(connection)
        self.erasures = Erasures(connection)
        self.candidates = Candidates(connection, self.facts)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part that may fail while the rest goes on: PostgreSQL takes no statement behind one that failed, unless
        it is led back to before it. SQLite does by itself."""
        with nullcontext() if self.connection.dialect.name == "sqlite" else self.connection.begin_nested():
            yield


class Glance:
    """What can be looked at without a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.contenders = Proposals(connection).contenders
        self.taken = Reservations(connection).taken


class Database:
    """``url`` is ``sqlite:///path`` or ``postgresql://…``; nothing is opened until it is used. ``here`` is the clock
    of this machine, which ``clock`` goes by as far as nobody else shares the database.

    Raises `BadInput` for an address of another kind and for SQLite in memory, of which every
    connection would see another one.
    """

    def __init__(self, url: str, here: Callable[[], datetime] = machine) -> None:
        self.url = limited(address_of(url))
        self.engine = make(self.url)
        self.dialect: str = self.engine.dialect.name
        self.clock = Clock(self.engine, here)
        self._glancing = self.engine.execution_options(isolation_level="AUTOCOMMIT", loopwright_begin="")
        self._writer = threading.Lock()
        self._open = threading.local()
        self.wake: Callable[[Tx, Mapping[str, str]], None] | None = None
        """Told, in the transaction, of the hooks that have a message to send, each with its first."""

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view of everything committed before; writing in it fails."""
        with _translated(reading=True), self.engine.connect() as connection:
            options: dict[str, Any] = {"loopwright_begin": "BEGIN"}
            if self.dialect == "postgresql":
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = connection.execution_options(**options)
            with connection.begin(), _query_only(connection):
                yield Tx(connection)

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """A look without a transaction, for the many who ask at once: each statement sees a moment of its own, so
        that what comes of it is a hint, and whoever acts on it asks again in a `write`. It knows no statement that
        writes."""
        with _translated(reading=True), self._glancing.connect() as connection:
            yield Glance(connection)

    @contextmanager
    def write(self, patience: float = BUSY_SECONDS) -> Iterator[Tx]:
        """A transaction that is kept as a whole when the block ends, and not at all when it raises.

        Facts are chained at its end. Raises `Unavailable` when the database does not serve, or when what it needs
        is another writer's for more than ``patience`` seconds; the retry is the caller's. One inside another in the
        same thread would wait for itself, and is refused with a `RuntimeError`.
        """
        if getattr(self._open, "write", False):
            raise RuntimeError("a write transaction is already open in this thread")
        self._open.write = True
        try:
            with _translated(), self._turn(patience), self.engine.connect() as connection:
                connection = connection.execution_options(loopwright_begin="BEGIN IMMEDIATE")
                with begun(connection, patience):
                    tx = Tx(connection)
                    yield tx
                    tx.facts.flush()
                    if tx.facts.woken and self.wake is not None:
                        self.wake(tx, tx.facts.woken)
        finally:
            self._open.write = False

    def note(self, what: Callable[[Tx], None]) -> bool:
        """Write what is good to know and for which nobody is to wait, such as when a session was last used. False
        where others were writing, or the database does not serve: then it is not kept."""
        try:
            with self.write(NOTE_SECONDS) as tx:
                what(tx)
        except Unavailable:
            return False
        return True

    @contextmanager
    def _turn(self, patience: float) -> Iterator[None]:
        # SQLite lets waiting writers sleep and guess; in one process a lock wakes the next at once.
        if self.dialect != "sqlite":
            yield
            return
        if not self._writer.acquire(timeout=patience):
            raise Unavailable("the database is locked by another writer")
        try:
            yield
        finally:
            self._writer.release()

    def migrate(self) -> None:
        """Bring the schema to its newest form; any number of processes may call it at once."""
        with _translated():
            migrate.upgrade(self.engine)

    def compact(self) -> None:
        """Give back the room of what was deleted, so that nothing of it can be read in the file: SQLite writes the
        file anew and empties its log; PostgreSQL marks the room as free and writes over it in time. Raises `Unavailable`
        where others are at work."""
        with _translated(), self._turn(BUSY_SECONDS), self._glancing.connect() as connection:
            if self.dialect != "sqlite":
                for table in metadata.sorted_tables:
                    connection.exec_driver_sql(f"VACUUM {table.name}")
            else:
                connection.exec_driver_sql("VACUUM")
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
                if busy:
                    raise Unavailable("the database's log cannot be emptied while it is read")

    def schema(self) -> tuple[str | None, str]:
        """The version that the schema is at (``None`` for an empty database) and the one wanted."""
        with _translated():
            return migrate.current(self.engine), migrate.newest()

    @property
    def folder(self) -> Path | None:
        """Where a database that is a file lies; ``None`` for one that a server has."""
        path = self.engine.url.database
        return Path(path).parent if self.dialect == "sqlite" and path else None

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()


@contextmanager
def _query_only(connection: sa.Connection) -> Iterator[None]:
    """SQLite refuses to write while the block runs; PostgreSQL was told with the transaction."""
    driver = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if driver is None:
        yield
        return
    driver.execute("PRAGMA query_only=ON").close()
    try:
        yield
    finally:
        driver.execute("PRAGMA query_only=OFF").close()


@contextmanager
def _translated(reading: bool = False) -> Iterator[None]:
    """Name the database's own failures so that no caller needs to know the driver; mistakes of ours
    pass as they are."""
    try:
        yield
    except exc.TimeoutError as fault:
        raise Unavailable("every connection to the database is in use") from fault
    except exc.DBAPIError as fault:
        if reading and re.search("readonly database|read-only transaction", str(fault)):
            raise RuntimeError("a read transaction was asked to write") from fault
        if re.search(r"no such table|relation \"lw_\w+\" does not exist", str(fault)):
            raise Unavailable("the database has no schema yet: run `loopwright migrate`") from fault
        if not _ours(fault):
            raise Unavailable(_first_line(fault)) from fault
        raise


def _ours(fault: exc.DBAPIError) -> bool:
    """Whether the statement is to blame and not the state that the database is in."""
    if fault.connection_invalidated:  # also where the server ended a session that was idle for too long
        return False
    if not isinstance(fault, exc.OperationalError | exc.InterfaceError):
        return True
    return getattr(fault.orig, "sqlite_errorname", None) == "SQLITE_ERROR"


def _first_line(fault: exc.DBAPIError) -> str:
    return (str(fault.orig).splitlines() or [type(fault.orig).__name__])[0]
