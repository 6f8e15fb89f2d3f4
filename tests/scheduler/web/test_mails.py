"""The mails of a loop on its page: which were sent, which could not be, and both sent again."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import pytest

from connectors.errors import Forbidden
from connectors.mail import Message
from scheduler.domain.errors import WrongState
from scheduler.domain.loops import BookMode
from scheduler.services.telling import resend
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask, look


class Closed:
    """A mail server that lets nobody in."""

    def send(self, message: Message) -> None:
        raise Forbidden("the mail server refused us")


def sent(kit: Kit) -> list[tuple[str, str, str]]:
    """Subject, name and calendar part of every mail in the outbox."""
    found = []
    for path in sorted((kit.folder.parent / "outbox").glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        parts = [p.get_content() for p in mail.walk() if p.get_content_type() == "text/calendar"]
        uid = next((line for text in parts for line in text.splitlines() if line.startswith("UID:")), "")
        found.append((mail["subject"], mail["message-id"], uid))
    return found


def test_a_candidate_who_cannot_find_them_gets_the_same_once_more(kit: Kit) -> None:
    loop, site = ask(kit, "short"), Plain(kit)
    before = sent(kit)
    page = site.get(f"/loops/{loop.id}").text
    assert 'class="chip green">sent<' in page and "Send what failed again" not in page
    for subject, _, _ in before:
        assert subject.replace("’", "&#8217;") in page or subject in page
    action = f"/loops/{loop.id}/send-once-more"
    assert site.form(action, {"version": site.version(f"/loops/{loop.id}")}).status_code == 303
    waiting = site.form(action, {})
    assert waiting.status_code == 409 and "on their way" in waiting.text
    kit.run()
    after = sent(kit)
    assert sorted(s for s, _, _ in after) == sorted(2 * [s for s, _, _ in before])
    assert len({id for _, id, _ in after}) == len(after), "each is a mail of its own"
    assert {uid for _, _, uid in after} == {uid for _, _, uid in before}, "and one entry in the calendar"


def test_what_could_not_be_sent_is_told_with_its_button(kit: Kit) -> None:
    closed = replace(kit, app=replace(kit.app, messenger=Closed()))
    loop, site = ask(closed, "short", BookMode.BOOK), Plain(kit)
    page = site.get(f"/loops/{loop.id}").text
    assert "could not be sent" in page and "the mail server refused us" in page
    assert site.form(f"/loops/{loop.id}/send-again", {}).status_code == 303
    kit.run()
    assert len(sent(kit)) == 3 and "Send what failed again" not in site.get(f"/loops/{loop.id}").text


def test_who_was_told_nothing_is_told_nothing_again(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with pytest.raises(WrongState, match="told nothing"), kit.app.db.write() as tx:
        resend.once_more_in(kit.app, tx, look(kit, loop.id), "person:rolf")


def test_a_candidate_who_is_silent_is_reminded_from_the_loop(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE, windows=()), Plain(kit)
    assert "Remind the candidate" in site.get(f"/loops/{loop.id}").text
    assert site.form(f"/loops/{loop.id}/remind", {}).status_code == 303
