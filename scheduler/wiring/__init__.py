"""Puts the parts together: the only file that names a provider."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors import mail
from connectors.calls import Breaker
from connectors.errors import ConnectorError, Forbidden, NotFound
from connectors.local.calendar import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.local.store import Folder
from connectors.protocol import Calendar
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Mode
from scheduler.services.app import App
from scheduler.services.gathering import Gathering
from scheduler.services.privacy.keeping import Policy
from scheduler.services.solving import Solver
from scheduler.services.systems import Systems, Vault
from scheduler.services.telling import hooks
from scheduler.storage.database import Database
from scheduler.storage.migrate import current as migrated
from scheduler.wiring.mails import Outgoing, mailbox
from scheduler.workers import engine
from scheduler.workers.engine import Engine, Queue
from scheduler.workers.periodic import Periodic
from scheduler.workers.roll import Roll
from scheduler.workers.tasks import failed, tasks
from scheduler.workers.watch import Watch

_ZONES_KEPT = 5.0
"""Seconds for which the zones of a company are not read again."""


@dataclass(frozen=True)
class FileTokens:
    """Credentials in a folder, one JSON file per account, readable by this user only."""

    folder: Path

    def get(self, account: str) -> bytes | None:
        """The file of an account; ``None`` where there is none. Raises `Forbidden` for one that
        others can read: whoever is on this account is unknown then, and nobody else."""
        path = self.folder / f"{account}.json"
        try:
            mode = path.stat().st_mode
        except OSError:
            return None
        if mode & 0o077:
            raise Forbidden(f"{path}: others can read this file; run: chmod 600 {path}")
        try:
            return path.read_bytes()
        except OSError as error:
            raise Forbidden(f"{path}: cannot be read: {error.strerror}") from None

    def put(self, account: str, data: bytes) -> None:
        """Keep renewed credentials, atomically and for this user only. Raises `Forbidden` where the
        folder cannot be written to."""
        path = self.folder / f"{account}.json"
        new = self.folder / f".{account}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            raise Forbidden(f"{path}: cannot be written: {error.strerror}") from None

    def there(self, account: str) -> bool:
        """Whether there is a file, also one that cannot be used: its people are unknown then."""
        return (self.folder / f"{account}.json").exists()


@dataclass(frozen=True)
class GivenTokens:
    """The credentials in a folder, but with a client file that was handed over on the command line."""

    kept: FileTokens
    client: bytes | None = field(repr=False)

    def get(self, account: str) -> bytes | None:
        return self.client if self.client is not None else self.kept.get(account)

    def put(self, account: str, data: bytes) -> None:
        self.kept.put(account, data)


@dataclass(frozen=True)
class Consent:
    """The two halves in which a person lets the app use their calendar, of one provider.

    ``begin(redirect, mode, rooms, pasted)`` gives the address to open and what belongs to this try alone;
    ``finish(flow, answer)`` keeps what came of it and names the person. ``host`` is how the provider
    wants this machine called in a redirect address.
    """

    file: Path
    host: str
    begin: Callable[[str, Mode, bool, bool], tuple[str, Mapping[str, Any]]]
    finish: Callable[[Mapping[str, Any], Mapping[str, str]], str]


@dataclass(frozen=True)
class Runtime:
    """One process: the app, its queue, and (where it works) the engine and the periodic thread."""

    settings: Settings
    app: App
    queue: Queue

    def warm_up(self) -> None:
        """Have a solving process wait for the first question; nobody waits for that."""
        threading.Thread(target=self.app.solver.warm_up, name="warming up", daemon=True).start()

    def engine(self, *, fast: bool = False) -> Engine:
        """The jobs' engine; ``fast`` looks for new jobs more often (the demo)."""
        return Engine(
            url=engine.sync_url(self.app.db),
            queue=self.queue,
            tasks=tasks(self.app),
            failed=lambda name, payload, error: failed(self.app, name, payload, error),
            name=self.settings.worker,
            concurrency=self.settings.concurrency,
            poll=0.1 if fast else 0.5,
        )

    def roll(self, engine: Engine) -> Roll:
        """The roll-call of the workers, for that engine."""
        return Roll(self.app, engine)

    def periodic(self, watch: Watch | None = None) -> Periodic:
        """What happens without being asked; ``watch`` is that of the jobs, so that both are told alike."""
        settings = self.settings
        return Periodic(
            self.app,
            poll=settings.poll_seconds,
            watch_days=settings.watch_days,
            answers_days=settings.answers_days,
            archive_days=settings.archive_days,
            kept=Policy(settings.keep_candidates_days, settings.keep_messages_days, settings.keep_mails_days),
            digest_hour=settings.digest_hour,
            heads_file=settings.heads,
            watch=watch or Watch(),
        )

    def close(self) -> None:
        """Let go of the queue, the database, and the connectors' connections and threads."""
        self.app.later.close()
        self.queue.close()
        self.app.systems.close()
        self.app.db.dispose()
        for calendar in {id(c): c for c in self.app.calendars.values()}.values():
            close = getattr(calendar, "close", None)  # local files hold nothing open
            if close is not None:
                close()


