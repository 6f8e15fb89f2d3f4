"""How a browser comes in: an address that works once, and the cookie that it is exchanged for."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.services.access.sessions import Keeping

FOLDER = "tickets"
TICKET_SECONDS = 3600
"""How long an address works, if nobody has used it."""


def invite(settings: Settings, address: str) -> str:
    """A new address that lets one browser in, once, within the hour.

    Its ticket is a file named by the ticket's hash: whoever removes the file has used it, in whichever
    process, and what lies in the folder opens nothing. Raises `BadInput` where it cannot be written.
    """
    folder = settings.data / FOLDER
    ticket = secrets.token_urlsafe(32)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_old(folder)
        os.close(os.open(_file(folder, ticket), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        fault = f"{folder} cannot be written: {error.strerror}"
        raise BadInput("LOOPWRIGHT_DATA", fault, "choose a folder that can be written") from None
    return f"{address}/?token={ticket}"


def known(settings: Settings, ticket: str) -> bool:
    """Whether the ticket is good."""
    try:
        made = _file(settings.data / FOLDER, ticket).lstat()
    except OSError:
        return False
    # one that somebody else put there lets nobody in
    return made.st_uid == os.geteuid() and time.time() - made.st_mtime < TICKET_SECONDS


def redeem(settings: Settings, ticket: str) -> bool:
    """Whether the ticket is good, which it is then no more: of several who bring it, one is told so."""
    good = known(settings, ticket)
    try:
        _file(settings.data / FOLDER, ticket).unlink()
    except OSError:
        return False
    return good


def _file(folder: Path, ticket: str) -> Path:
    return folder / hashlib.sha256(ticket.encode()).hexdigest()


def _forget_old(folder: Path) -> None:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # just used, or forgotten by another process
            if time.time() - path.stat().st_mtime >= TICKET_SECONDS:
                path.unlink()


def name(secret: str, https: bool) -> str:
    """What the cookie of a session is called; over https with the prefix by which browsers take it from this host
    alone, for every path, and never without TLS (draft-ietf-httpbis-rfc6265bis section 4.1.3.2)."""
    # cookies know no ports: two deployments on one machine must not take each other's away
    plain = "loopwright-" + hashlib.sha256(b"name" + secret.encode()).hexdigest()[:16]
    return f"__Host-{plain}" if https else plain


def keeping(settings: Settings, secret: str) -> Keeping:
    """How sessions are kept: with another secret of the deployment none of them counts."""
    key = hmac.new(secret.encode(), b"loopwright.session", hashlib.sha256).digest()
    return Keeping(key, timedelta(hours=settings.session_hours), timedelta(hours=settings.idle_hours))
