"""Mails lead to the page: drawn when noted, told in the mail alone, and the same however often it is sent."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from email import policy
from pathlib import Path

import pytest

from connectors.errors import Transient
from scheduler.domain.bookings import Write
from scheduler.domain.errors import BadInput, WrongState
from scheduler.domain.guests.links import CANDIDATE, Link, Purpose
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services import opening
from scheduler.services.links import inviting
from scheduler.services.systems import Vault
from scheduler.services.telling import reminders
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, look

BASE = "https://loops.testwerk.example"
ADDRESS = re.compile(re.escape(BASE) + r"(/(?:candidate|interviewer)/[A-Za-z0-9_-]{22})(?=\s)")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    return replace(made, app=replace(made.app, base_url=BASE))


def mails(kit: Kit) -> list[tuple[str, str, str]]:
    """To whom, about what, and the text of every mail in the outbox."""
    found = []
    for path in sorted((kit.folder.parent / "outbox").glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        found.append((str(mail["To"]), str(mail["Subject"]), body.get_content()))
    return found


def opened(kit: Kit, path: str, purposes: frozenset[Purpose]) -> Link | None:
    with kit.app.db.read() as tx:
        return opening.opened(kit.app, tx, path.rpartition("/")[2], purposes)


def invite(kit: Kit, loop: str) -> None:
    with kit.app.db.write() as tx:
        inviting.invite_in(kit.app, tx, loop, "person:rolf")
    kit.run()


def test_the_candidate_is_asked_to_choose_by_a_mail_of_a_person(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    invite(kit, loop.id)
    ((to, subject, text),) = mails(kit)
    assert "mara@example.org" in to and subject == "Choose your interview times with Testwerk"
    assert "Rolf Reck" in text and "rolf@testwerk.example" in text
    (path,) = ADDRESS.findall(text)
    link = opened(kit, path, CANDIDATE)
    assert link is not None and (link.purpose, link.loop) == (Purpose.CHOOSE, loop.id)
    with kit.app.db.read() as tx:
        kept = "".join(tx.connection.connection.iterdump())  # type: ignore[attr-defined]
    assert path.rpartition("/")[2] not in kept


def test_without_times_they_are_asked_for_them(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ())
    invite(kit, loop.id)
    ((_, subject, text),) = mails(kit)
    assert subject.startswith("When can you come?") and ADDRESS.findall(text)


def test_the_agenda_leads_to_the_page_and_invitations_do_not(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    told = mails(kit)
    with_page = [subject for _, subject, text in told if ADDRESS.findall(text)]
    assert with_page == ["Your interviews with Testwerk"]
    (path,) = ADDRESS.findall(next(t for _, s, t in told if s in with_page))
    link = opened(kit, path, CANDIDATE)
    assert link is not None and (link.purpose, link.loop) == (Purpose.FOLLOW, loop.id)


def test_reminders_lead_each_to_their_own_page(kit: Kit) -> None:
    loop = ask(kit, "short")
    with kit.app.db.write() as tx:
        claimed = tx.loops.claim(loop.id)
        assert claimed is not None
        reminders.remind_in(kit.app, tx, claimed, "person:rolf")
    kit.run()
    asked = [
        (to, ADDRESS.findall(text)) for to, subject, text in mails(kit) if subject.startswith("Can you come?")
    ]
    assert len(asked) > 1
    for to, (path,) in asked:
        link = opened(kit, path, frozenset({Purpose.ATTEND}))
        assert link is not None and f"{link.person}@testwerk.example" in to


def test_a_mail_that_is_tried_again_has_the_same_address(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, tried = ask(kit, "short", BookMode.PROPOSE), list[str]()
    real = kit.app.messenger.send

    def away(message: object) -> None:
        tried.append(str(getattr(message, "text", "")))
        if len(tried) == 1:
            raise Transient("no answer")
        real(message)  # type: ignore[arg-type]

    monkeypatch.setattr(type(kit.app.messenger), "send", lambda _, m: away(m))
    invite(kit, loop.id)
    kit.clock.forward(minutes=5)
    with kit.app.db.write() as tx:
        (row,) = [r for r in tx.ledger.of_loop(loop.id) if r.write is Write.MAIL]
        from scheduler.services import jobs

        jobs.mail_again(kit.app, tx, loop, row)
    kit.run()
    assert len(tried) == 2 and tried[0] == tried[1]
    with kit.app.db.read() as tx:
        assert len(opening.listed(tx, loop.id, "")) == 1


def test_with_another_key_the_mail_goes_without_its_link(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        inviting.invite_in(kit.app, tx, loop.id, "person:rolf")
    kit.app.systems.vault = Vault()
    kit.run()
    ((_, _, text),) = mails(kit)
    assert "--" not in text and "https://" not in text


def test_where_there_is_no_address_or_nothing_to_choose(kit: Kit, tmp_path: Path) -> None:
    loop = ask(kit, "short")
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    with kit.app.db.write() as tx, pytest.raises(WrongState):
        inviting.invite_in(kit.app, tx, loop.id, "person:rolf")
    bare = make(tmp_path / "bare")
    waiting = ask(bare, "short", BookMode.PROPOSE)
    with bare.app.db.write() as tx, pytest.raises(BadInput) as refused:
        inviting.invite_in(bare.app, tx, waiting.id, "person:rolf")
    assert refused.value.field == "LOOPWRIGHT_BASE_URL"
    booked = ask(make(tmp_path / "local"), "short")
    assert booked.state is LoopState.CONFIRMED
