"""What happens to a booked loop: declines, moves, deletions, lost rooms, outages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from connectors.errors import Forbidden, RateLimited, Transient
from connectors.local.calendar import LocalCalendar
from connectors.local.folder import Entry, add_entries, answer
from connectors.types import Booked, EventIntent, EventRef, Reply
from scheduler.domain.bookings import InterviewState, WriteState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.people import Mode
from scheduler.services.afterwards import repair, replies
from scheduler.services.again import Again
from scheduler.services.booking import layout, perform, reconcile
from scheduler.storage import invariants
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, booked, events, look, replied

ORGANIZER = "interviews@testwerk.example"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def edit(kit: Kit, summary: str, change: Any) -> None:
    """Somebody edits the organizer's calendar with a program of their own."""
    file = kit.folder / f"{ORGANIZER}.ics"
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    for event in list(calendar.walk("VEVENT")):
        if str(event["SUMMARY"]).startswith(summary):
            change(calendar, event)
    file.write_bytes(calendar.to_ical())


def test_an_event_moved_by_hand_is_shown_and_not_put_back(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    later = booked(kit, loop.id)["manager"].span.start + timedelta(hours=1)

    def move(_: icalendar.Calendar, event: icalendar.Event) -> None:
        event["DTSTART"].dt = later
        event["DTEND"].dt = later + timedelta(minutes=45)

    edit(kit, "Manager", move)
    replies.sync(kit.app)
    kit.run()
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert [r.kind for r in found.reasons] == ["moved", "booked_twice"] and "Manager" in found.reasons[0].text
    assert "Hana Maier" in found.reasons[1].text and "Debrief" in found.reasons[1].text
    assert booked(kit, loop.id)["manager"].flag == "moved"


def test_an_event_deleted_by_hand_is_shown_and_not_made_again(kit: Kit) -> None:
    loop = ask(kit)
    replies.sync(kit.app)
    edit(kit, "Manager", lambda calendar, event: calendar.subcomponents.remove(event))
    replies.sync(kit.app)
    kit.run()
    assert [r.kind for r in look(kit, loop.id).reasons] == ["deleted"]
    assert len(events(kit, ORGANIZER)) == 4


def test_a_decline_that_nobody_can_take_over_goes_to_a_human(kit: Kit) -> None:
    loop = ask(kit)
    replied(kit, booked(kit, loop.id)["manager"], "hana", Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert any("Hana Maier" in r.text for r in found.reasons)
    assert len(events(kit, ORGANIZER)) == 5
    sound(kit)


def test_a_decline_moves_the_interview_when_nobody_else_is_free_then(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    deep = before["deep"]
    lead = next(s.person for s in deep.seats if s.required)
    other = {"anna": "ben", "ben": "anna"}[lead]
    add_entries(kit.folder, f"{other}@testwerk.example", [Entry("Dentist", deep.span.start, deep.span.end)])
    replied(kit, deep, lead, Reply.DECLINED)
    after = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert {s.person for s in after["deep"].seats if s.required} == {other}
    assert not after["deep"].span.overlaps(deep.span)
    assert {i.event_id for i in after.values()} == {i.event_id for i in before.values()}
    sound(kit)


def test_a_decline_within_the_freeze_waits_for_a_human(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=3)
    replied(kit, deep, next(s.person for s in deep.seats if s.required), Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and [r.kind for r in found.reasons] == ["freeze"]
    assert {i.span for i in booked(kit, loop.id).values()} >= {deep.span}


def test_a_decline_of_a_loop_that_waits_for_a_human_is_one_reason_more(kit: Kit) -> None:
    loop = ask(kit)
    interviews = booked(kit, loop.id)
    kit.clock.now = interviews["deep"].span.start - timedelta(hours=3)
    people = [next(s.person for s in interviews[i].seats if s.required) for i in ("deep", "tech")]
    replied(kit, interviews["deep"], people[0], Reply.DECLINED)
    for reply in (Reply.DECLINED, Reply.ACCEPTED, Reply.DECLINED):
        replied(kit, interviews["tech"], people[1], reply)
    found = look(kit, loop.id)
    assert [r.kind for r in found.reasons] == ["freeze", "declined"]
    assert found.reasons[1].text.endswith(" declined Technical")
    assert (found.reasons[1].people, found.reasons[1].interviews) == ((people[1],), ("tech",))
    assert found.declined == ((people[0], "deep"), (people[1], "tech"))


def test_a_second_decline_is_mended_as_well(kit: Kit) -> None:
    loop = ask(kit, "short")
    for _ in range(2):
        talk = booked(kit, loop.id)["talk"]
        replied(kit, talk, next(s.person for s in talk.seats if s.required), Reply.DECLINED)
        assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert len(look(kit, loop.id).declined) == 2
    gone = {p for p, _ in look(kit, loop.id).declined}
    assert not gone & {s.person for s in booked(kit, loop.id)["talk"].seats}
    sound(kit)


def test_a_human_can_ask_for_another_try(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    kit.clock.now = manager.span.start - timedelta(hours=3)
    deep = booked(kit, loop.id)["deep"]
    replied(kit, deep, next(s.person for s in deep.seats if s.required), Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    kit.clock.now -= timedelta(hours=30)
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED


@dataclass
class Flaky:
    """A calendar whose writes fail as told, in front of the real one."""

    real: LocalCalendar
    fail: list[Exception | None] = field(default_factory=list)
    lose: bool = False
    """Whether a failing write is carried out all the same: the answer is lost, not the write."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        error = self.fail.pop(0) if self.fail else None
        if error is None or self.lose:
            booked = self.real.book(calendar, intent)
        if error is not None:
            raise error
        return booked

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        error = self.fail.pop(0) if self.fail else None
        if error is not None:
            raise error
        return self.real.reschedule(ref, intent, etag)


def with_flaky(kit: Kit, *errors: Exception | None, lose: bool = False) -> Flaky:
    flaky = Flaky(kit.calendar, list(errors), lose)
    calendars = dict.fromkeys([("local", Mode.TYPED), ("local", Mode.FREE_BUSY)], flaky)
    kit.app = replace(kit.app, calendars=calendars)  # type: ignore[arg-type]
    return flaky


def finish(kit: Kit, loop: Loop) -> None:
    """Run what asked to come back later until nothing does."""
    while kit.again:
        kit.again.pop()
        try:
            perform.perform(kit.app, loop.id)
        except Again as again:
            kit.again.append(("perform", again.seconds))
    kit.run()


@pytest.mark.parametrize("lose", [False, True])
def test_a_passing_outage_delays_the_booking_and_doubles_nothing(kit: Kit, lose: bool) -> None:
    with_flaky(kit, None, Transient("no answer"), RateLimited("slow down", 7.0), lose=lose)
    loop = ask(kit)
    assert loop.state is LoopState.BOOKING and kit.again
    finish(kit, loop)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert len(events(kit, ORGANIZER)) == 5
    sound(kit)


def test_a_service_that_asks_to_wait_is_waited_for_as_told(kit: Kit) -> None:
    with_flaky(kit, RateLimited("slow down", 41.0))
    ask(kit)
    assert kit.again == [("perform", 41.0)]


def test_what_cannot_be_written_is_undone_as_a_whole(kit: Kit) -> None:
    with_flaky(kit, None, None, Forbidden("the organizer's calendar is read-only"))
    loop = ask(kit)
    finish(kit, loop)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert "read-only" in found.reasons[0].text
    assert not events(kit, ORGANIZER) and not booked(kit, loop.id)
    with kit.app.db.read() as tx:
        assert tx.reservations.of_loop(loop.id) == []
        assert not tx.ledger.of_loop(loop.id, {WriteState.TODO})
    assert not list((kit.folder.parent / "outbox").glob("*.eml"))
    sound(kit)


def test_an_orphan_in_the_organizers_calendar_is_removed(kit: Kit) -> None:
    loop = ask(kit)
    start = datetime.fromisoformat("2026-03-13T09:00+00:00")
    intent = EventIntent("test/lp_gone/tech/0", "Left over", start, start + timedelta(hours=1), "UTC", ())
    kit.calendar.book(ORGANIZER, intent)
    foreign = replace(intent, key="other/lp_x/tech/0", title="Another deployment's")
    kit.calendar.book(ORGANIZER, foreign)
    assert reconcile.orphans(kit.app) == ["test/lp_gone/tech/0"]
    assert len(events(kit, ORGANIZER)) == 6
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_a_hold_that_expires_frees_the_time_and_tells_a_human(kit: Kit) -> None:
    with_flaky(kit, *[Transient("down")] * 3)
    loop = ask(kit)
    kit.clock.forward(minutes=31)
    reconcile.sweep(kit.app)
    kit.jobs.waiting = [j for j in kit.jobs.waiting if j[0] != "plan"]
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and found.reasons[0].kind == "hold_expired"
    finish(kit, loop)
    assert not events(kit, ORGANIZER)


def test_a_loop_is_completed_when_its_debrief_is_over(kit: Kit) -> None:
    loop = ask(kit)
    kit.clock.now = booked(kit, loop.id)["debrief"].span.end + timedelta(minutes=1)
    reconcile.sweep(kit.app)
    assert look(kit, loop.id).state is LoopState.COMPLETED


def test_a_decline_that_comes_while_others_are_being_booked_is_not_lost(kit: Kit) -> None:
    with_flaky(kit, None, Transient("down"))
    loop = ask(kit)
    first = next(i for i in booked(kit, loop.id).values() if i.event_id)
    person = next(s.person for s in first.seats if s.required)
    address = next(p.account.address for p in kit.company.people if p.id == person)
    answer(kit.folder, address, layout.event_key("test", first), Reply.DECLINED)
    replies.sync(kit.app)
    assert look(kit, loop.id).state is LoopState.BOOKING
    finish(kit, loop)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert person not in {s.person for s in booked(kit, loop.id)[first.spec].seats}
    sound(kit)


def test_an_accommodation_shapes_the_plan_and_is_told_to_nobody(kit: Kit) -> None:
    from scheduler.domain.loops import Accommodation

    needs = Accommodation(extra_time=50, break_every=90, features=frozenset({"accessible"}), also=("nora",))
    loop = ask(
        kit,
        "short",
        application=replace(MARA, accommodation=needs),
        windows=(("2026-03-11T15:00", "2026-03-11T19:00"),),
    )
    assert loop.state is LoopState.INFEASIBLE or loop.state is LoopState.CONFIRMED, loop.reasons
    if loop.state is LoopState.CONFIRMED:
        rows = booked(kit, loop.id)
        assert rows["talk"].span.minutes == 70
        assert {rows[s].room for s in ("talk", "panel")} == {"oak"}
        assert all("nora" in {s.person for s in rows[s_].seats} for s_ in ("talk", "panel"))
        assert "nora" not in {s.person for s in rows["debrief"].seats}


def test_a_proposed_loop_is_cancelled_without_a_trace(kit: Kit) -> None:
    from scheduler.services.booking import cancel

    loop = ask(kit, "short", BookMode.PROPOSE)
    cancel.cancel(kit.app, loop.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED
    with kit.app.db.read() as tx:
        assert all(p.state.value == "stale" for p in tx.proposals.of_loop(loop.id))
    assert [i for i in booked(kit, loop.id).values() if i.state is not InterviewState.CANCELLED] == []