def build(settings: Settings, clock: Callable[[], datetime] | None = None) -> Runtime:
    """Open everything that settings name; all of it goes by the database's clock unless another is given. Raises
    `BadInput` for what cannot be opened."""
    _folder(settings.data)
    db = Database(settings.database_url)
    clock = clock or db.clock
    queue = Queue(engine.sync_url(db))
    app = App(
        db=db,
        calendars=calendars(settings, clock, db),
        messenger=Outgoing(settings, db),
        mailbox=mailbox(settings),
        solver=Solver(memory_mb=settings.solve_memory_mb),
        jobs=queue,
        clock=clock,
        deployment=settings.deployment,
        base_url=settings.base_url,
        later=Gathering(),
        hook_hosts=settings.hosts_of_hooks,
        systems=systems(settings),
        shelves={"mails": lambda before: mail.archive(settings.outbox, before), "jobs": queue.forget},
        forgetting={
            "mails": lambda words: mail.forget(settings.outbox, words.in_text),
            "jobs": queue.forget_words,
        },
        ageing={"mails": lambda before: mail.forget_old(settings.outbox, before)},
    )
    db.wake = lambda tx, first: hooks.wake(app, tx, first)
    return Runtime(settings, app, queue)


def migrate(runtime: Runtime) -> None:
    """Bring our schema and the jobs' to their newest form."""
    runtime.app.db.migrate()
    engine.prepare(engine.sync_url(runtime.app.db))


def calendars(
    settings: Settings, clock: Callable[[], datetime], db: Database
) -> Mapping[tuple[str, Mode], Calendar]:
    """Every provider that is set up: local always, the others where their credentials are."""
    _folder(settings.calendars)
    local = LocalCalendar(settings.calendars, zone=OwnerZones(db), clock=clock)
    found: dict[tuple[str, Mode], Calendar] = {("local", Mode.TYPED): local, ("local", Mode.FREE_BUSY): local}
    tokens = FileTokens(settings.credentials_folder)
    # the big client libraries are imported where they are used: most deployments have one provider
    if tokens.there("google"):
        from connectors.google.calendar import GoogleCalendar

        # asked for at every call: a company may be loaded, or change its organizer, at any time
        subject: str | Callable[[], str | None] = settings.google_subject or (lambda: _organizer(db))
        breaker = Breaker()
        for mode in Mode:
            found["google", mode] = GoogleCalendar(tokens, subject=subject, mode=mode.value, breaker=breaker)
    if tokens.there("microsoft"):
        from connectors.http import Http
        from connectors.outlook.auth import SignIn
        from connectors.outlook.calendar import OutlookCalendar

        http, breaker = Http(), Breaker()
        sign_in = SignIn(tokens, "microsoft", http)  # one for both: a refused one is asked for twice an hour
        for mode in Mode:
            found["outlook", mode] = OutlookCalendar(
                tokens, mode=mode.value, breaker=breaker, http=http, sign_in=sign_in
            )
    return found


