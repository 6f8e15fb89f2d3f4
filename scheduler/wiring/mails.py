"""How mail leaves: through a server where one is set, else into the outbox; and where answers are read.

Told by `tests/scheduler/test_wiring.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from connectors.errors import Invalid
from connectors.incoming.mailbox import ImapMailbox
from connectors.mail import LocalMessenger, Message, SmtpMessenger
from connectors.protocol import Messenger
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.storage.database import Database


@dataclass
class Outgoing:
    """Mail to candidates: through a server where one is set, else as files in the outbox.

    The sender is the setting's, or the organizer's address once a company is loaded; answers go to the
    organizer.
    """

    settings: Settings
    db: Database
    _made: dict[tuple[str, str, str], Messenger] = field(default_factory=dict, repr=False)

    def send(self, message: Message) -> None:
        whose = self._sender()
        if whose not in self._made:
            self._made[whose] = _messenger(self.settings, *whose)
        self._made[whose].send(message)

    def _sender(self) -> tuple[str, str, str]:
        """Whose mail it is, by what name, and who gets the answers."""
        with self.db.read() as tx:
            organizer = tx.company.organizer().address
            return self.settings.mail_from or organizer, tx.company.name(), organizer


def _messenger(settings: Settings, sender: str, name: str, reply_to: str) -> Messenger:
    if not settings.smtp:
        return LocalMessenger(settings.outbox, sender=sender, sender_name=name, reply_to=reply_to)
    server = urlsplit(settings.smtp)
    return SmtpMessenger(
        server.hostname or "",
        server.port or 587,
        sender=sender,
        sent=settings.sent,
        sender_name=name,
        reply_to=reply_to,
        user=unquote(server.username or ""),
        password=unquote(server.password or ""),
        security={"smtps": "tls", "smtp+none": "none"}.get(server.scheme, "starttls"),
    )


def mailbox(settings: Settings) -> ImapMailbox | None:
    """The mailbox that the setting names. Raises `BadInput` for one that cannot be."""
    if not settings.imap:
        return None
    try:
        server = urlsplit(settings.imap)
        tls = server.scheme == "imaps"
        return ImapMailbox(
            server.hostname or "",
            server.port or (993 if tls else 143),
            user=unquote(server.username or ""),
            password=unquote(server.password or ""),
            folder=unquote(server.path.strip("/")),
            security="tls" if tls else "none" if server.scheme == "imap+none" else "starttls",
        )
    except ValueError:
        raise BadInput(
            "LOOPWRIGHT_IMAP", "is not an address", "write imaps://user:password@host:993/INBOX"
        ) from None
    except Invalid as error:
        fault, _, fix = str(error).partition("; ")
        raise BadInput(
            "LOOPWRIGHT_IMAP", fault, fix or "write imaps://user:password@host:993/INBOX"
        ) from None
