"""A link that the service makes only after the event is written reaches the candidate, once."""

from __future__ import annotations

import email
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import icalendar
import pytest

from connectors.types import Booked, EventIntent, EventRef, Page, Reply, Window
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.people import Mode
from scheduler.services.afterwards import replies
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look, replied

VIDEO = COMPANY.read_text(encoding="utf-8").replace(
    "{id: talk, title: Talk, minutes: 45,", "{id: talk, title: Talk, minutes: 45, modality: video,"
)


@dataclass
class Late:
    """Local calendars of a service that makes a link for each call some time after it was booked."""

    real: Any
    links: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        done = self.real.book(calendar, intent)
        return replace(done, join_pending=intent.conference)

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        done = self.real.reschedule(ref, intent, etag)
        return replace(done, join_pending=intent.conference)

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """Everything each time, as after a notice: the links come with it."""
        page = self.real.changes(calendar, None, window)
        return replace(
            page, upserts=tuple(replace(e, join_url=self.links.get(e.ref.id)) for e in page.upserts)
        )


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = make(tmp_path, VIDEO)
    service = Late(kit.calendar)
    kit.app = replace(kit.app, calendars=dict.fromkeys([("local", m) for m in Mode], cast(Any, service)))
    return kit


def linked(kit: Kit, loop: Loop, link: str) -> None:
    service = cast(Late, kit.app.calendars["local", Mode.TYPED])
    service.links[booked(kit, loop.id)["talk"].event_id] = link
    replies.sync(kit.app)
    kit.run()


def mails(kit: Kit) -> list[EmailMessage]:
    """In the order they were sent."""
    files = sorted((kit.folder.parent / "outbox").glob("*.eml"), key=lambda f: f.stat().st_mtime_ns)
    found = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]
    return cast(list[EmailMessage], found)


def invitations(kit: Kit) -> list[icalendar.Event]:
    """The invitations to the talk, in the order they were sent."""
    found = [
        icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
        for mail in mails(kit)
        for part in mail.walk()
        if part.get_content_type() == "text/calendar"
    ]
    return [e for e in found if str(e["SUMMARY"]).startswith("Talk")]


def test_a_late_link_is_one_more_mail_and_no_second(kit: Kit) -> None:
    loop = ask(kit, "short")
    assert loop.state is LoopState.CONFIRMED
    before = len(mails(kit))
    for _ in range(3):
        linked(kit, loop, "https://meet.example/abc")
    assert len(mails(kit)) == before + 1
    first, second = invitations(kit)
    assert "meet.example" not in str(first["LOCATION"])
    assert "https://meet.example/abc" in str(second["LOCATION"])
    assert (first["UID"], first["SEQUENCE"]) == (second["UID"], second["SEQUENCE"])
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_a_link_that_changes_is_told_again(kit: Kit) -> None:
    loop = ask(kit, "short")
    linked(kit, loop, "https://meet.example/abc")
    linked(kit, loop, "https://meet.example/def")
    assert "meet.example/def" in str(invitations(kit)[-1]["LOCATION"])
    assert [e["SEQUENCE"] for e in invitations(kit)] == [1, 1, 1], "the time stays: so do the answers"


def test_a_repair_keeps_the_link(kit: Kit) -> None:
    loop = ask(kit, "short")
    linked(kit, loop, "https://meet.example/abc")
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, next(s.person for s in talk.seats if s.required), Reply.DECLINED)
    after = booked(kit, loop.id)["talk"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert after.join_url == "https://meet.example/abc"
    moved = after.span != talk.span
    assert [e["SEQUENCE"] for e in invitations(kit)] == [1, 1, 2 if moved else 1]
    assert "https://meet.example/abc" in str(invitations(kit)[-1]["LOCATION"])
