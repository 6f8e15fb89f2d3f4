"""Whoever says nothing, also after a reminder, loses the seat where the policy says so, and only there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from connectors.errors import Invalid, Transient
from connectors.mail import Message
from connectors.types import Reply
from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import Loop, LoopState
from scheduler.services.afterwards import silence
from scheduler.services.booking import cancel
from scheduler.services.telling import colleagues, timely
from scheduler.storage.tables import ledger
from tests.scheduler.kit import COMPANY, NOW, Kit, make
from tests.scheduler.services.test_timely import asked
from tests.stories.kit import booked, look, replied
from tests.stories.test_mails import mails, text

OPENS = COMPANY.read_text(encoding="utf-8") + "  remind_hours: 4\n  open_hours: 20\n"
REMINDED = NOW + timedelta(hours=5)
LATE = REMINDED + timedelta(hours=20)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """It is Monday, eight in Berlin; what is asked for is booked on Thursday."""
    return make(tmp_path, OPENS)


def rounds(kit: Kit, at: datetime) -> int:
    """What the workers do when it is that late; how many seats were opened."""
    kit.clock.now = at
    opened = silence.open_seats(kit.app)
    timely.queue(kit.app)
    kit.run()
    assert silence.open_seats(kit.app) == 0, "once"
    return opened


def people(kit: Kit, loop: Loop, spec: str, *states: SeatState) -> set[str]:
    seats = booked(kit, loop.id)[spec].seats
    return {s.person for s in seats if s.number >= 0 and (not states or s.state in states)}


def what_was_told(kit: Kit) -> list[str]:
    return [text(m) for m in mails(kit) if m["Subject"].startswith("No answer: ")]


def test_who_says_nothing_after_a_reminder_loses_the_seat_and_the_owner_is_told(kit: Kit) -> None:
    loop = asked(kit)
    (silent,) = people(kit, loop, "talk")
    for spec in ("panel", "debrief"):
        for seat in booked(kit, loop.id)[spec].seats:
            replied(kit, booked(kit, loop.id)[spec], seat.person, Reply.ACCEPTED)
    assert rounds(kit, REMINDED) == 0
    (mail,) = [m for m in mails(kit) if m["Subject"].startswith("Can you come?")]
    assert "Where we hear nothing by Tuesday, 10 March 09:00, we ask somebody else." in text(mail)
    assert rounds(kit, LATE - timedelta(minutes=1)) == 0 and what_was_told(kit) == []
    assert rounds(kit, LATE) == 1
    now = look(kit, loop.id)
    assert now.state is LoopState.CONFIRMED and (silent, "talk") in now.declined
    assert people(kit, loop, "talk", SeatState.INVITED).isdisjoint({silent})
    (told,) = what_was_told(kit)
    assert told.startswith("Dear Rolf Reck,") and "Talk, Thursday, 12 March" in told
    assert next(p.name for p in kit.company.people if p.id == silent) in told
    with kit.app.db.read() as tx:
        facts = {f.what: f for f in tx.facts.of(f"loop:{loop.id}")}
    assert (facts["seat_declined"].actor, facts["seat_declined"].cause) == ("system:timely", "unanswered")


def test_without_the_policy_nobody_loses_a_seat(tmp_path: Path) -> None:
    kit = make(tmp_path)
    loop = asked(kit)
    before = people(kit, loop, "talk")
    rounds(kit, NOW + timedelta(hours=26))
    assert rounds(kit, NOW + timedelta(hours=49)) == 0
    assert people(kit, loop, "talk") == before and look(kit, loop.id).state is LoopState.CONFIRMED


def test_an_answer_in_time_keeps_the_seat(kit: Kit) -> None:
    loop = asked(kit)
    rounds(kit, REMINDED)
    for interview in booked(kit, loop.id).values():
        for seat in interview.seats:
            replied(kit, interview, seat.person, Reply.TENTATIVE)
    assert rounds(kit, LATE) == 0


def test_a_reminder_that_was_never_sent_opens_nothing(kit: Kit) -> None:
    asked(kit)
    rounds(kit, REMINDED)
    with kit.app.db.write() as tx:
        mine = ledger.c.interview.startswith("unanswered:")
        tx.connection.execute(update(ledger).where(mine).values(state="failed"))
    assert rounds(kit, LATE) == 0


def test_nobody_loses_a_seat_at_night_nor_of_what_is_off(kit: Kit) -> None:
    loop = asked(kit)
    rounds(kit, REMINDED)
    night = LATE.replace(hour=22)
    assert rounds(kit, night) == 0
    cancel.cancel(kit.app, loop.id, "person:rolf", "the position is filled")
    kit.run()
    assert rounds(kit, night + timedelta(hours=12)) == 0 and what_was_told(kit) == []


def test_a_debrief_is_not_moved_for_a_silence(kit: Kit) -> None:
    loop = asked(kit)
    before = booked(kit, loop.id)["debrief"].span
    rounds(kit, REMINDED)
    assert rounds(kit, LATE) > 0
    assert booked(kit, loop.id)["debrief"].span == before


def test_a_mail_server_that_is_away_is_tried_again(kit: Kit) -> None:
    asked(kit)
    rounds(kit, REMINDED)
    sent: list[Message] = []

    class Away:
        def send(self, message: Message) -> None:
            raise Transient("not there")

    class There:
        def send(self, message: Message) -> None:
            sent.append(message)

    kit.clock.now = LATE
    silence.open_seats(kit.app)
    (seq,) = [p["fact"] for name, p, _ in kit.jobs.waiting if name == "tell"]
    assert colleagues.send(replace(kit.app, messenger=Away()), seq) == 300.0
    there = replace(kit.app, messenger=There())
    assert colleagues.send(there, seq) is None and colleagues.send(there, seq) is None
    assert len({m.id for m in sent}) == 1, "the same mail however often it is written"


class Refusing:
    """Takes no mail for the people of the company."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def send(self, message: Message) -> None:
        if message.to.endswith("@testwerk.example"):
            raise Invalid("refuses the recipient")
        self.real.send(message)


def test_a_mail_that_cannot_be_sent_is_told_by_whose_it_is(kit: Kit) -> None:
    loop = asked(kit)
    kit.app = replace(kit.app, messenger=Refusing(kit.app.messenger))
    rounds(kit, REMINDED)
    reasons = [r.text for r in look(kit, loop.id).reasons]
    names = {p.name for p in kit.company.people}
    assert reasons and all(r.startswith("the mail to ") for r in reasons)
    told = {r.removeprefix("the mail to ").partition(" could not be sent")[0] for r in reasons}
    assert told <= names, "colleagues by their names, not as the candidate"


def test_who_answers_after_all_while_the_seat_is_theirs_has_it_back(kit: Kit) -> None:
    loop = asked(kit)
    (silent,) = people(kit, loop, "talk")
    rounds(kit, REMINDED)
    kit.clock.now = LATE
    assert silence.open_seats(kit.app) > 0
    replied(kit, booked(kit, loop.id)["talk"], silent, Reply.ACCEPTED)
    assert people(kit, loop, "talk", SeatState.ACCEPTED) == {silent}
    assert (silent, "talk") not in look(kit, loop.id).declined
