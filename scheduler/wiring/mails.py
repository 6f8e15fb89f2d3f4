"""How mail leaves: through a server where one is set, else into the outbox.

Told by `tests/scheduler/test_wiring.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from connectors.mail import LocalMessenger, Message, SmtpMessenger
from connectors.protocol import Messenger
from scheduler.config import Settings
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
