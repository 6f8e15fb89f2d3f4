"""Settings: `LOOPWRIGHT_…` variables over one TOML file, checked at start. The environment is read here only."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from connectors.signatures import key
from scheduler.domain.bookings import LOOKED_BACK
from scheduler.domain.errors import BadInput, BadInputs

PREFIX = "LOOPWRIGHT_"
CONFIG = "LOOPWRIGHT_CONFIG"
_LEAST_SIGNS = 8
"""Different characters of a secret: of 24 random hexadecimal digits, one in a hundred thousand has fewer."""


class Settings(BaseSettings):
    """Every setting of the deployment. ``data`` holds the database, the local calendars and the outbox."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", validate_default=True)

    data: Path = Path(".loopwright")
    """The folder of everything that is kept."""
    database: str = ""
    """``sqlite:///file`` or ``postgresql://user@host/name``; empty: a SQLite file in ``data``."""
    session_hours: int = Field(168, ge=1, le=2160)
    """How long a browser stays signed in, however busy it is."""
    idle_hours: int = Field(72, ge=1, le=2160)
    """How long a browser stays signed in that asks for nothing; as it stands, over a weekend."""
    requests_a_minute: int = Field(1200, ge=0, le=1_000_000)
    """How often an account or a program may ask; 0: without limit."""
    guest_requests_a_minute: int = Field(120, ge=0, le=1_000_000)
    """How often the pages of one link may be asked for; 0: without limit."""
    webhooks_a_minute: int = Field(60_000, ge=0, le=1_000_000)
    """How many messages one connection of a hiring system may send; 0: without limit."""
    deployment: str = Field("loopwright", pattern=r"^[a-z0-9-]{1,40}$")
    """Prefix of every event key: two deployments on one calendar never touch each other's events."""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    api_token: str = Field("", repr=False)
    """Bearer token of the API (at least 24 characters). Without one `serve` makes one in the file ``api-token``
    of ``data``, and listens on loopback addresses only."""
    base_url: str = ""
    """Where calendar services reach this deployment (``https://hire.example.com``), for their notices of
    changes; empty: no notices, the calendar is polled."""
    webhook_secret: str = Field("", repr=False)
    """Shared secret of the stage-advance webhook (at least 24 characters); empty: no webhook is taken."""
    hook_hosts: str = Field("", pattern=r"^([A-Za-z0-9.\[\]:-]+( *, *[A-Za-z0-9.\[\]:-]+)*)?$")
    """Hosts, or ``host:port``, separated by commas, that webhooks may be sent to although they are private or without
    TLS; empty: none."""
    log: Literal["", "text", "json"] = ""
    """``text`` or ``json``: a line for each job and request on standard error, ids alone; empty: warnings only."""
    worker: str = Field("loop-0", pattern=r"^[a-z0-9-]{1,40}$")
    """Name of this worker, for logs and the doctor. Several may bear it: each run counts as a worker of its own."""
    concurrency: int = Field(4, ge=1, le=64)
    """Jobs done at the same time by one worker, of what is to be written and of what is to be planned each."""
    poll_seconds: float = Field(30.0, gt=0, le=900)
    """How often the organizer's calendar is followed."""
    watch_days: int = Field(7, ge=0, le=30)
    """How many days ahead the calendars of everybody who is booked are looked at again, every ten minutes,
    for what came into them after the booking; 0: not at all."""
    answers_days: int = Field(7, ge=1, le=365)
    """How long a repeated request with the same ``Idempotency-Key`` gets the same answer."""
    archive_days: int = Field(60, ge=0, le=3650)
    """How long what is over stays where bookings are made: events in local calendars, mails in the outbox, jobs; 0:
    for ever."""
    oidc_issuer: str = ""
    """Where people sign in, by OpenID Connect: the issuer's address, as the provider writes it; empty: by
    `loopwright login` alone."""
    oidc_client_id: str = ""
    """What that provider calls this deployment."""
    oidc_client_secret: str = Field("", repr=False)
    """And the secret that goes with it; empty for a client without one."""
    keep_candidates_days: int = Field(730, ge=0, le=36500)
    """How long a candidate is kept once the last of their loops is over; then they are erased. 0: for ever."""
    keep_messages_days: int = Field(90, ge=0, le=36500)
    """How long it is kept what a message of a hiring system said, once it was worked on. 0: for ever."""
    keep_mails_days: int = Field(365, ge=0, le=36500)
    """How long the files of mails are kept in the outbox and its archive. 0: for ever."""
    digest_hour: int = Field(8, ge=-1, le=23)
    """The hour, on each owner's own clock, at which they are told by mail what needs them; -1: never."""
    stop_seconds: int = Field(20, ge=0, le=600)
    """How long requests and jobs in flight may go on after SIGTERM or SIGINT before the process ends."""
    work_port: int = Field(0, ge=0, le=65535)
    """Where `loopwright work` answers how it goes, on ``host``; 0: nowhere."""
    header_seconds: float = Field(10.0, gt=0, le=300)
    """How long a client may take for the head of a request, from the connection or its first byte on."""
    service_days: int = Field(5, ge=1, le=90)
    """Within how many days of the request a loop is to be booked; the console turns its age amber at half, red after."""
    solve_memory_mb: int = Field(4096, ge=512)
    """Address space of a solving process."""
    smtp: str = Field("", repr=False, pattern=r"^(smtps?://.+|smtp\+none://.+)?$")
    """``smtp://user:password@host:587`` (STARTTLS), ``smtps://…:465`` or ``smtp+none://…`` (a relay on
    this machine) for candidates' mail; empty: files in the folder ``outbox``."""
    imap: str = Field("", repr=False, pattern=r"^(imaps?://.+|imap\+none://.+)?$")
    """``imaps://user:password@host:993/INBOX``, ``imap://…:143`` (STARTTLS) or ``imap+none://…`` (on this machine): the mailbox
    in which answers to invitations are read, that of the organizer's address; empty: none."""
    mail_from: str = ""
    """Sender of the mail to candidates; empty: the organizer's address."""
    credentials: Path | None = None
    """Folder with ``google.json`` and ``microsoft.json`` (docs/google.md, docs/outlook.md); empty: the
    folder ``credentials`` in ``data``. Readable by the service's user only."""
    google_subject: str = ""
    """The user the service account acts for; empty: the organizer."""

    @field_validator("webhook_secret", "api_token")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < 24:
            raise ValueError("is too short; use at least 24 random characters")
        if value and len(set(value.removeprefix("whsec_"))) < _LEAST_SIGNS:
            raise ValueError("repeats a few characters; use at least 24 random characters")
        return value

    @field_validator("archive_days")
    @classmethod
    def _old_enough(cls, value: int) -> int:
        if 0 < value < LOOKED_BACK:
            raise ValueError(f"is too few; use {LOOKED_BACK} or more, or 0 for never")
        return value

    @field_validator("base_url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            good = parts.scheme == "https" and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good or not value.isascii() or not value.isprintable() or set(value) & set(" ?#@\\"):
            raise ValueError("is not an https address; write it as https://hire.example.com")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _an_issuer(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
            good = not value or ((parts.scheme == "https" or here) and bool(parts.hostname))
        except ValueError:
            good = False
        if not good or not value.isascii() or set(value) & set(" ?#@\\"):
            raise ValueError("is not an https address; write it as https://accounts.google.com")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _a_client(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("oidc_issuer")):
            raise ValueError("stands without LOOPWRIGHT_OIDC_ISSUER, or that without it; give both")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _a_key(cls, value: str) -> str:
        if value:
            key(value)
        return value

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{(self.data / 'loopwright.sqlite3').resolve()}"

    @property
    def hosts_of_hooks(self) -> frozenset[str]:
        return frozenset(host.strip().lower() for host in self.hook_hosts.split(",") if host.strip())

    @property
    def calendars(self) -> Path:
        return self.data / "calendars"

    @property
    def credentials_folder(self) -> Path:
        return self.credentials or self.data / "credentials"

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @property
    def heads(self) -> Path:
        """Where the head of the facts' chain is noted, outside of the database."""
        return self.data / "chain-heads"

    @property
    def sent(self) -> Path:
        """Where it is remembered which mails a server was given."""
        return self.data / "sent"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit arguments, then the environment, then the file that `LOOPWRIGHT_CONFIG` names."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _file())


def _file() -> dict[str, Any]:
    name = os.environ.get(CONFIG, "")
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(CONFIG, f"{name} cannot be read: {error.strerror}", "name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(CONFIG, f"{name} is not TOML: {error}", "mend the file") from None


def _nearest(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), 1)
    return f"did you mean {close[0]}?" if close else "see docs/settings.md"


_NAME = "1 to 40 lower-case letters, digits and dashes"
_WANTED = {
    "data": "the path of a folder",
    "credentials": "the path of a folder",
    "deployment": _NAME,
    "worker": _NAME,
    "port": "a whole number from 0 to 65535",
    "work_port": "a whole number from 0 to 65535",
    "concurrency": "a whole number from 1 to 64",
    "poll_seconds": "a number of seconds above 0, at most 900",
    "watch_days": "a whole number from 0 to 30",
    "digest_hour": "a whole number from 0 to 23, or -1",
    "answers_days": "a whole number from 1 to 365",
    "archive_days": "0, or a whole number from 14 to 3650",
    "stop_seconds": "a whole number of seconds from 0 to 600",
    "header_seconds": "a number of seconds above 0, at most 300",
    **dict.fromkeys(
        ("requests_a_minute", "guest_requests_a_minute", "webhooks_a_minute"),
        "a whole number from 0 to 1000000",
    ),
    **dict.fromkeys(
        ("keep_candidates_days", "keep_messages_days", "keep_mails_days"),
        "a whole number of days from 0 to 36500",
    ),
    "session_hours": "a whole number of hours from 1 to 2160",
    "idle_hours": "a whole number of hours from 1 to 2160",
    "service_days": "a whole number of days from 1 to 90",
    "solve_memory_mb": "a whole number of megabytes, at least 512",
    "hook_hosts": "hosts or host:port, separated by commas",
    "log": "text, json, or nothing",
    "imap": "imaps://user:password@host:993/INBOX, imap://user:password@host:143 or imap+none://user:password@localhost:143",
    "smtp": "smtp://user:password@host:587, smtps://user:password@host:465 or smtp+none://host:25",
}
"""What each setting may hold; the others are texts."""


def _fault(error: ErrorDetails, known: Collection[str]) -> BadInput:
    """What is wrong with one setting. What is secret is not repeated."""
    field = ".".join(str(part) for part in error["loc"])
    name = PREFIX + field.upper()
    if error["type"] == "extra_forbidden":
        return BadInput(name, "no such setting", _nearest(name, known))
    if error["type"] == "value_error":  # the words of our own validators
        fault, _, fix = error["msg"].removeprefix("Value error, ").partition("; ")
        return BadInput(name, fault, fix or "see docs/settings.md")
    wanted = _WANTED.get(field, "a text")
    shown = "its value" if not Settings.model_fields[field].repr else repr(str(error["input"])[:80])
    return BadInput(name, f"{shown} is not {wanted}", "see docs/settings.md")


def load(**overrides: Any) -> Settings:
    """The settings of this process. Raises `BadInputs` naming every variable that is wrong, and
    unknown `LOOPWRIGHT_…` variables: a misspelt one must not be ignored."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG, "LOOPWRIGHT_FAILPOINT"}
    unknown = sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known)
    faults = [BadInput(n, "no such setting", _nearest(n, known)) for n in unknown]
    try:
        settings = Settings(**{k: v for k, v in overrides.items() if v is not None})
    except ValidationError as error:
        faults += [_fault(e, known) for e in error.errors(include_url=False)]
        raise BadInputs(faults) from None
    if faults:
        raise BadInputs(faults)
    return settings
