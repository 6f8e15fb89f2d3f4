"""What happens while a booking is being written: others go on, time goes by, and a worker may stand still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Transient
from connectors.local.calendar import LocalCalendar
from connectors.local.folder import Entry, add_entries
from connectors.types import Booked, EventIntent, EventRef
from scheduler.domain.bookings import Interview, WriteState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.people import Mode
from scheduler.domain.time import Span
from scheduler.services import lease
from scheduler.services.again import Again
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel, perform, reconcile
from scheduler.storage import invariants
from scheduler.workers.tasks import tasks
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, events, look
from tests.stories.test_afterwards import ORGANIZER, finish, with_flaky


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def _nothing(_: str) -> None:
    return None


@dataclass
class Watched:
    """A calendar that says before and after each write which key it is about, in front of the real one."""

    real: LocalCalendar
    before: Callable[[str], object] = _nothing
    after: Callable[[str], object] = _nothing
    written: list[EventIntent] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        self.before(intent.key)
        self.written.append(intent)
        done = self.real.book(calendar, intent)
        self.after(intent.key)
        return done

    def cancel(self, ref: EventRef, message: str = "") -> None:
        self.before(self.real.get(ref).key)
        self.real.cancel(ref, message)


def watched(kit: Kit, **what: Callable[[str], object]) -> Watched:
    watch = Watched(kit.calendar, **what)
    calendars = dict.fromkeys([("local", Mode.TYPED), ("local", Mode.FREE_BUSY)], watch)
    kit.app = replace(kit.app, calendars=calendars)  # type: ignore[arg-type]
    return watch


def once(event: Callable[[], object]) -> Callable[[str], object]:
    """The event, the first time that it is asked for."""
    left = [event]
    return lambda _: left.pop()() if left else None


def held(kit: Kit) -> Loop:
    """A loop whose times are taken and whose events are still to be written."""
    request = LoopRequest(MARA, "onsite", DAYS, "Europe/Berlin", BookMode.BOOK)
    loop = requests.ask(kit.app, request, "person:rolf")
    for _ in ("plan", "book"):
        name, payload, _ = kit.jobs.waiting.pop(0)
        tasks(kit.app)[name](payload)
    found = look(kit, loop.id)
    assert found.state is LoopState.HELD
    return found


def meeting(kit: Kit, interview: Interview) -> tuple[str, Span]:
    """Somebody who must be in the interview is given something else at that time: whom to look for, when."""
    person = next(s.person for s in interview.seats if s.required)
    address = next(p.account.address for p in kit.company.people if p.id == person)
    add_entries(kit.folder, address, [Entry("Dentist", interview.span.start, interview.span.end)])
    return address, interview.span


def over(written: list[EventIntent], address: str, span: Span) -> list[str]:
    """What was written for them at that time."""
    return [
        i.title
        for i in written
        if Span(i.start, i.end).overlaps(span) and address in {a.address for a in i.attendees}
    ]


def test_a_meeting_that_comes_once_the_time_is_taken_is_never_written_over(kit: Kit) -> None:
    watch = watched(kit)
    loop = held(kit)
    kit.clock.now += perform.FRESH  # what was seen when the plan was chosen counts until then
    address, span = meeting(kit, booked(kit, loop.id)["manager"])
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert over(watch.written, address, span) == []
    sound(kit)


def test_a_meeting_that_comes_between_two_slow_writes_is_never_written_over(kit: Kit) -> None:
    found: list[tuple[str, Span]] = []

    def slow() -> None:
        kit.clock.now += perform.FRESH
        found.append(meeting(kit, booked(kit, loop.id)["debrief"]))

    watch = watched(kit, after=once(slow))
    loop = held(kit)
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert found and over(watch.written, *found[0]) == []
    sound(kit)


def test_the_times_of_a_booking_that_takes_long_stay_taken(kit: Kit) -> None:
    """The calendar is away for an hour, longer than a hold lasts that nobody looks after."""
    with_flaky(kit, *[Transient("no answer")] * 4)
    loop = ask(kit)
    with kit.app.db.read() as tx:
        taken, lasts = tx.reservations.of_loop(loop.id), tx.company.policy().hold_minutes
    for _ in range(3):
        kit.clock.forward(minutes=lasts * 2 / 3)
        reconcile.sweep(kit.app)
        kit.jobs.waiting.clear()
        with pytest.raises(Again):
            perform.perform(kit.app, loop.id)
    with kit.app.db.read() as tx:
        assert [(r.subject, r.span) for r in tx.reservations.of_loop(loop.id)] == [
            (r.subject, r.span) for r in taken
        ]
    finish(kit, loop)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    sound(kit)


def test_a_booking_whose_times_were_lost_meanwhile_is_not_confirmed(kit: Kit) -> None:
    """Who has them now may be somebody else, whose interviews they are."""
    with_flaky(kit, None, None, None, Transient("no answer"))
    loop = ask(kit)
    assert look(kit, loop.id).state is LoopState.BOOKING
    with kit.app.db.write() as tx:
        assert tx.reservations.release(loop.id)
    finish(kit, loop)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION and [r.kind for r in found.reasons] == ["hold_expired"]
    assert events(kit, ORGANIZER) == []
    sound(kit)


def test_nothing_is_written_any_more_once_the_loop_is_cancelled(kit: Kit) -> None:
    watch = watched(kit, after=once(lambda: cancel.cancel(kit.app, loop.id, "person:rolf")))
    loop = held(kit)
    kit.run()
    assert len(watch.written) == 1, "nobody is invited to what is off already"
    assert look(kit, loop.id).state is LoopState.CANCELLED
    assert events(kit, ORGANIZER) == []
    sound(kit)


def test_an_event_that_comes_too_late_is_taken_back(kit: Kit) -> None:
    """A worker stands still right before it writes; another one takes over and finishes a cancellation."""

    def meanwhile() -> None:
        kit.clock.now += lease.LASTS
        cancel.cancel(kit.app, loop.id, "person:rolf")
        perform.perform(kit.app, loop.id)
        assert look(kit, loop.id).state is LoopState.CANCELLED

    watch = watched(kit, before=once(meanwhile))
    loop = held(kit)
    perform.perform(kit.app, loop.id)
    assert len(watch.written) == 1
    assert events(kit, ORGANIZER) == []
    sound(kit)


class _Killed(BaseException):
    """The worker is gone, in the middle of what it did."""


def test_who_follows_a_killed_worker_looks_before_writing_again(kit: Kit) -> None:
    """Google does not promise to notice an id that comes a second time: it may take the event twice."""

    def killed() -> None:
        raise _Killed

    watch = watched(kit, after=once(killed))
    loop = held(kit)
    with pytest.raises(_Killed):
        perform.perform(kit.app, loop.id)
    perform.perform(kit.app, loop.id)
    keys = [i.key for i in watch.written]
    assert len(keys) == len(set(keys)) == 5
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert len(events(kit, ORGANIZER)) == 5
    sound(kit)


def test_every_write_is_noted_before_it_is_made(kit: Kit) -> None:
    """Whoever is killed at any moment leaves a row that says what may have been written."""
    seen: list[str] = []

    def noted(key: str) -> None:
        with kit.app.db.read() as tx:
            rows = [r for r in tx.ledger.of_loop(loop.id, {WriteState.TODO}) if r.key == key]
        seen.append("noted" if rows else f"{key} is not noted")

    watched(kit, before=noted)
    loop = held(kit)
    kit.run()
    cancel.cancel(kit.app, loop.id, "person:rolf")
    kit.run()
    assert seen == ["noted"] * 10, "five events are written, and five are cancelled"
    assert look(kit, loop.id).state is LoopState.CANCELLED
