"""Events of ours that are gone, moved, doubled, orphaned or invite others are found in the organizer's calendar.

Every fault is made by another hand: the icalendar library on the file, and the services' own stores.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.types import EventRef
from scheduler.domain.bookings import Interview
from scheduler.services.booking import layout, reconcile
from scheduler.services.checking import events
from scheduler.services.checking.events import Kind
from tests.scheduler.kit import Kit, make
from tests.scheduler.mixed import ORGANIZER, Mixed, mixed, monday
from tests.scheduler.services.checking.planted import organizer_file
from tests.stories.kit import MARA, ask, booked

Change = Callable[[icalendar.Calendar, icalendar.Event], None]


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    ask(made, "short")
    made.clock.forward(minutes=10)
    return made


def kinds(kit: Kit) -> list[str]:
    return sorted(f.kind for f in events.look(kit.app).faults)


def plant(kit: Kit, change: Change) -> None:
    """Change the first of our events in the organizer's file, as another program does."""
    with organizer_file(kit) as calendar:
        change(calendar, next(e for e in calendar.walk("VEVENT") if "X-LOOPWRIGHT-KEY" in e))


def test_what_is_booked_stands_in_the_calendar(kit: Kit) -> None:
    found = events.look(kit.app)
    assert found.faults == []
    assert found.interviews == found.events >= 2


def _gone(calendar: icalendar.Calendar, event: icalendar.Event) -> None:
    calendar.subcomponents.remove(event)


def _moved(_: icalendar.Calendar, event: icalendar.Event) -> None:
    for name in ("DTSTART", "DTEND"):
        event[name].dt += timedelta(minutes=15)


def _far_away(_: icalendar.Calendar, event: icalendar.Event) -> None:
    for name in ("DTSTART", "DTEND"):
        event[name].dt += timedelta(days=400)


def _longer(_: icalendar.Calendar, event: icalendar.Event) -> None:
    event["DTEND"].dt += timedelta(minutes=5)


def _uninvited(_: icalendar.Calendar, event: icalendar.Event) -> None:
    event["ATTENDEE"] = event["ATTENDEE"][1:] if isinstance(event["ATTENDEE"], list) else []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_gone, Kind.GONE),
        (_moved, Kind.MOVED),
        (_far_away, Kind.MOVED),
        (_longer, Kind.MOVED),
        (_uninvited, Kind.GUESTS),
    ],
)
def test_a_fault_in_the_file_is_named(kit: Kit, change: Change, kind: Kind) -> None:
    plant(kit, change)
    (fault,) = events.look(kit.app).faults
    assert fault.kind is kind
    assert fault.interview is not None and fault.interview.title in fault.text


