"""Reads a mailbox by IMAP (RFC 3501), changing nothing in it: what came since a position, in order.

Told by `tests/connectors/test_mailbox.py`.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from connectors.errors import AuthRevoked, Invalid, Transient

SECURITY = ("tls", "starttls", "none")
LARGEST = 512 * 1024
"""Bytes of a mail that is read; an answer to an invitation has a few thousand."""
_AT_ONCE = 20
"""Mails of one round."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As IMAP writes them, whatever the language of the machine."""


@dataclass(frozen=True, slots=True)
class Mail:
    """``position`` is where to go on once it is done with; ``raw`` the whole of it, empty where it is too large."""

    position: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some mails, the oldest first; ``end`` is where to go on behind all of them, ``more`` whether there is more."""

    mails: Sequence[Mail]
    end: str
    more: bool


class Mailbox(Protocol):
    """A mailbox that is read from position to position."""

    @property
    def name(self) -> str:
        """What its position is kept under."""
        ...

    def read(self, position: str | None, since: date) -> Batch:
        """What came behind a position. Without one, and where the mailbox is a new one, what came ``since`` a day.
        Raises `Transient`, `AuthRevoked`, `Invalid`."""
        ...


class ImapMailbox:
    """One folder on one server, a connection per round. A position is the folder's UIDVALIDITY and the last UID
    that was read (RFC 3501 section 2.3.1.1)."""

    def __init__(
        self,
        host: str,
        port: int = 993,
        *,
        user: str,
        password: str,
        folder: str = "INBOX",
        security: str = "tls",
        timeout: float = 20.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """``security`` is ``tls`` (993), ``starttls`` (143) or ``none`` (a server on this machine); certificates are always
        checked. ``timeout`` is in seconds per network step. Raises `Invalid` naming the setting."""
        if not host.strip() or not 0 < port < 65_536:
            raise Invalid("host and port: name the mail server and a port from 1 to 65535")
        if security not in SECURITY:
            raise Invalid(f"security: it must be one of {', '.join(SECURITY)}")
        if not user or not password:
            raise Invalid("user and password: a mailbox needs both")
        if security == "none" and host not in _LOOPBACK:
            raise Invalid(
                "security: a password is not sent without TLS to another machine; use tls or starttls"
            )
        self._host, self._port, self._folder = host.strip(), port, folder or "INBOX"
        self._user, self._password = user, password
        self._security, self._timeout = security, timeout
        self._context = context

    @property
    def name(self) -> str:
        return f"imap:{self._user}@{self._host}/{self._folder}"

    def read(self, position: str | None, since: date) -> Batch:
        with self._signed_in() as server:
            validity, following = self._open(server)
            before, _, last = (position or "").partition(":")
            known = int(last) if before == validity and last.isdecimal() else None
            found = _uids(server, known, since)
            some = found[:_AT_ONCE]
            small = _small(server, some)
            mails = [Mail(f"{validity}:{uid}", _whole(server, uid) if uid in small else b"") for uid in some]
        seen = known if known is not None else following - 1 if following else ""
        end = mails[-1].position if mails else f"{validity}:{seen}"
        return Batch(mails, end, len(found) > len(some))

    def _open(self, server: imaplib.IMAP4) -> tuple[str, int]:
        """Look into the folder without changing it; its UIDVALIDITY, and the UID that the next mail will have, 0 where the
        server does not say."""
        done, _ = server.select(_quoted(self._folder), readonly=True)
        if done != "OK":
            raise Invalid(
                f"mail server {self._host}:{self._port} has no folder {self._folder!r} for this user"
            )
        validity, following = (_number(server, name) for name in ("UIDVALIDITY", "UIDNEXT"))
        if not validity:
            raise Invalid(
                f"mail server {self._host}:{self._port} gives its mails no lasting numbers (UIDVALIDITY)"
            )
        return str(validity), following

    @contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        where = f"mail server {self._host}:{self._port}"
        try:
            server = self._connect()
            try:
                self._sign_in(server, where)
                yield server
            finally:
                with contextlib.suppress(imaplib.IMAP4.error, OSError):
                    server.logout()
        except ssl.SSLCertVerificationError as error:
            raise Invalid(f"{where}: its certificate is not trusted: {error.verify_message}") from None
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise Transient(f"{where} cannot be read: {type(error).__name__}") from None
        except imaplib.IMAP4.error:
            raise Transient(f"{where} did not understand, or was not understood") from None

    def _connect(self) -> imaplib.IMAP4:
        context = self._context or ssl.create_default_context()
        if self._security == "tls":
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)
        server = imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        if self._security == "starttls":
            try:
                server.starttls(ssl_context=context)
            except BaseException:
                with contextlib.suppress(OSError):
                    server.shutdown()
                raise
        return server

    def _sign_in(self, server: imaplib.IMAP4, where: str) -> None:
        """By PLAIN (RFC 4616) where the server has it: passwords with any letters."""
        try:
            if "AUTH=PLAIN" in server.capabilities:
                secret = f"\0{self._user}\0{self._password}".encode()
                server.authenticate("PLAIN", lambda _: secret)
            else:
                server.login(self._user, self._password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError):
            raise AuthRevoked(f"{where} refuses the login; check user and password") from None


def _number(server: imaplib.IMAP4, name: str) -> int:
    """What the server told of the folder; 0 for nothing."""
    said = server.untagged_responses.get(name, [b""])[-1]
    found = re.search(rb"\d+", said) if isinstance(said, bytes) else None
    return int(found[0]) if found else 0


def _asked(server: imaplib.IMAP4, command: str, *words: str) -> list[Any]:
    """What a server answers. A server that says NO, since it has no room or too much to do, has not answered: what it did
    not show is no mail that is gone (RFC 3501 section 7.1.2). Raises `IMAP4.abort`, to be asked again later."""
    done, data = server.uid(command, *words)
    if done != "OK":
        raise imaplib.IMAP4.abort(f"{command}: {done}")
    return data


def _uids(server: imaplib.IMAP4, known: int | None, since: date) -> list[int]:
    """The numbers of what is new, rising. A range to ``*`` always has the last one, however old."""
    if known is None:
        day = f"{since.day:02d}-{_MONTHS[since.month - 1]}-{since.year}"
        data = _asked(server, "SEARCH", "SINCE", day)
    else:
        data = _asked(server, "SEARCH", "UID", f"{known + 1}:*")
    found = {int(n) for part in data if isinstance(part, bytes) for n in part.split() if n.isdigit()}
    return sorted(n for n in found if n > (known or 0))


def _small(server: imaplib.IMAP4, uids: Sequence[int]) -> set[int]:
    """Those that are not too large to be read."""
    if not uids:
        return set()
    data = _asked(server, "FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
    found = set()
    for line in _heads(data):
        uid, size = re.search(rb"UID (\d+)", line), re.search(rb"RFC822\.SIZE (\d+)", line)
        if uid is not None and size is not None and int(size[1]) <= LARGEST:
            found.add(int(uid[1]))
    return found


def _whole(server: imaplib.IMAP4, uid: int) -> bytes:
    """One mail, which stays unread; nothing where it is gone."""
    data = _asked(server, "FETCH", str(uid), "(BODY.PEEK[])")
    parts = [part[1] for part in data if isinstance(part, tuple) and b"BODY[" in part[0]]
    return bytes(parts[0]) if parts else b""


def _heads(data: Sequence[Any]) -> Iterator[bytes]:
    for part in data:
        if isinstance(part, tuple):
            yield part[0]
        elif isinstance(part, bytes):
            yield part


def _quoted(folder: str) -> str:
    text = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