def systems(settings: Settings) -> Systems:
    """The hiring systems that can be connected: heard and read, or only heard. A further one is a line here."""
    from connectors.ashby.client import Ashby
    from connectors.ashby.push import read as ashby
    from connectors.greenhouse.client import Greenhouse
    from connectors.greenhouse.push import read as greenhouse
    from connectors.hiring import generic, smartrecruiters, teamtailor, workable
    from connectors.lever.client import Lever
    from connectors.lever.push import read as lever

    return Systems(
        receivers={
            "ashby": ashby,
            "generic": generic.read,
            "greenhouse": greenhouse,
            "lever": lever,
            "smartrecruiters": smartrecruiters.read,
            "teamtailor": teamtailor.read,
            "workable": workable.read,
        },
        makers={"ashby": Ashby, "greenhouse": Greenhouse, "lever": Lever},
        vault=Vault(settings.credentials_folder / "hiring.key"),
    )


@contextmanager
def consent(settings: Settings, provider: str, client: bytes | None = None) -> Iterator[Consent]:
    """How a person consents at that provider. Raises `BadInput` for one without."""
    folder = settings.credentials_folder
    tokens = GivenTokens(FileTokens(folder), client)
    if provider == "google":
        from connectors.google import consent as google
        from connectors.google.transport import Transport

        transport = Transport()
        try:
            yield Consent(
                folder / "google.json",
                "127.0.0.1",
                lambda redirect, mode, rooms, _: google.begin(
                    tokens, "google", redirect, mode=mode.value, rooms=rooms
                ),
                lambda flow, answer: google.finish(tokens, "google", transport, flow, answer),
            )
        finally:
            transport.close()
    elif provider == "outlook":
        from connectors.http import Http
        from connectors.outlook import consent as outlook

        with Http() as http:
            yield Consent(
                folder / "microsoft.json",
                "localhost",
                lambda redirect, mode, rooms, pasted: outlook.begin(
                    tokens, "microsoft", http, redirect, mode=mode.value, rooms=rooms, pasted=pasted
                ),
                lambda flow, answer: outlook.finish(tokens, "microsoft", http, flow, answer),
            )
    else:
        raise BadInput("PROVIDER", f"nobody consents at {provider!r}", "give google or outlook")


@dataclass
class OwnerZones:
    """The zone of whoever owns a calendar, as the company has it: for calendars that name none."""

    db: Database
    _read: tuple[float, Mapping[str, str]] = field(default=(float("-inf"), {}), repr=False)

    def __call__(self, address: str) -> str | None:
        at, zones = self._read
        if time.monotonic() - at > _ZONES_KEPT:
            zones = self._zones()
            self._read = (time.monotonic(), zones)
        return zones.get(address.casefold())

    def _zones(self) -> Mapping[str, str]:
        if migrated(self.db.engine) is None:
            return {}
        with self.db.read() as tx:
            return tx.company.zones()


def make_organizers_calendar(runtime: Runtime) -> Path | None:
    """Make the calendar file that interviews are written to, where it is missing; its path. Other
    services have the organizer's calendar from its mailbox. Raises `BadInput` where it cannot be made."""
    with runtime.app.db.read() as tx:
        if tx.company.loaded_at() is None or tx.company.organizer().provider != "local":
            return None
        organizer, name = tx.company.organizer().address, tx.company.name()
        sites, own = tx.sites.list(), tx.company.zones().get(tx.company.organizer().address.casefold())
    folder = Folder(runtime.settings.calendars, max_bytes=1, lock_seconds=0)
    try:
        folder.path_of(organizer)
    except NotFound:
        try:
            return create_calendar(folder.path, organizer, name, own or (sites[0].zone if sites else "UTC"))
        except ConnectorError as error:
            raise BadInput(
                "organizer.address", str(error), "name an address whose file can be made"
            ) from None
    except ConnectorError:
        pass  # it is there, and what is wrong with it is told where it is read
    return None


def _organizer(db: Database) -> str | None:
    """The organizer's address, once a company is loaded whose organizer is on Google."""
    if migrated(db.engine) is None:
        return None
    with db.read() as tx:
        organizer = tx.company.organizer() if tx.company.loaded_at() is not None else None
    return organizer.address if organizer is not None and organizer.provider == "google" else None


def _folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "LOOPWRIGHT_DATA", f"{path} cannot be made: {error.strerror}", "choose another folder"
        ) from None
