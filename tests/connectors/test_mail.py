"""Mail: what is composed, the outbox folder, and a real conversation with a mail server."""

from __future__ import annotations

import email
import email.policy
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors.errors import AuthRevoked, Invalid, Transient, Unreadable
from connectors.ics import Invitation, request
from connectors.mail import LocalMessenger, Message, SmtpMessenger, compose
from connectors.sent import Attempts
from tests.connectors.servers.smtp import SmtpServer, self_signed

NOW = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
SENDER = "talent@acme.example"
INVITE = request(
    Invitation(
        uid="u1@loopwright",
        title="Interview at Acme",
        start=datetime(2026, 10, 21, 8, 0, tzinfo=UTC),
        end=datetime(2026, 10, 21, 9, 0, tzinfo=UTC),
        organizer=SENDER,
        attendee="jo@home.example",
    ),
    NOW,
)
MESSAGE = Message(
    "loop-1/invite/0", "jo@home.example", "Jo Doe", "Your interview", "Hello Jo,\nsee you.", INVITE
)


def read(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


class TestCompose:
    def test_text_invitation_and_attachment(self) -> None:
        mail = read(compose(MESSAGE, SENDER, "Acme Talent", NOW).as_bytes())
        assert (mail["To"], mail["From"]) == ("Jo Doe <jo@home.example>", "Acme Talent <talent@acme.example>")
        assert mail["Subject"] == "Your interview"
        assert mail["Date"].datetime == NOW
        plain = mail.get_body(("plain",))
        assert plain is not None
        assert plain.get_content().splitlines() == ["Hello Jo,", "see you."]
        calendar = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        assert [part.get_param("method") for part in calendar] == ["REQUEST"]
        assert calendar[0].get_content().replace("\r\n", "\n") == INVITE.replace("\r\n", "\n")
        attached = list(mail.iter_attachments())
        assert [part.get_filename() for part in attached] == ["invite.ics"]
        assert attached[0].get_content() == INVITE.encode()

    def test_the_same_id_is_the_same_message_id(self) -> None:
        one, two = (compose(m, SENDER, "", NOW) for m in (MESSAGE, replace(MESSAGE, text="other")))
        assert one["Message-ID"] == two["Message-ID"]
        assert (
            compose(replace(MESSAGE, id="loop-1/invite/1"), SENDER, "", NOW)["Message-ID"]
            != one["Message-ID"]
        )
        assert str(one["Message-ID"]).endswith("@acme.example>")

    def test_no_header_can_be_smuggled_in(self) -> None:
        evil = replace(
            MESSAGE,
            to_name='Jo"\r\nBcc: evil@evil.example',
            subject="Hi\r\nBcc: evil@evil.example\u2028X-Evil: 1\x1c",
            text="a\x00b\x07\r\n.\r\nc",
        )
        raw = compose(evil, SENDER, "Acme\r\nBcc: x@y.example", NOW).as_bytes()
        mail = read(raw)
        assert set(mail.keys()) == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        }  # fmt: skip
        assert [a.addr_spec for a in mail["To"].addresses] == ["jo@home.example"]
        assert "\x00" not in raw.decode()

    @pytest.mark.parametrize(
        "to",
        [
            "", "nobody", "a@b@c.example", "a@b.example, c@d.example", "group: a@b.example;", "<a@b.example>",
            "a@b.example\r\nBcc: c@d.example", "a b@c.example", "jö@b.example", "@b.example", "a@", "a..b@c.example",
        ],
    )  # fmt: skip
    def test_exactly_one_address(self, to: str) -> None:
        with pytest.raises(Invalid, match=r"^to: "):
            compose(replace(MESSAGE, to=to), SENDER, "", NOW)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"id": " "}, "id"),
            ({"subject": "\r\n"}, "subject"),
            ({"method": "PUBLISH"}, "method"),
            ({"method": "CANCEL"}, "method"),
        ],
    )
    def test_what_cannot_be_sent_is_named(self, change: dict[str, str], field: str) -> None:
        with pytest.raises(Invalid, match=f"^{field}: "):
            compose(replace(MESSAGE, **change), SENDER, "", NOW)  # type: ignore[arg-type]

    def test_names_beyond_ascii(self) -> None:
        message = replace(MESSAGE, to_name="Jürgen Müller-Łukasz 面接官", subject="Gespräch 🎤 " * 20)
        mail = read(compose(message, SENDER, "Çelik, Ada", NOW).as_bytes())
        assert mail["To"].addresses[0].display_name == "Jürgen Müller-Łukasz 面接官"
        assert mail["From"].addresses[0].display_name == "Çelik, Ada"
        assert mail["Subject"].strip() == ("Gespräch 🎤 " * 20).strip()

    def test_answers_go_to_the_organizer(self) -> None:
        other = read(compose(MESSAGE, SENDER, "Acme", NOW, "interviews@acme.example").as_bytes())
        assert other["Reply-To"] == "Acme <interviews@acme.example>"
        assert read(compose(MESSAGE, SENDER, "Acme", NOW, SENDER.upper()).as_bytes())["Reply-To"] is None
        with pytest.raises(Invalid, match=r"^reply_to: "):
            compose(MESSAGE, SENDER, "Acme", NOW, "nobody")

    @pytest.mark.parametrize(
        ("domain", "sent"),
        [
            ("müller.example", "xn--mller-kva.example"),
            ("MÜLLER.example", "xn--mller-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),  # not strasse.example, as once was the rule
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("Acme.example", "Acme.example"),
        ],
    )
    def test_international_domains_are_sent_in_ascii(self, domain: str, sent: str) -> None:
        mail = compose(replace(MESSAGE, to=f"jo@{domain}"), f"talent@{domain}", "", NOW)
        assert mail.as_bytes().isascii()
        there = read(mail.as_bytes())
        assert there["To"].addresses[0].addr_spec == f"jo@{sent}"
        assert there["From"].addresses[0].addr_spec == f"talent@{sent}"
        assert there["Message-ID"].endswith(f"@{sent}>")

    @pytest.mark.parametrize("domain", ["a b.example", "\u2028.example", "-ü-.example", "ü..example"])
    def test_a_domain_that_cannot_be(self, domain: str) -> None:
        with pytest.raises(Invalid, match=r"^to: "):
            compose(replace(MESSAGE, to=f"jo@{domain}"), SENDER, "", NOW)


class TestLocalMessenger:
    @pytest.fixture
    def messenger(self, tmp_path: Path) -> LocalMessenger:
        return LocalMessenger(tmp_path / "out" / "box", sender=SENDER, clock=lambda: NOW)

    def test_one_file_a_message_that_a_mail_program_opens(
        self, messenger: LocalMessenger, tmp_path: Path
    ) -> None:
        messenger.send(MESSAGE)
        files = list((tmp_path / "out" / "box").iterdir())
        assert files == [messenger.path(MESSAGE.id)]
        assert files[0].suffix == ".eml"
        assert read(files[0].read_bytes())["To"] == "Jo Doe <jo@home.example>"

    def test_twice_is_once_and_the_first_stays(self, messenger: LocalMessenger) -> None:
        messenger.send(MESSAGE)
        before = messenger.path(MESSAGE.id).read_bytes()
        messenger.send(replace(MESSAGE, text="again"))
        assert messenger.path(MESSAGE.id).read_bytes() == before

    def test_many_at_once_are_one(self, messenger: LocalMessenger, tmp_path: Path) -> None:
        threads = [threading.Thread(target=messenger.send, args=(MESSAGE,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(list((tmp_path / "out" / "box").iterdir())) == 1

    def test_ids_that_look_alike_are_different_files(self, messenger: LocalMessenger) -> None:
        ids = ["a/b", "a-b", "A/B", "../../etc/passwd", "面接", "", "x" * 5000]
        paths = {messenger.path(id_) for id_ in ids}
        assert len(paths) == len(ids)
        assert {path.parent for path in paths} == {messenger.path("a").parent}
        assert all(len(path.name) < 100 for path in paths)

    def test_an_outbox_that_cannot_be_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        messenger = LocalMessenger(tmp_path / "file" / "box", sender=SENDER)
        with pytest.raises(Transient, match="outbox"):
            messenger.send(MESSAGE)

    def test_the_outbox_is_for_this_user_only(self, messenger: LocalMessenger) -> None:
        messenger.send(MESSAGE)
        file = messenger.path(MESSAGE.id)
        assert [stat.S_IMODE(p.stat().st_mode) for p in (file.parent, file)] == [0o700, 0o600]

    def test_a_sender_must_be_an_address(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="sender"):
            LocalMessenger(tmp_path, sender="Acme")


class TestSmtpMessenger:
    @pytest.fixture
    def server(self) -> Iterator[SmtpServer]:
        server = SmtpServer()
        yield server
        server.stop()

    @pytest.fixture(autouse=True)
    def _memory(self, tmp_path: Path) -> None:
        self.sent = tmp_path / "data" / "sent"

    def plain(self, server: SmtpServer, sender: str = SENDER) -> SmtpMessenger:
        return SmtpMessenger(
            "127.0.0.1",
            server.port,
            sender=sender,
            sent=self.sent,
            security="none",
            timeout=5,
            clock=lambda: NOW,
        )

    def test_a_message_arrives_whole(self, server: SmtpServer) -> None:
        self.plain(server).send(MESSAGE)
        assert [read(raw)["Subject"] for raw in server.mails] == ["Your interview"]
        assert "MAIL FROM:<talent@acme.example>" in " ".join(server.commands).replace(
            "mail FROM", "MAIL FROM"
        )
        assert [c for c in server.commands if c.casefold().startswith("rcpt")] == [
            "rcpt TO:<jo@home.example>"
        ]

    @pytest.mark.parametrize(
        ("verb", "answer", "error"),
        [
            ("RCPT", "550 no such user", Invalid),
            ("RCPT", "450 mailbox busy", Transient),
            ("MAIL", "553 sender not allowed", Invalid),
            ("MAIL", "451 try later", Transient),
            ("DATA", "554 no", Invalid),
            ("END", "452 disk full", Transient),
            ("END", "552 too big", Invalid),
        ],
    )
    def test_refusals_are_named_by_what_to_do(
        self, server: SmtpServer, verb: str, answer: str, error: type[Exception]
    ) -> None:
        server.answers[verb] = answer
        with pytest.raises(error) as caught:
            self.plain(server).send(MESSAGE)
        assert answer[:3] in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_nobody_there(self, server: SmtpServer) -> None:
        port = server.port
        server.stop()
        messenger = SmtpMessenger(
            "127.0.0.1", port, sender=SENDER, sent=self.sent, security="none", timeout=2
        )
        with pytest.raises(Transient, match=f"127.0.0.1:{port}"):
            messenger.send(MESSAGE)

    def test_a_server_that_hangs_up(self, server: SmtpServer) -> None:
        server.silent = True
        with pytest.raises(Transient):
            self.plain(server).send(MESSAGE)

    def test_a_lost_goodbye_is_no_failure(self, server: SmtpServer) -> None:
        server.rude = True
        self.plain(server).send(MESSAGE)
        assert len(server.mails) == 1

    def test_twice_is_once_in_every_process(self, server: SmtpServer) -> None:
        """Two jobs carry out the same cancellation: one mail."""
        self.plain(server).send(MESSAGE)
        self.plain(server).send(MESSAGE)
        threads = [
            threading.Thread(target=self.plain(server).send, args=(replace(MESSAGE, id="loop-1/cancel/1"),))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(server.mails) == 2

    def test_a_mail_whose_answer_was_lost_is_not_sent_a_third_time(self, server: SmtpServer) -> None:
        server.mute = True
        for _ in range(2):
            with pytest.raises(Transient):
                self.plain(server).send(MESSAGE)
        server.mute = False
        with pytest.raises(Unreadable, match=r"2 times.*jo@home\.example"):
            self.plain(server).send(MESSAGE)
        assert len(server.mails) == 2

    def test_a_server_may_think_about_a_whole_mail(self, server: SmtpServer) -> None:
        server.thinks = 1.2
        messenger = SmtpMessenger(
            "127.0.0.1", server.port, sender=SENDER, sent=self.sent, security="none", timeout=1
        )
        messenger.send(MESSAGE)
        messenger.send(MESSAGE)
        assert len(server.mails) == 1

    def test_one_lost_answer_is_tried_again(self, server: SmtpServer) -> None:
        server.mute = True
        with pytest.raises(Transient):
            self.plain(server).send(MESSAGE)
        server.mute = False
        self.plain(server).send(MESSAGE)
        self.plain(server).send(MESSAGE)
        assert len(server.mails) == 2

    @pytest.mark.parametrize("verb", ["MAIL", "DATA", "END"])
    def test_what_was_refused_may_be_tried_for_ever(self, server: SmtpServer, verb: str) -> None:
        server.answers[verb] = "451 try later"
        for _ in range(5):
            with pytest.raises(Transient):
                self.plain(server).send(MESSAGE)
        taken = len(server.mails)
        del server.answers[verb]
        self.plain(server).send(MESSAGE)
        assert len(server.mails) == taken + 1

    def test_a_process_that_is_killed_while_it_sends_has_sent(
        self, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            pass

        def killed(*_: object, **__: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(Attempts, "answered", killed)
            for _ in range(2):
                with pytest.raises(Killed):
                    self.plain(server).send(MESSAGE)
        with pytest.raises(Unreadable):
            self.plain(server).send(MESSAGE)
        assert len(server.mails) == 2

    def test_what_is_remembered_is_for_this_user_only(self, server: SmtpServer) -> None:
        self.plain(server).send(MESSAGE)
        (file,) = self.sent.iterdir()
        assert [stat.S_IMODE(p.stat().st_mode) for p in (self.sent, file)] == [0o700, 0o600]

    def test_a_memory_that_cannot_be_is_said(self, server: SmtpServer) -> None:
        self.sent.parent.write_text("in the way")
        with pytest.raises(Transient, match="sent"):
            self.plain(server).send(MESSAGE)
        assert server.mails == []

    def test_dots_and_long_lines_arrive_as_they_were(self, server: SmtpServer) -> None:
        text = ".\n..\n.hidden\n" + "x" * 3000
        self.plain(server).send(replace(MESSAGE, text=text, calendar=""))
        assert read(server.mails[0]).get_content().splitlines() == text.splitlines()

    def test_starttls_is_not_given_up_silently(self, server: SmtpServer) -> None:
        messenger = SmtpMessenger("127.0.0.1", server.port, sender=SENDER, sent=self.sent, timeout=5)
        with pytest.raises(Invalid, match="STARTTLS"):
            messenger.send(MESSAGE)
        assert server.mails == []

    def test_the_certificate_is_checked_and_the_login_is_named(self, tmp_path: Path) -> None:
        context, trusting = self_signed(tmp_path)
        server = SmtpServer(context)
        try:

            def messenger(trusted: bool) -> SmtpMessenger:
                return SmtpMessenger(
                    "127.0.0.1", server.port, sender=SENDER, sent=self.sent, user="talent", password="geheim-4711",
                    security="tls", timeout=5, context=trusting if trusted else None,
                )  # fmt: skip

            with pytest.raises(Invalid, match="certificate"):
                messenger(trusted=False).send(MESSAGE)
            messenger(trusted=True).send(MESSAGE)
            assert len(server.mails) == 1
            server.answers["AUTH"] = "535 wrong geheim-4711"
            with pytest.raises(AuthRevoked) as caught:
                messenger(trusted=True).send(replace(MESSAGE, id="loop-1/invite/1"))
            assert "geheim" not in str(caught.value)
        finally:
            server.stop()

    @pytest.mark.parametrize(
        ("settings", "field"),
        [
            ({"host": ""}, "host"),
            ({"port": 0}, "port"),
            ({"security": "ssl"}, "security"),
            ({"security": "none", "user": "talent"}, "security"),
            ({"sender": "Acme <a@b.example>"}, "sender"),
        ],
    )
    def test_settings_are_checked_at_start(self, settings: dict[str, object], field: str) -> None:
        given: dict[str, object] = {"host": "127.0.0.1", "sender": SENDER, "sent": self.sent, **settings}
        with pytest.raises(Invalid, match=field):
            SmtpMessenger(**given)  # type: ignore[arg-type]
