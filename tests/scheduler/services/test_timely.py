"""Reminders that nobody asks for: when they are due, once, never in the quiet hours, never of what is off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import Application, BookMode, Candidate, Loop
from scheduler.domain.policy import Policy
from scheduler.services.booking import cancel
from scheduler.services.telling import timely
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import MARA, ask, booked, look, replied
from tests.stories.test_mails import mails, text

LISBON = ZoneInfo("Europe/Lisbon")
THURSDAY = (("2026-03-12T11:00", "2026-03-12T18:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """It is Monday, eight in Berlin; what is asked for is booked on Thursday."""
    return make(tmp_path)


def asked(kit: Kit, application: Application = MARA, windows: tuple[tuple[str, str], ...] = THURSDAY) -> Loop:
    loop = ask(kit, "short", BookMode.BOOK, windows, application)
    kit.clock.forward(minutes=11)
    kit.run()
    return look(kit, loop.id)


def of_thursday(kit: Kit, loop: Loop) -> list[Interview]:
    rows = [i for i in booked(kit, loop.id).values() if i.spec != "debrief"]
    return sorted(rows, key=lambda i: i.span)


def answered(kit: Kit, loop: Loop, reply: Reply = Reply.ACCEPTED) -> None:
    for interview in booked(kit, loop.id).values():
        for seat in interview.seats:
            replied(kit, interview, seat.person, reply)


def reminders(kit: Kit, at: datetime) -> Sequence[EmailMessage]:
    """What the rounds write when it is that late."""
    kit.clock.now = at
    before = {m["Message-ID"] for m in mails(kit)}
    timely.queue(kit.app)
    kit.run()
    assert timely.queue(kit.app) == 0, "once"
    return [m for m in mails(kit) if m["Message-ID"] not in before]


def to(found: Sequence[EmailMessage]) -> list[str]:
    return sorted(m["To"].addresses[0].addr_spec for m in found)


def test_the_candidate_is_reminded_the_day_before_and_an_hour_before(kit: Kit) -> None:
    loop = asked(kit)
    answered(kit, loop)
    first = of_thursday(kit, loop)[0].span.start
    assert reminders(kit, first - timedelta(hours=24, minutes=1)) == []
    (mail,) = reminders(kit, first - timedelta(hours=24))
    assert to([mail]) == [MARA.candidate.email] and mail["Subject"].startswith(
        "A reminder: Thursday, 12 March"
    )
    body = text(mail)
    for interview in of_thursday(kit, loop):
        assert interview.title in body
    assert "ebrief" not in body
    (mail,) = reminders(kit, first - timedelta(hours=1))
    assert mail["Subject"] == "At 11:00 (Europe/Berlin): Talk", "on site it is the clock of the place"
    assert reminders(kit, first - timedelta(minutes=1)) == []


def test_who_was_told_since_is_not_told_again(kit: Kit) -> None:
    kit.clock.now = datetime(2026, 3, 11, 17, tzinfo=UTC)
    loop = asked(kit)
    answered(kit, loop)
    assert reminders(kit, kit.clock()) == [], "booked this evening for tomorrow"
    first = of_thursday(kit, loop)[0].span.start
    assert len(reminders(kit, first - timedelta(minutes=59))) == 1


def test_what_is_cancelled_is_not_reminded_of(kit: Kit) -> None:
    loop = asked(kit)
    first = of_thursday(kit, loop)[0].span.start
    cancel.cancel(kit.app, loop.id, "person:rolf", "the position is filled")
    kit.run()
    assert reminders(kit, first - timedelta(hours=24)) == []
    assert reminders(kit, first - timedelta(hours=1)) == []


def test_a_mail_that_waited_for_too_long_is_not_sent(kit: Kit) -> None:
    loop = asked(kit)
    answered(kit, loop)
    first = of_thursday(kit, loop)[0].span.start
    kit.clock.now = first - timedelta(hours=1)
    sent = len(mails(kit))
    assert timely.queue(kit.app) > 0
    kit.clock.now = first + timedelta(minutes=30)
    kit.run()
    assert len(mails(kit)) == sent


def test_the_day_before_is_brought_forward_to_before_the_quiet_hours(kit: Kit) -> None:
    tokyo, there = "Asia/Tokyo", ZoneInfo("Asia/Tokyo")
    evening = (("2026-03-12T13:00", "2026-03-12T18:00"),)
    loop = asked(kit, replace(MARA, candidate=Candidate("Mara Lind", "mara@example.org", tokyo)), evening)
    answered(kit, loop)
    first = of_thursday(kit, loop)[0].span.start
    assert timely.quiet(Policy(), first - timedelta(days=1), there)
    sent = {}
    for hour in range(24 * 3):
        when = NOW.replace(day=10, hour=0, minute=30) + timedelta(hours=hour)
        sent |= {
            m["Subject"]: when.astimezone(there)
            for m in reminders(kit, when)
            if to([m]) == ["mara@example.org"]
        }
    assert [when.isoformat()[:16] for when in sent.values()] == ["2026-03-11T19:30"], (
        "and none an hour before"
    )


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("19:59", False), ("20:00", True), ("23:59", True), ("07:59", True), ("08:00", False)],
)
def test_quiet_goes_over_midnight(clock: str, is_quiet: bool) -> None:
    when = datetime.fromisoformat(f"2026-03-12T{clock}").replace(tzinfo=LISBON)
    assert timely.quiet(Policy(), when, LISBON) is is_quiet


def test_who_has_not_answered_is_reminded_once_and_who_has_is_not(kit: Kit) -> None:
    loop = asked(kit)
    seats = {s.person: i for i in booked(kit, loop.id).values() for s in i.seats}
    one = sorted(seats)[0]
    replied(kit, seats[one], one, Reply.ACCEPTED)
    silent = {s.person for i in booked(kit, loop.id).values() for s in i.seats if s.state.value == "invited"}
    assert silent
    assert reminders(kit, kit.clock() + timedelta(hours=23)) == []
    found = reminders(kit, kit.clock() + timedelta(hours=2))
    assert to(found) == sorted(f"{who}@testwerk.example" for who in silent)
    assert all(m["Subject"].startswith("Can you come?") for m in found)
    assert [
        m for m in reminders(kit, kit.clock() + timedelta(hours=24)) if to([m]) != [MARA.candidate.email]
    ] == []