def test_an_empty_listing_says_that_it_cannot_be_read_rather_than_that_all_is_gone(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_ASKED", 1)
    with organizer_file(kit) as calendar:
        for event in [e for e in calendar.walk("VEVENT") if "X-LOOPWRIGHT-KEY" in e]:
            calendar.subcomponents.remove(event)
    assert kinds(kit) == [Kind.GONE, Kind.UNREAD]


def test_an_event_that_a_person_changed_in_its_text_alone_is_fine(kit: Kit) -> None:
    def text(_: icalendar.Calendar, event: icalendar.Event) -> None:
        event["SUMMARY"] = icalendar.vText("Another title")
        event.add("ATTENDEE", icalendar.vCalAddress("mailto:colleague@testwerk.example"))

    plant(kit, text)
    assert kinds(kit) == []


@pytest.mark.parametrize("days", [0, 1])
def test_a_copy_with_another_uid_is_told_and_left(kit: Kit, days: int) -> None:
    def pasted(calendar: icalendar.Calendar, event: icalendar.Event) -> None:
        twin = copy.deepcopy(event)
        twin["UID"] = icalendar.vText("a-copy@elsewhere.example")
        for name in ("DTSTART", "DTEND"):
            twin[name].dt += timedelta(days=days)
        calendar.add_component(twin)

    plant(kit, pasted)
    (fault,) = events.look(kit.app).faults
    assert fault.kind is Kind.DOUBLED and not fault.stray
    assert "has a copy at" in fault.text and "somebody may have made" in fault.text
    assert reconcile.orphans(kit.app) == []
    assert len(events.look(kit.app).faults) == 1


def test_a_copy_of_what_is_off_is_told(kit: Kit) -> None:
    def pasted(calendar: icalendar.Calendar, event: icalendar.Event) -> None:
        event["UID"] = icalendar.vText("a-copy@elsewhere.example")
        key = str(event["X-LOOPWRIGHT-KEY"]).split("/")
        event["X-LOOPWRIGHT-KEY"] = icalendar.vText("/".join([key[0], "lp_0000000000000000", *key[2:]]))

    plant(kit, pasted)
    assert kinds(kit) == [Kind.GONE, Kind.ORPHANED]


def test_an_interview_that_the_tables_no_longer_have_leaves_an_orphan(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lw_interviews SET state = 'cancelled' WHERE spec <> 'debrief'")
    orphans = [f for f in events.look(kit.app).faults if f.kind is Kind.ORPHANED]
    assert orphans and all(f.stray and f.event is not None for f in orphans)


def test_a_loop_that_is_being_written_is_left_alone(kit: Kit) -> None:
    plant(kit, _gone)
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lw_ledger SET state = 'todo' WHERE write = 'book'")
    assert kinds(kit) == []


def test_a_calendar_that_cannot_be_read_is_no_good_one(kit: Kit) -> None:
    (kit.folder / "interviews@testwerk.example.ics").write_text("BEGIN:VCALENDAR\r\n")
    assert kinds(kit)[:1] == [Kind.UNREAD] or Kind.UNREAD in kinds(kit)


class TestServices:
    """The same on the stand-ins of Google and Microsoft, whose stores are changed behind our back."""

    @pytest.fixture(params=["google", "outlook"])
    def world(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mixed]:
        with mixed(tmp_path, organizer_on=request.param) as world:
            day = monday().date()
            windows = tuple(
                (f"{day + timedelta(days=n)}T09:00", f"{day + timedelta(days=n)}T17:00") for n in (0, 1)
            )
            ask(world.kit, "talks", windows=windows, application=MARA)
            world.kit.clock.forward(minutes=10)
            yield world

    def test_what_is_booked_stands_there(self, world: Mixed) -> None:
        found = events.look(world.kit.app)
        assert found.faults == [] and found.interviews == found.events == 3

    def test_gone_moved_and_doubled(self, world: Mixed) -> None:
        first, second = self._two(world)
        calendar = world.kit.app.calendar(world.kit.company.organizer)
        calendar.cancel(EventRef(first.calendar, first.event_id))
        intent = self._intent(world, second)
        calendar.reschedule(
            EventRef(second.calendar, second.event_id),
            layout.replace(
                intent, start=intent.start + timedelta(hours=1), end=intent.end + timedelta(hours=1)
            ),
            calendar.get(EventRef(second.calendar, second.event_id)).etag,
        )
        assert kinds(world.kit) == [Kind.GONE, Kind.MOVED]

    def test_a_second_event_of_an_interview(self, world: Mixed) -> None:
        first, _ = self._two(world)
        calendar = world.kit.app.calendar(world.kit.company.organizer)
        intent = self._intent(world, first)
        later = layout.replace(intent, key=intent.key[:-1] + "7")
        calendar.book(ORGANIZER, later)
        (fault,) = events.look(world.kit.app).faults
        assert fault.kind is Kind.DOUBLED and fault.stray
        calendar.cancel(EventRef(ORGANIZER, calendar.find(ORGANIZER, later.key).ref.id))  # type: ignore[union-attr]
        other = layout.replace(
            intent,
            key=intent.key[:-1] + "8",
            start=intent.start + timedelta(days=9),
            end=intent.end + timedelta(days=9),
        )
        calendar.book(ORGANIZER, other)
        (fault,) = events.look(world.kit.app).faults
        assert fault.kind is Kind.DOUBLED

    def _two(self, world: Mixed) -> tuple[Interview, Interview]:
        with world.kit.app.db.read() as tx:
            (loop,) = tx.loops.list()
        rows = booked(world.kit, loop.id)
        return rows["first"], rows["second"]

    def _intent(self, world: Mixed, interview: Interview) -> layout.EventIntent:
        with world.kit.app.db.read() as tx:
            loop = tx.loops.get(interview.loop)
            assert loop is not None
            application = tx.applications.get(loop.application)
            people = {p.id: p for p in tx.people.list()}
            rooms = {r.id: r for r in tx.rooms.list()}
        assert application is not None
        return layout.intent("test", loop, application, interview, people, rooms)
