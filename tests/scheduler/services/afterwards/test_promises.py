"""The day by which a candidate hears: told to them, and the owner reminded of it; and opinions before the debrief."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.policy import Policy
from scheduler.domain.time import Span
from scheduler.services.afterwards import promises
from scheduler.services.booking import cancel
from scheduler.services.privacy import erasing
from scheduler.services.telling import promise
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.services.test_timely import answered, asked, of_thursday, reminders
from tests.scheduler.storage.samples import interview
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.plain import Plain
from tests.stories.kit import MARA, booked, look
from tests.stories.test_mails import mails, text

PROMISES = (
    COMPANY.read_text(encoding="utf-8")
    + "  decide_days: 2\n  feedback_hours: 4\n  day_before: false\n  hour_before: false\n"
)
BERLIN = ZoneInfo("Europe/Berlin")
EVE = datetime(2026, 3, 13, 8, tzinfo=BERLIN)
"""The interviews are on a Thursday: the second weekday after it is a Monday, and the one before that a Friday."""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, PROMISES)


def reminded(kit: Kit, at: datetime) -> list[str]:
    """Whom a round tells when it is that late."""
    kit.clock.now = at.astimezone(UTC)
    before = len(mails(kit))
    told = promises.remind(kit.app)
    kit.run()
    assert promises.remind(kit.app) == 0, "once"
    new = mails(kit)[before:]
    assert len(new) == told
    return [m["To"].addresses[0].addr_spec for m in new]


def completed(kit: Kit, loop: Loop) -> None:
    with kit.app.db.write() as tx:
        states, now = {LoopState.CONFIRMED}, kit.clock()
        tx.loops.move(loop.id, LoopState.COMPLETED, expect=states, actor="test", cause="over", at=now)


def test_the_candidate_is_told_and_the_owner_reminded_on_the_weekday_before(kit: Kit) -> None:
    loop = asked(kit)
    agenda = next(m for m in mails(kit) if m["Subject"] == "Your interviews with Testwerk")
    assert "You hear from us by Monday, 16 March." in text(agenda)
    page = Plain(kit, signed_in=False).get(door(kit, Purpose.FOLLOW, loop=loop.id)).text
    assert "You hear from us by Monday, 16 March." in page
    assert reminded(kit, datetime(2026, 3, 12, 12, tzinfo=BERLIN)) == [], "they are not over"
    completed(kit, loop)
    assert reminded(kit, EVE - timedelta(minutes=1)) == []
    assert reminded(kit, EVE) == ["rolf@testwerk.example"]
    mail = mails(kit)[-1]
    assert mail["Subject"] == "By Monday: Mara Lind, Backend Engineer"
    assert "was told to hear from us by Monday, 16 March" in text(mail)
    assert reminded(kit, EVE + timedelta(hours=3)) == []


@pytest.mark.parametrize("further", ["stage_entered", "application_closed"])
def test_nobody_is_reminded_of_who_is_further_by_now(kit: Kit, further: str) -> None:
    loop = asked(kit)
    with kit.app.db.write() as tx:
        at = of_thursday(kit, loop)[-1].span.end + timedelta(minutes=5)
        tx.facts.add(Fact(at, "webhook:stage", further, f"application:{loop.application}", "", "Offer"))
    assert reminded(kit, EVE) == []


def test_nobody_is_reminded_of_who_was_erased(kit: Kit) -> None:
    loop = asked(kit)
    completed(kit, loop)
    erasing.ask(kit.app, "person:rolf", MARA.candidate.email)
    kit.run()
    assert look(kit, loop.id).application.startswith("erased-")
    assert reminded(kit, EVE) == []


def test_nor_of_what_was_cancelled_nor_when_it_is_too_late(kit: Kit) -> None:
    loop = asked(kit)
    assert reminded(kit, datetime(2026, 3, 17, 9, tzinfo=BERLIN)) == [], "the day is over"
    cancel.cancel(kit.app, loop.id, "person:rolf", "the position is filled")
    kit.run()
    assert reminded(kit, EVE) == [] and look(kit, loop.id).state is LoopState.CANCELLED


def test_weekdays_are_counted_on_the_candidates_clock() -> None:
    def day(end: datetime, zone: str, days: int = 1) -> date | None:
        one = replace(interview(), span=Span(end - timedelta(hours=1), end))
        return promise.day(Policy(decide_days=days), [one], ZoneInfo(zone))

    evening = datetime(2026, 3, 12, 20, tzinfo=UTC)  # a Thursday; it is Friday already in Tokyo
    assert day(evening, "Europe/Berlin") == date(2026, 3, 13)
    assert day(evening, "Asia/Tokyo") == date(2026, 3, 16)
    assert day(evening, "Asia/Tokyo", 6) == date(2026, 3, 23)
    assert day(evening, "Asia/Tokyo", 0) is None and promise.day(Policy(decide_days=1), [], BERLIN) is None
    assert promise.eve(date(2026, 3, 16)) == date(2026, 3, 13)


def test_opinions_are_asked_for_before_the_debrief_of_who_has_interviewed(kit: Kit) -> None:
    loop = asked(kit)
    answered(kit, loop)
    talk, panel = of_thursday(kit, loop)
    debrief = booked(kit, loop.id)["debrief"]
    assert reminders(kit, talk.span.end - timedelta(minutes=1)) == []
    found = reminders(kit, talk.span.end)
    assert [m["To"].addresses[0].addr_spec for m in found] == [f"{talk.seats[0].person}@testwerk.example"]
    assert "before the debrief, Thursday, 12 March" in text(found[0]) and "Talk" in text(found[0])
    assert panel.span.end == debrief.span.start
    assert reminders(kit, panel.span.end) == [], "it has begun"
    assert not any(
        "ebrief" in text(m) for m in mails(kit) if m["To"].addresses[0].addr_spec == "mara@example.org"
    )
