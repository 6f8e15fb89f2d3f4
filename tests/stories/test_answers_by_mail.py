"""Candidates and interviewers answer invitations by mail: they come, they cannot, they propose another time."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connectors.incoming.mailbox import Batch, ImapMailbox, Mail
from connectors.mail import SmtpMessenger
from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import Loop, LoopState
from scheduler.services.booking import cancel
from scheduler.services.links.mailed import reading
from tests.connectors.dialects import DIALECTS, Said, exchange, google
from tests.connectors.servers import imap
from tests.connectors.servers.imap import PASSWORD, USER, ImapServer
from tests.nginx_server import free_port
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look
from tests.stories.test_mails import mails

ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)
LOG = "loopwright.mailbox"


@dataclass
class Heap:
    """A mailbox as a list; ``position`` is how many were read."""

    name: str = "imap:test"
    mails: list[bytes] = field(default_factory=list)

    def read(self, position: str | None, since: date) -> Batch:
        first = int(position or 0)
        some = [Mail(str(n + 1), self.mails[n]) for n in range(first, len(self.mails))]
        return Batch(some, str(len(self.mails)), False)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    made.app = replace(made.app, mailbox=Heap())
    return made


def comes(kit: Kit, *sent: EmailMessage | bytes) -> None:
    """Mails come in, and the round that reads them."""
    heap: Any = kit.app.mailbox
    heap.mails += [m if isinstance(m, bytes) else m.as_bytes() for m in sent]
    reading.look(kit.app)
    kit.run()


def invited(kit: Kit, title: str, outbox: Sequence[EmailMessage] = ()) -> str:
    """The last invitation to an interview that the candidate has."""
    found = ""
    for mail in outbox or mails(kit):
        for part in mail.walk():
            if part.get_content_type() == "text/calendar" and f": {title}," in mail["Subject"]:
                found = part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert found
    return found


def of_kind(kit: Kit, loop: Loop, what: str) -> list[Any]:
    with kit.app.db.read() as tx:
        return [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == what]


def answers(kit: Kit, loop: Loop) -> list[tuple[str, str]]:
    return [(f.actor, f.after) for f in of_kind(kit, loop, "answered_by_mail")]


def told(kit: Kit, subject: str) -> list[str]:
    body = [m.get_body(("plain",)) for m in mails(kit) if m["Subject"].startswith(subject)]
    return [" ".join(b.get_content().split()) for b in body if b is not None]


def reasons(kit: Kit, loop: Loop) -> list[str]:
    return [r.text for r in look(kit, loop.id).reasons]


@pytest.mark.parametrize("dialect", ["exchange", "apple"])
def test_who_says_no_is_told_to_a_person_and_who_comes_after_all_settles_it(kit: Kit, dialect: str) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    writes, asked = DIALECTS[dialect], invited(kit, "Panel")
    comes(kit, writes(asked, Said("DECLINED", comment="an exam")))
    assert answers(kit, loop) == [("candidate:mail", "declined")]
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    (text,) = reasons(kit, loop)
    assert text.startswith("Mara Lind cannot come to Panel") and "“an exam”" in text
    (mail,) = told(kit, "Cannot come: Mara Lind")
    assert mail.startswith("Dear Rolf Reck, Mara Lind cannot come to Panel, Wednesday, 11 March")
    comes(kit, writes(asked, Said("ACCEPTED", stamp=datetime(2026, 3, 9, 13, tzinfo=UTC))))
    assert look(kit, loop.id).state is LoopState.CONFIRMED and not reasons(kit, loop)


@pytest.mark.parametrize("dialect", ["old_exchange", "google"])
def test_another_time_is_told_with_what_would_come_of_it(kit: Kit, dialect: str) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    before, asked = booked(kit, loop.id), invited(kit, "Panel")
    free = datetime(2026, 3, 12, 14, tzinfo=UTC)  # a day that they had not offered
    comes(kit, DIALECTS[dialect](asked, Said("TENTATIVE", free, comment="rather so")))
    (text,) = reasons(kit, loop)
    assert "Mara Lind proposes Thursday 12 March 15:00–15:45 (Europe/Berlin) for Panel: it would" in text
    assert text in told(kit, "Another time?")[0] and "“rather so”" in text
    assert booked(kit, loop.id) == before, "nothing is moved by proposing"
    night = Said(
        "TENTATIVE", datetime(2026, 3, 12, 2, tzinfo=UTC), stamp=datetime(2026, 3, 9, 14, tzinfo=UTC)
    )
    comes(kit, DIALECTS[dialect](asked, night))
    (text,) = reasons(kit, loop)
    assert "03:00–03:45 (Europe/Berlin) for Panel: it would not hold: " in text, (
        "the newer one in place of it"
    )


def test_each_mail_counts_once_however_often_it_comes_and_in_whatever_order(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    asked = invited(kit, "Talk")
    yes = google(asked, Said("ACCEPTED", stamp=datetime(2026, 3, 9, 15, tzinfo=UTC)))
    no = google(asked, Said("DECLINED", stamp=datetime(2026, 3, 9, 14, tzinfo=UTC)))
    comes(kit, yes, yes, no, no)
    assert answers(kit, loop) == [("candidate:mail", "accepted")], "the later answer came first"
    with kit.app.db.write() as tx:  # the mailbox is made anew, and read from its beginning
        tx.cursors.put("imap:test", "0", kit.clock())
    caplog.clear()
    with caplog.at_level(logging.WARNING, LOG):
        comes(kit)
    assert answers(kit, loop) == [("candidate:mail", "accepted")]
    assert [r.getMessage().partition(": ")[2] for r in caplog.records if r.name == LOG] == [
        "it was taken over before",
        "it was taken over before",
        "there is a later answer",
        "there is a later answer",
    ]


def test_what_ends_between_the_act_and_the_position_cannot_be(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    asked = invited(kit, "Talk")
    heap: Any = kit.app.mailbox
    heap.mails += [google(asked, Said("DECLINED")).as_bytes()]

    class Ended(BaseException):
        pass

    def ends(*_: object) -> None:
        raise Ended

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading.taking, "_act", ends)
        with pytest.raises(Ended):
            reading.look(kit.app)
    with kit.app.db.read() as tx:
        assert tx.cursors.get("imap:test") is None
    comes(kit)
    assert answers(kit, loop) == [("candidate:mail", "declined")]


def test_hostile_mails_change_nothing_and_are_one_line_each(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    asked = invited(kit, "Talk")
    other = asked.replace("mara@example.org", "eve@example.org")
    good = exchange(asked, Said("DECLINED")).as_bytes()
    hostile: list[EmailMessage | bytes] = [
        exchange(asked, Said("DECLINED", sender="eve@example.org")),
        exchange(other, Said("DECLINED")),  # she knows the invitation, and is not invited
        exchange(asked, Said("DECLINED", sender="Mara Lind mara@example.org <eve@example.org>")),
        good.replace(b"From: mara@example.org", b"From: mara@example.org, eve@example.org"),
        google(asked.replace("UID:", "UID:x"), Said("DECLINED")),
        google(asked, Said("DECLINED")).as_bytes().replace(b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\nBEGIN:VEVENT"),
    ]
    with caplog.at_level(logging.INFO, LOG):
        comes(
            kit, *hostile, b"From: mara@example.org\r\nSubject: hello\r\n\r\nI cannot come\r\n", b"\x00" * 99
        )
    assert answers(kit, loop) == [] and look(kit, loop.id).state is LoopState.CONFIRMED
    lines = [r.getMessage() for r in caplog.records if r.name == LOG]
    assert len(lines) == len(hostile) and all("\n" not in line and "@" not in line for line in lines)


def test_an_answer_to_what_has_moved_or_is_off_counts_no_more(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    asked = invited(kit, "Talk")
    older = asked.replace(f"SEQUENCE:{asked.partition('SEQUENCE:')[2].split()[0]}", "SEQUENCE:-1")
    comes(kit, google(older, Said("DECLINED")))
    assert answers(kit, loop) == []
    cancel.cancel(kit.app, loop.id, "person:rolf", "the position is filled")
    kit.run()
    comes(kit, google(asked, Said("DECLINED")))
    assert answers(kit, loop) == [] and look(kit, loop.id).state is LoopState.CANCELLED


def test_an_answer_waits_for_a_loop_that_is_being_written_and_so_do_those_behind_it(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    asked = invited(kit, "Talk")
    with kit.app.db.write() as tx:
        now, states = kit.clock(), {LoopState.CONFIRMED}
        tx.loops.move(loop.id, LoopState.REPAIRING, expect=states, actor="test", cause="test", at=now)
    comes(kit, google(asked, Said("DECLINED")))
    assert answers(kit, loop) == []
    kit.clock.forward(hours=1)
    comes(kit)
    assert answers(kit, loop) == [("candidate:mail", "declined")], "not for ever"
    assert told(kit, "Cannot come")


def test_interviewers_answer_by_mail_too(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    panel = booked(kit, loop.id)["panel"]
    hana = invited(kit, "Panel").replace("mara@example.org", "hana@testwerk.example")
    uid = next(line for line in hana.splitlines() if line.startswith("UID:"))
    hana = hana.replace(uid, f"UID:{panel.event_id}@google.com")

    def seat() -> SeatState:
        return next(s.state for s in booked(kit, loop.id)["panel"].seats if s.person == "hana")

    comes(kit, google(hana, Said("TENTATIVE", panel.span.start + timedelta(hours=24), comment="a train")))
    assert seat() is SeatState.TENTATIVE
    assert any(t.startswith("Hana Maier proposes Thursday 12 March") for t in reasons(kit, loop))
    later = datetime(2026, 3, 9, 13, tzinfo=UTC)
    comes(kit, google(hana, Said("ACCEPTED", stamp=later)))
    assert seat() is SeatState.ACCEPTED
    ben = hana.replace("hana@testwerk.example", "nora@testwerk.example")  # who sits in none of it
    comes(kit, google(ben, Said("DECLINED", stamp=later)))
    assert answers(kit, loop) == [("person:hana", "tentative"), ("person:hana", "accepted")]


# --- with real servers ------------------------------------------------------------------------------


class Post:
    """What an SMTP server is given: the organizer's mail lies in a mailbox, everybody else's is kept here."""

    def __init__(self, mailbox: ImapServer) -> None:
        self.mailbox, self.kept = mailbox, list[bytes]()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos == ["interviews@testwerk.example"]:
            self.mailbox.deliver(envelope.content)
        else:
            self.kept.append(envelope.content)
        return "250 OK"


@contextmanager
def post(folder: Path) -> Iterator[tuple[Post, Controller, ImapServer]]:
    with imap.running(folder) as mailbox:
        handler = Post(mailbox)
        controller = Controller(handler, hostname="127.0.0.1", port=free_port())
        controller.start()
        try:
            yield handler, controller, mailbox
        finally:
            controller.stop()


def test_from_the_invitation_to_the_answer_through_real_mail_servers(tmp_path: Path) -> None:
    kit = make(tmp_path)
    with post(tmp_path) as (handler, smtp, mailbox):
        port = smtp.port
        kit.app = replace(
            kit.app,
            messenger=SmtpMessenger(
                "127.0.0.1",
                port,
                sender="interviews@testwerk.example",
                sent=tmp_path / "sent",
                security="none",
            ),
            mailbox=ImapMailbox("127.0.0.1", mailbox.port, user=USER, password=PASSWORD, security="none"),
        )
        loop = ask(kit, "short", windows=ONE_DAY)
        outbox = [_read(raw) for raw in handler.kept]
        asked = {title: invited(kit, title, outbox) for title in ("Talk", "Panel")}
        assert reading.look(kit.app) == 0
        to = datetime(2026, 3, 11, 15, tzinfo=UTC)
        with smtplib.SMTP("127.0.0.1", port) as candidate:
            candidate.send_message(DIALECTS["apple"](asked["Talk"], Said("ACCEPTED")))
            candidate.send_message(DIALECTS["exchange"](asked["Panel"], Said("TENTATIVE", to)))
        assert reading.look(kit.app) == 2 and reading.look(kit.app) == 0
        kit.run()
        assert answers(kit, loop) == [("candidate:mail", "accepted"), ("candidate:mail", "tentative")]
        assert mailbox.unread() == 2, "it is only read"
        told_now = [m for m in map(_read, handler.kept) if m["Subject"].startswith("Another time?")]
        assert [m["To"].addresses[0].addr_spec for m in told_now] == ["rolf@testwerk.example"]


def _read(raw: bytes) -> Any:
    import email.policy

    return email.message_from_bytes(raw, policy=policy.default)
