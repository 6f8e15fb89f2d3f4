"""Random histories: we book, move and cancel, people answer, tidy and edit, processes restart and die;
a simple model says what must be true after every step."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from connectors.errors import Conflict, Gone, StaleWrite, Transient
from connectors.local import LocalCalendar, store
from connectors.types import Attendee, Event, EventIntent, EventRef, Known, Reply, Role
from tests.connectors.conformance_kit import WINDOW, at, follow
from tests.connectors.harness import ZONE, Foreign, Kind
from tests.connectors.local_harness import ORGANIZER, PEOPLE, ROOMS, LocalHarness

SLOTS = [(at(day, hour), at(day, hour) + timedelta(hours=1)) for day in (1, 2) for hour in (9, 10, 11)]


@dataclass
class Model:
    """What we expect of one event. ``etag`` is the last one a caller saw."""

    intent: EventIntent
    ref: EventRef
    etag: str
    start: datetime
    end: datetime
    answers: dict[str, Reply] = field(default_factory=dict)
    gone: bool = False

    def asked_anew(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        self.answers = dict.fromkeys(self.answers, Reply.NEEDS_ACTION)


class Calendars(RuleBasedStateMachine):
    events = Bundle("events")

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="calendars-"))
        self.patch = pytest.MonkeyPatch()
        self.harness = LocalHarness(self.folder / "c", self.patch)
        self.models: dict[str, Model] = {}
        self.foreign: dict[str, list[tuple[datetime, datetime]]] = {person: [] for person in PEOPLE}
        self.known: dict[str, Event] = {}
        self.cursor = follow(self.calendar, ORGANIZER, None, self.known)
        self.counter = 0

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def calendar(self) -> LocalCalendar:
        return self.harness.calendar

    def intent(self, people: set[str], room: bool, slot: int) -> EventIntent:
        self.counter += 1
        guests = [Attendee(person) for person in sorted(people)]
        guests += [Attendee(ROOMS[0], role=Role.ROOM)] if room else []
        start, end = SLOTS[slot]
        return EventIntent(f"m/{self.counter}/0", "Interview", start, end, ZONE, tuple(guests))

    @rule(
        target=events,
        people=st.sets(st.sampled_from(PEOPLE), min_size=1),
        room=st.booleans(),
        slot=st.integers(0, 5),
        dies=st.booleans(),
    )
    def book(self, people: set[str], room: bool, slot: int, dies: bool) -> str:
        intent = self.intent(people, room, slot)
        if dies:
            self.harness.lose_next_answer()
            with pytest.raises(Transient):
                self.calendar.book(ORGANIZER, intent)
        booked = self.calendar.book(ORGANIZER, intent)
        model = Model(intent, booked.ref, booked.etag, intent.start, intent.end)
        model.answers = {a.address: Reply.NEEDS_ACTION for a in intent.attendees if a.role is not Role.ROOM}
        self.models[intent.key] = model
        return intent.key

    @rule(key=events)
    def book_again(self, key: str) -> None:
        model = self.models[key]
        if model.gone:
            with pytest.raises(Conflict):
                self.calendar.book(ORGANIZER, model.intent)
        else:
            assert self.calendar.book(ORGANIZER, model.intent).ref == model.ref
        other = replace(model.intent, title="Something else")
        with pytest.raises(Conflict):
            self.calendar.book(ORGANIZER, other)

    @rule(
        key=events,
        slot=st.integers(0, 5),
        people=st.sets(st.sampled_from(PEOPLE), min_size=1),
        stale=st.booleans(),
    )
    def reschedule(self, key: str, slot: int, people: set[str], stale: bool) -> None:
        model = self.models[key]
        rooms = tuple(a for a in model.intent.attendees if a.role is Role.ROOM)
        start, end = SLOTS[slot]
        wanted = replace(
            model.intent, start=start, end=end, attendees=(*(Attendee(p) for p in sorted(people)), *rooms)
        )
        if model.gone:
            with pytest.raises(Gone):
                self.calendar.reschedule(model.ref, wanted, model.etag)
            return
        if stale:
            with pytest.raises(StaleWrite):
                self.calendar.reschedule(model.ref, wanted, "0" * 32)
            return
        etag = self.calendar.get(model.ref).etag
        booked = self.calendar.reschedule(model.ref, wanted, etag)
        moved = (start, end) != (model.start, model.end)
        old = model.answers
        model.answers = {p: old.get(p, Reply.NEEDS_ACTION) for p in people}
        model.intent, model.etag = wanted, booked.etag
        if moved:
            model.asked_anew(start, end)

    @rule(key=events)
    def cancel(self, key: str) -> None:
        self.calendar.cancel(self.models[key].ref, "No longer needed")
        self.models[key].gone = True

    @rule(key=events, who=st.sampled_from(PEOPLE), reply=st.sampled_from(list(Reply)))
    def answer(self, key: str, who: str, reply: Reply) -> None:
        if not self.harness.live_in(who, key):
            return
        self.harness.answer(who, self.models[key].ref, reply)
        if who in self.models[key].answers and not self.models[key].gone:
            self.models[key].answers[who] = reply

    @rule(key=events, who=st.sampled_from(PEOPLE))
    def throw_away(self, key: str, who: str) -> None:
        if not self.harness.live_in(who, key):
            return
        self.harness.throw_away(who, self.models[key].ref)
        if who in self.models[key].answers and not self.models[key].gone:
            self.models[key].answers[who] = Reply.DECLINED

    @rule(key=events, slot=st.integers(0, 5))
    def move_by_hand(self, key: str, slot: int) -> None:
        model = self.models[key]
        start, end = SLOTS[slot]
        if model.gone or (start, end) == (model.start, model.end):
            return
        self.harness.move(model.ref, start, end)
        self.calendar.get(model.ref)  # noticed before anybody answers to the new time
        model.asked_anew(start, end)

    @rule(key=consumes(events))
    def delete_by_hand(self, key: str) -> None:
        model = self.models[key]
        if not model.gone:
            self.harness.delete(model.ref)
            model.gone = True
            assert self.calendar.find(ORGANIZER, key) is not None

    @rule(who=st.sampled_from(PEOPLE), slot=st.integers(0, 5), kind=st.sampled_from([Kind.BUSY, Kind.FREE]))
    def foreign_event(self, who: str, slot: int, kind: Kind) -> None:
        start = SLOTS[slot][0] + timedelta(days=4, minutes=len(self.foreign[who]))
        self.harness.add(who, Foreign(kind, start, start + timedelta(minutes=30)))
        if kind is Kind.BUSY:
            self.foreign[who].append((start, start + timedelta(minutes=30)))

    @rule()
    def restart(self) -> None:
        self.harness.calendar = self.harness.restart()

    @rule(who=st.sampled_from(PEOPLE))
    def unreadable_for_a_while(self, who: str) -> None:
        """Nothing is delivered, nothing is lost, nothing is taken for an answer."""
        path = self.harness.path(who)
        good = path.read_bytes()
        path.write_bytes(good[:-10])
        self.calendar.changes(ORGANIZER, None, WINDOW)
        assert path.read_bytes() == good[:-10]
        path.write_bytes(good)

    @rule()
    def follow_changes(self) -> None:
        self.cursor = follow(self.calendar, ORGANIZER, self.cursor, self.known)
        live = {m.ref.id: (m.start, m.end) for m in self.models.values() if not m.gone}
        assert {id_: (e.start, e.end) for id_, e in self.known.items()} == live
        for id_, event in self.known.items():
            assert event == self.calendar.get(EventRef(ORGANIZER, id_))

    @invariant()
    def the_organizer_knows_everything(self) -> None:
        found = {event.key: event for event in self.calendar.find_all(ORGANIZER, WINDOW)}
        live = {key: model for key, model in self.models.items() if not model.gone}
        assert set(found) == set(live)
        for key, model in live.items():
            event = found[key]
            assert (event.start, event.end) == (model.start, model.end)
            said = {a.address: a.reply for a in event.attendees if a.role is not Role.ROOM}
            assert said == model.answers
        for key, model in self.models.items():
            if model.gone:
                event_now = self.calendar.find(ORGANIZER, key)
                assert event_now is not None
                assert event_now.cancelled

    @invariant()
    def everybodys_calendar_is_right(self) -> None:
        self.calendar.changes(ORGANIZER, None, WINDOW)
        answers = self.calendar.availability([*PEOPLE, ROOMS[0]], WINDOW)
        for person in PEOPLE:
            answer = answers[person]
            assert isinstance(answer, Known)
            ours = sorted((b.key or "", b.start, b.end) for b in answer.busy if b.key)
            assert ours == sorted(
                (key, m.start, m.end)
                for key, m in self.models.items()
                if not m.gone and m.answers.get(person, Reply.DECLINED) is not Reply.DECLINED
            )
            assert sorted((b.start, b.end) for b in answer.busy if not b.key) == sorted(self.foreign[person])
        room = answers[ROOMS[0]]
        assert isinstance(room, Known)
        for one, two in zip(room.busy, room.busy[1:], strict=False):
            assert one.end <= two.start, "a room is never given to two at once"
        assert list(self.harness.folder.glob(f"{store.STATE}-*")) == []


Calendars.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCalendars = Calendars.TestCase
