"""Mail to people outside the company's calendars: the message, its MIME form, and two ways to send it.

Invitations go out as an alternative to the text (what mail programs show with buttons) and as an
attachment (for those that do not).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from connectors.errors import AuthRevoked, ConnectorError, Forbidden, Invalid, Transient, Unreadable
from connectors.intents import ascii_domain, clean_line, clean_text, is_address
from connectors.sent import Attempts, SentMail

METHODS = ("REQUEST", "CANCEL")

SECURITY = ("starttls", "tls", "none")

_MOST_UNANSWERED = 2
"""How often a mail is handed over whose answer was lost: once more, in case it never arrived."""
_END_OF_TEXT = 120.0
"""Seconds for the answer to a whole mail, where servers look for viruses first. RFC 5321 section 4.5.3.2.6 says
ten minutes, for which no worker is held up; but an answer that is not waited for is a lost one."""


@dataclass(frozen=True, slots=True)
class Message:
    """``id`` is stable across retries; ``calendar`` is an iCalendar text with its METHOD, or empty."""

    id: str
    to: str
    to_name: str
    subject: str
    text: str
    calendar: str = ""
    method: str = "REQUEST"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _address(field: str, address: str, name: str) -> Address:
    """One mailbox. Raises `Invalid` for anything but a single address, lists and groups included."""
    text = address.strip()
    try:
        if not is_address(text):
            raise ValueError
        return Address(clean_line(name).replace('"', "'"), addr_spec=ascii_domain(text))
    except Invalid as error:
        raise Invalid(f"{field}: {error}") from None
    except (ValueError, MessageError, IndexError):
        raise Invalid(f"{field}: {clean_line(address)[:80]!r} is not one mail address") from None


def compose(
    message: Message, sender: str, sender_name: str, now: datetime, reply_to: str = ""
) -> EmailMessage:
    """The MIME form of a message; the same ``message.id`` always has the same Message-ID. Answers go to
    ``reply_to`` where that is another address than the sender's.

    Raises `Invalid` naming the field that cannot be sent.
    """
    if not message.id.strip():
        raise Invalid("id: a message needs one, so that a retry is not a second mail")
    origin = _address("sender", sender, sender_name)
    to = _address("to", message.to, message.to_name)
    subject = clean_line(message.subject)
    if not subject:
        raise Invalid("subject: a message needs one")
    answers = _address("reply_to", reply_to, sender_name) if reply_to else origin
    mail = EmailMessage(policy=SMTP)
    mail["From"] = origin
    if answers.addr_spec.casefold() != origin.addr_spec.casefold():
        mail["Reply-To"] = answers
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = f"<{_digest(message.id)[:32]}@{origin.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(clean_text(message.text), cte="quoted-printable")
    if message.calendar:
        _attach(mail, message)
    return mail


def _attach(mail: EmailMessage, message: Message) -> None:
    if message.method not in METHODS or f"METHOD:{message.method}\r\n" not in message.calendar:
        raise Invalid(f"method: it must be one of {', '.join(METHODS)} and the one in the calendar text")
    mail.add_alternative(
        message.calendar, subtype="calendar", cte="base64", params={"method": message.method}
    )
    mail.add_attachment(
        message.calendar.encode(), maintype="application", subtype="ics", filename="invite.ics"
    )


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()


class LocalMessenger:
    """Writes every message as an ``.eml`` file that mail programs open: nothing leaves the machine."""

    def __init__(
        self,
        outbox: Path,
        *,
        sender: str,
        sender_name: str = "",
        reply_to: str = "",
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """The folder is made with the first message, for this user only. Raises `Invalid` for a senseless
        sender."""
        _address("sender", sender, sender_name)
        self._outbox = outbox
        self._sender, self._sender_name, self._reply_to = sender, sender_name, reply_to
        self._clock = clock

    def path(self, id_: str) -> Path:
        """The file of a message: readable, and different for different ids."""
        words = re.sub(r"[^a-z0-9]+", "-", id_.casefold()).strip("-")[:60]
        return self._outbox / f"{words or 'message'}-{_digest(id_)[:12]}.eml"

    def send(self, message: Message) -> None:
        """One file per ``message.id``, whoever sends it how often: the first stays.

        Raises `Invalid`, `Transient` (disk full …), `Forbidden` (no permission).
        """
        mail = compose(message, self._sender, self._sender_name, self._clock(), self._reply_to)
        path = self.path(message.id)
        temporary = self._outbox / f".{secrets.token_hex(8)}.tmp"
        try:
            self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(mail.as_bytes())
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(temporary)
            finally:
                temporary.unlink(missing_ok=True)
        except PermissionError as error:
            raise Forbidden(f"outbox: {path} cannot be written: {error.strerror}") from None
        except OSError as error:
            raise Transient(f"outbox: {path} cannot be written: {error.strerror or error}") from None


def archive(outbox: Path, before: datetime) -> int:
    """Move the mails of an outbox that were written before an instant into its sub-folder ``archive``, one folder for
    each month (UTC); how many. Raises `Forbidden`, `Transient`."""
    count = 0
    try:
        for path in sorted(outbox.glob("*.eml")) if outbox.is_dir() else ():
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if written < before:
                month = outbox / "archive" / f"{written:%Y-%m}"
                month.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.replace(month / path.name)
                count += 1
    except PermissionError as error:
        raise Forbidden(f"outbox: {error.filename} cannot be moved: {error.strerror}") from None
    except OSError as error:
        raise Transient(f"outbox: {error.filename} cannot be moved: {error.strerror or error}") from None
    return count


def forget_old(outbox: Path, before: datetime) -> int:
    """Remove the mails of an outbox, archived or not, that were written before an instant; how many. Raises `Forbidden`,
    `Transient`."""
    return _removed(outbox, lambda path: datetime.fromtimestamp(path.stat().st_mtime, UTC) < before)


def forget(outbox: Path, mentions: Callable[[str], bool]) -> int:
    """Remove every mail of an outbox, archived or half written, whose head or text ``mentions`` somebody; how many.
    Raises `Forbidden`, `Transient`."""
    return _removed(outbox, lambda path: mentions(_all_of(path)))


def _removed(outbox: Path, which: Callable[[Path], bool]) -> int:
    count = 0
    try:
        for path in sorted(outbox.rglob("*")) if outbox.is_dir() else ():
            if path.suffix in (".eml", ".tmp") and path.is_file() and which(path):
                path.unlink()
                count += 1
    except PermissionError as error:
        raise Forbidden(f"outbox: {error.filename} cannot be removed: {error.strerror}") from None
    except OSError as error:
        raise Transient(f"outbox: {error.filename} cannot be removed: {error.strerror or error}") from None
    return count


def _all_of(path: Path) -> str:
    """What a mail says in every part of it, lines of calendar texts unfolded (RFC 5545 section 3.1)."""
    mail = message_from_bytes(path.read_bytes(), policy=SMTP)
    told = [path.name, *(f"{name}: {value}" for name, value in mail.items())]
    for part in mail.walk():
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            told.append(re.sub(r"\r?\n[ \t]", "", data.decode("utf-8", "replace")))
    return "\n".join(told)


class SmtpMessenger:
    """Hands messages to one mail server, one connection per message, each once.

    SMTP cannot tell a repeated message: what was taken is remembered here, and the stable Message-ID lets
    the receiving side tell where an answer was lost.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        *,
        sender: str,
        sent: Path,
        sender_name: str = "",
        reply_to: str = "",
        user: str = "",
        password: str = "",
        security: str = "starttls",
        timeout: float = 20.0,
        clock: Callable[[], datetime] = _utc_now,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """``security`` is ``starttls`` (587), ``tls`` (465) or ``none`` (a relay on this machine, without
        a login); certificates are always checked. ``timeout`` is in seconds per network step (the
        answer to a whole mail may take longer). ``sent`` is the
        folder in which it is remembered what was handed over.

        Raises `Invalid` naming the setting.
        """
        if not host.strip() or not 0 < port < 65_536:
            raise Invalid("host and port: name the mail server and a port from 1 to 65535")
        if security not in SECURITY:
            raise Invalid(f"security: it must be one of {', '.join(SECURITY)}")
        if user and security == "none":
            raise Invalid("security: a password is not sent without TLS; use starttls or tls")
        _address("sender", sender, sender_name)
        self._host, self._port = host.strip(), port
        self._sender, self._sender_name, self._reply_to = sender, sender_name, reply_to
        self._sent = SentMail(sent, timeout)
        self._user, self._password = user, password
        self._security, self._timeout = security, timeout
        self._clock = clock
        self._context = context

    def send(self, message: Message) -> None:
        """Raises `Transient` (not reachable, refused for now: the same call later), `AuthRevoked` (the
        login is refused), `Invalid` (refused for good, or not sendable at all), `Unreadable` (handed over
        twice without an answer: not a third time)."""
        mail = compose(message, self._sender, self._sender_name, self._clock(), self._reply_to)
        with self._sent.message(_digest(message.id)[:32]) as attempts:
            if attempts.taken:
                return
            if attempts.unanswered >= _MOST_UNANSWERED:
                raise Unreadable(
                    f"mail server {self._host}:{self._port} was given this mail {_MOST_UNANSWERED} times and "
                    f"did not say whether it took it; ask {clean_line(message.to)} whether it came"
                )
            try:
                self._deliver(mail, attempts)
            except (smtplib.SMTPException, OSError) as error:
                raise self._failure(error) from None

    def _deliver(self, mail: EmailMessage, attempts: Attempts) -> None:
        connection = self._connect()
        try:
            if self._user:
                connection.login(self._user, self._password)
            _hand_over(connection, mail, attempts)
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()  # an answer lost here must not send the mail again
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        context = self._context or ssl.create_default_context()
        if self._security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        if self._security == "starttls":
            try:
                connection.starttls(context=context)
            except BaseException:
                connection.close()
                raise
        return connection

    def _failure(self, error: Exception) -> ConnectorError:
        """What to do about it; the server's own words are kept short and the password is not in them."""
        server = f"mail server {self._host}:{self._port}"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, said = next(iter(error.recipients.values()))
            return _by_code(f"{server} refuses the recipient", code, said)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            text = f"{server} refuses the login ({error.smtp_code}); check user and password"
            return Transient(text) if 400 <= error.smtp_code < 500 else AuthRevoked(text)
        if isinstance(error, smtplib.SMTPResponseException):
            return _by_code(f"{server} refuses the message", error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Invalid(f"{server} cannot do what is needed: {clean_line(str(error))[:200]}")
        if isinstance(error, ssl.SSLCertVerificationError):
            return Invalid(f"{server}: its certificate is not trusted: {error.verify_message}")
        return Transient(
            f"{server} cannot be reached: {clean_line(str(error))[:200] or type(error).__name__}"
        )


def _hand_over(connection: smtplib.SMTP, mail: EmailMessage, attempts: Attempts) -> None:
    """One mail to one recipient. Step by step, because from the end of the text until the server's answer,
    and only then, nobody knows whether it has been delivered."""
    connection.ehlo_or_helo_if_needed()
    sender, to = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
    text = mail.as_bytes()
    options = [f"size={len(text)}"] if connection.has_extn("size") else []
    code, said = connection.mail(sender, options)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, said, sender)
    code, said = connection.rcpt(to)
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({to: (code, said)})
    code, said = connection.docmd("DATA")
    if code != 354:
        raise smtplib.SMTPDataError(code, said)
    attempts.handed()
    try:
        # a line of a single dot ends the text (RFC 5321 section 4.5.2)
        connection.send(
            re.sub(rb"(?m)^\.", b"..", text) + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")
        )
    except (smtplib.SMTPException, OSError):
        attempts.answered(taken=False)  # its end was never sent
        raise
    code, said = _patiently(connection)
    attempts.answered(taken=code == 250)
    if code != 250:
        raise smtplib.SMTPDataError(code, said)


def _patiently(connection: smtplib.SMTP) -> tuple[int, bytes]:
    """The answer to a whole mail."""
    sock, usual = connection.sock, connection.timeout
    if sock is None:
        raise smtplib.SMTPServerDisconnected("the connection was closed")
    sock.settimeout(max(_END_OF_TEXT, usual))
    try:
        return connection.getreply()
    finally:
        sock.settimeout(usual)


def _by_code(what: str, code: int, said: bytes | str) -> ConnectorError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    line = f"{what}: {code} {clean_line(text)[:200]}"
    return Invalid(line) if 500 <= code < 600 else Transient(line)
