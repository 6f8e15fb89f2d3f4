"""What the candidate gets by mail over the life of a loop, read as a mail program reads it."""

from __future__ import annotations

import email
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import icalendar
import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import conflicts, replies
from scheduler.services.booking import cancel
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look, replied

WHY = "The position was filled; thank you for your time."


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def mails(kit: Kit) -> list[EmailMessage]:
    """In the order they were sent."""
    files = sorted((kit.folder.parent / "outbox").glob("*.eml"), key=lambda f: f.stat().st_mtime_ns)
    found = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]
    return cast(list[EmailMessage], found)


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def invitations(kit: Kit, title: str) -> list[tuple[str, icalendar.Event]]:
    """Method and event of every invitation to one interview, in the order they were sent."""
    found = []
    for mail in mails(kit):
        for part in mail.walk():
            if part.get_content_type() == "text/calendar":
                calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
                event = calendar.walk("VEVENT")[0]
                if str(event["SUMMARY"]).startswith(title):
                    found.append((str(calendar["METHOD"]), event))
    return found


def busy_at(kit: Kit, person: str, loop: str, spec: str) -> None:
    """A meeting comes into somebody's calendar at the time of an interview, and is found."""
    span = booked(kit, loop)[spec].span
    add_entries(kit.folder, f"{person}@testwerk.example", [Entry("Dentist", span.start, span.end)])
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    kit.run()


def numbers(kit: Kit, title: str) -> list[tuple[str, int]]:
    told = invitations(kit, title)
    assert len({str(e["UID"]) for _, e in told}) == 1
    return [(method, int(e["SEQUENCE"])) for method, e in told]


def test_a_swap_of_people_keeps_the_number(kit: Kit) -> None:
    """A higher one would ask everybody anew who has accepted (RFC 5546 section 2.1.4)."""
    loop = ask(kit)
    replies.sync(kit.app)
    deep = booked(kit, loop.id)["deep"]
    replied(kit, deep, next(s.person for s in deep.seats if s.required), Reply.DECLINED)
    after = booked(kit, loop.id)["deep"]
    assert (after.span, after.seats != deep.seats) == (deep.span, True)
    assert numbers(kit, deep.title) == [("REQUEST", 1), ("REQUEST", 1)]


def test_a_new_time_raises_it_and_so_does_the_end(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    busy_at(kit, "hana", loop.id, "manager")
    busy_at(kit, "hana", loop.id, "manager")
    assert booked(kit, loop.id)["manager"].span != manager.span
    cancel.cancel(kit.app, loop.id, "person:rolf")
    kit.run()
    assert numbers(kit, manager.title) == [("REQUEST", 1), ("REQUEST", 2), ("REQUEST", 3), ("CANCEL", 4)]


def test_a_cancellation_says_that_it_is_off_what_and_why_once(kit: Kit) -> None:
    loop = ask(kit)
    count = len(mails(kit))
    cancel.cancel(kit.app, loop.id, "person:rolf", WHY)
    waiting = list(kit.jobs.waiting)
    kit.run()
    kit.jobs.waiting.extend(waiting)  # the same jobs once more
    kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED
    new = mails(kit)[count:]
    assert len(new) == 5, "four interviews and the agenda"
    for mail in new[:-1]:
        said = text(mail)
        assert "is cancelled and will not take place" in said
        assert WHY in said
        title = str(mail["Subject"]).removeprefix("Cancelled: ").partition(",")[0]
        assert title in said
        (method, event) = invitations(kit, title)[-1]
        assert (method, str(event["COMMENT"])) == ("CANCEL", WHY)
        assert event["SEQUENCE"] > invitations(kit, title)[0][1]["SEQUENCE"]
    assert WHY in text(new[-1])


def test_messages_leave_in_the_order_they_were_written(kit: Kit) -> None:
    """The mail server is away while an interview changes: what came first goes first."""
    loop = ask(kit)
    with kit.app.db.read() as tx:
        rows = [r for r in tx.ledger.of_loop(loop.id) if r.write.value == "mail"]
    orders = [r.order for r in rows]
    assert len(set(orders)) == len(orders)
    cancel.cancel(kit.app, loop.id, "person:rolf", WHY)
    kit.run()
    with kit.app.db.read() as tx:
        later = [r for r in tx.ledger.of_loop(loop.id) if r.write.value == "mail"][len(rows) :]
    assert later
    assert min(r.order for r in later) > max(orders)
