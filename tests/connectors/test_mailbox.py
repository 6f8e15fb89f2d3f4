"""A mailbox read by IMAP from a real server: in order, once, nothing changed in it."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import AuthRevoked, Invalid, Transient
from connectors.incoming.mailbox import LARGEST, ImapMailbox
from tests.connectors.servers import imap
from tests.connectors.servers.imap import PASSWORD, USER, ImapServer
from tests.connectors.servers.smtp import self_signed

LONG_AGO = date(2020, 1, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imap")


@pytest.fixture(scope="module")
def trusting(folder: Path) -> ssl.SSLContext:
    return self_signed(folder)[1]


@pytest.fixture(scope="module")
def server(folder: Path, trusting: ssl.SSLContext) -> Iterator[ImapServer]:
    pem = str(folder / "server.pem")
    with imap.running(folder, "--cert", pem, "--key", pem) as found:
        yield found


def mailbox(server: ImapServer, context: ssl.SSLContext, **more: str) -> ImapMailbox:
    settings = {"user": USER, "password": PASSWORD, "security": "starttls"} | more
    return ImapMailbox("127.0.0.1", server.port, timeout=10.0, context=context, **settings)  # type: ignore[arg-type]


def test_mails_come_in_order_once_and_stay_as_they_are(server: ImapServer, trusting: ssl.SSLContext) -> None:
    box = mailbox(server, trusting)
    first = box.read(None, LONG_AGO)
    assert first.mails == [] and first.end and not first.more
    sent = [f"Subject: {n}\r\n\r\nhello {n}\r\n".encode() for n in range(23)]
    sent[2] = b"Subject: large\r\n\r\n" + b"x" * LARGEST
    server.deliver(*sent)
    one = box.read(first.end, LONG_AGO)
    assert len(one.mails) == 20 and one.more
    two = box.read(one.end, LONG_AGO)
    assert len(two.mails) == 3 and not two.more
    found = [m.raw for m in (*one.mails, *two.mails)]
    assert found == [*sent[:2], b"", *sent[3:]], "what is too large is not read"
    assert box.read(two.end, LONG_AGO).mails == [] and box.read(two.end, LONG_AGO).end == two.end
    assert server.unread() == 23


def test_a_folder_that_is_another_one_is_read_since_a_day(
    server: ImapServer, trusting: ssl.SSLContext
) -> None:
    box = mailbox(server, trusting)
    server.deliver(b"Subject: new\r\n\r\n")
    today = datetime.now(UTC).date()
    again = box.read("1:999999", today)
    assert again.mails and not again.end.startswith("1:")
    assert box.read("nonsense", today).mails == again.mails
    assert box.read(None, date(2090, 1, 1)).mails == []


@pytest.mark.parametrize("command", ["SEARCH", "RFC822.SIZE", "BODY.PEEK"])
def test_a_server_that_is_too_busy_to_answer_is_asked_again(
    server: ImapServer, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """What it does not show is no mail that is gone: the position stays where it is."""
    box = mailbox(server, trusting)
    start = box.read(None, LONG_AGO)
    server.deliver(b"Subject: busy\r\n\r\nhello\r\n")
    real = imaplib.IMAP4.uid

    def busy(self: imaplib.IMAP4, *words: str) -> Any:
        refused = any(command in word for word in words)
        return ("NO", [b"[INUSE] later"]) if refused else real(self, *words)

    monkeypatch.setattr(imaplib.IMAP4, "uid", busy)
    with pytest.raises(Transient):
        box.read(start.end, LONG_AGO)


def test_what_is_wrong_is_said_in_one_line_without_the_password(
    server: ImapServer, trusting: ssl.SSLContext
) -> None:
    with pytest.raises(AuthRevoked, match="refuses the login") as caught:
        mailbox(server, trusting, password="sesame").read(None, LONG_AGO)
    assert "sesame" not in str(caught.value)
    with pytest.raises(Invalid, match="no folder 'Nowhere'"):
        mailbox(server, trusting, folder="Nowhere").read(None, LONG_AGO)
    with pytest.raises(Invalid, match="certificate is not trusted"):
        mailbox(server, ssl.create_default_context()).read(None, LONG_AGO)
    with pytest.raises(Transient):
        mailbox(server, trusting, security="tls").read(None, LONG_AGO)
    with pytest.raises(Transient):
        ImapMailbox("127.0.0.1", 1, user=USER, password=PASSWORD, security="none").read(None, LONG_AGO)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"host": ""}, "host and port"),
        ({"user": ""}, "user and password"),
        ({"security": "ssl"}, "security"),
        ({"security": "none"}, "without TLS"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str], fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        ImapMailbox(**({"host": "mail.example", "user": "u", "password": "p"} | settings))  # type: ignore[arg-type]
