"""What the rules look at: a problem indexed by id, a placed loop, everybody's bookings.

Plain lookups only. Nothing here decides whether a plan is good; the rules do.

Told by `tests/solver/test_check_properties.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from solver.problem.plan import DEBRIEF, Assignment, LoopPlan, Plan, Violation
from solver.problem.values import BusyKind, Interval, Loop, Person, Problem, Room, Session, SessionKind


def merged(blocks: Iterable[Interval]) -> list[Interval]:
    """The union of intervals as sorted, disjoint, non-touching ones."""
    union: list[Interval] = []
    for start, end in sorted(blocks):
        if union and start <= union[-1][1]:
            if end > union[-1][1]:
                union[-1] = (union[-1][0], end)
        else:
            union.append((start, end))
    return union


class Spans:
    """Disjoint sorted intervals that answer questions by binary search."""

    __slots__ = ("ends", "starts")

    def __init__(self, intervals: Iterable[Interval]) -> None:
        pairs = list(intervals)
        self.starts = [start for start, _ in pairs]
        self.ends = [end for _, end in pairs]

    def index(self, start: int, end: int) -> int | None:
        """The position of the interval that holds all of ``[start, end)``."""
        at = bisect_right(self.starts, start) - 1
        return at if at >= 0 and end <= self.ends[at] else None

    def overlaps(self, start: int, end: int) -> bool:
        """Whether some interval shares at least a minute with ``[start, end)``."""
        at = bisect_right(self.ends, start)
        return at < len(self.starts) and self.starts[at] < end

    def minutes(self, start: int, end: int) -> int:
        """Minutes of ``[start, end)`` that lie inside the intervals."""
        total = 0
        for at in range(bisect_right(self.ends, start), len(self.starts)):
            if self.starts[at] >= end:
                break
            total += min(end, self.ends[at]) - max(start, self.starts[at])
        return total


class Diary:
    """One person's calendar: working hours, and the blocks of each kind."""

    __slots__ = ("blocks", "held", "person", "work")

    def __init__(self, person: Person) -> None:
        self.person = person
        self.work = Spans(person.work)
        by_kind: dict[BusyKind, list[Interval]] = {kind: [] for kind in BusyKind}
        for block in person.busy:
            by_kind[block.kind].append((block.start, block.end))
        self.blocks = {kind: Spans(merged(blocks)) for kind, blocks in by_kind.items()}
        self.held = person.held


class Lookup:
    """A problem by id; calendars are indexed when first asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.loops = {loop.id: loop for loop in problem.loops}
        self.rooms = {room.id: room for room in problem.rooms}
        self._people = {person.id: person for person in problem.people}
        self._diaries: dict[str, Diary] = {}
        self._room_busy: dict[str, Spans] = {}
        self._loop_spans: dict[tuple[str, str], Spans] = {}
        self._calendars: dict[str, Spans] = {}
        self._days = {tz: Spans(bounds) for tz, bounds in problem.day_bounds.items()}
        self._weeks = {tz: Spans(bounds) for tz, bounds in problem.week_bounds.items()}
        self.travel: dict[tuple[str, str], int] = {}
        for one, other, minutes in problem.travel:
            self.travel[one, other] = self.travel[other, one] = minutes
        self.longest_travel = max(self.travel.values(), default=0)

    def twins(self, loop: Loop) -> dict[str, str]:
        """Session → a name of its group of sessions with the same people (itself when alone)."""
        group = {session.id: session.id for session in loop.sessions}
        for session in loop.sessions:
            if session.same_people_as is not None:
                old, new = group[session.id], group[session.same_people_as]
                group = {name: new if root == old else root for name, root in group.items()}
        return group

    def diary(self, person: str) -> Diary | None:
        """The calendar of a person, ``None`` for an id the problem does not know."""
        found = self._diaries.get(person)
        if found is None and person in self._people:
            found = self._diaries[person] = Diary(self._people[person])
        return found

    def room_busy(self, room: Room) -> Spans:
        found = self._room_busy.get(room.id)
        if found is None:
            found = self._room_busy[room.id] = Spans(merged(room.busy))
        return found

    def spans(self, loop: Loop, what: str) -> Spans:
        """``availability``, ``days`` or ``preferred`` of a loop."""
        found = self._loop_spans.get((loop.id, what))
        if found is None:
            found = self._loop_spans[loop.id, what] = Spans(getattr(loop, what))
        return found

    def calendar(self, site: str) -> Spans:
        """Business hours of a site (none for a site without a calendar)."""
        found = self._calendars.get(site)
        if found is None:
            found = self._calendars[site] = Spans(self.problem.calendars.get(site, ()))
        return found

    def local_day(self, tz: str, start: int) -> int | None:
        """Which local day of ``tz`` an instant lies in."""
        return self._days[tz].index(start, start + 1)

    def local_week(self, tz: str, start: int) -> int | None:
        """Which ISO week of ``tz`` an instant lies in."""
        return self._weeks[tz].index(start, start + 1)


class Meeting(NamedTuple):
    """A session of a placed loop with what was assigned to it."""

    session: Session
    got: Assignment
    start: int
    end: int
    site: str
    day: int | None
    """Position in the loop's ``days``, ``None`` outside all of them."""

    @property
    def id(self) -> str:
        return self.session.id

    @property
    def interview(self) -> bool:
        return self.session.kind is SessionKind.INTERVIEW

    @property
    def seated(self) -> tuple[str, ...]:
        """Everybody in a seat, seat by seat."""
        return tuple(person for seat in self.got.people for person in seat)

    @property
    def present(self) -> tuple[str, ...]:
        """Everybody in a seat, and the shadow."""
        return self.seated if self.got.shadow is None else (*self.seated, self.got.shadow)


class Booking(NamedTuple):
    """A new event of one person, or a use of a room. ``session`` is none for the debrief."""

    start: int
    end: int
    loop: str
    session: str | None
    kind: str
    """``interview``, ``shadow``, ``lunch`` or ``debrief``."""
    site: str | None

    def broken(self, rule: str, text: str, part: str = "", people: tuple[str, ...] = ()) -> Violation:
        """That a rule is broken by this event, or by a part of it, and for whom."""
        part = part if self.session is not None else DEBRIEF
        return Violation(rule, self.loop, self.session, text, part, people)

    @property
    def where(self) -> str:
        """Its path in a plan (`Violation.where`)."""
        return self.broken("", "").where

    @property
    def rank(self) -> tuple[int, int, str]:
        """By what events are put in order."""
        return self.start, self.end, self.where


@dataclass(frozen=True)
class Placed:
    """One placed loop, as its rules see it."""

    look: Lookup
    loop: Loop
    plan: LoopPlan

    @cached_property
    def meetings(self) -> tuple[Meeting, ...]:
        """Its known sessions by start."""
        days = self.look.spans(self.loop, "days")
        found = []
        for session in self.loop.sessions:
            got = self.plan.sessions.get(session.id)
            if got is not None:
                end = got.start + session.dur
                day = days.index(got.start, end)
                found.append(Meeting(session, got, got.start, end, session.site or self.loop.site, day))
        return tuple(sorted(found, key=attrgetter("start", "end")))

    @cached_property
    def by_id(self) -> dict[str, Meeting]:
        return {meeting.session.id: meeting for meeting in self.meetings}

    @cached_property
    def last_end(self) -> int | None:
        """End of the last session."""
        return max((meeting.end for meeting in self.meetings), default=None)

    @cached_property
    def used_days(self) -> dict[int, list[Meeting]]:
        """Its meetings by position in ``days``."""
        used: dict[int, list[Meeting]] = {}
        for meeting in self.meetings:
            if meeting.day is not None:
                used.setdefault(meeting.day, []).append(meeting)
        return used

    @cached_property
    def panel(self) -> tuple[str, ...]:
        """Who the debrief needs: everybody in an interview seat, and ``attend``."""
        if self.loop.debrief is None:
            return ()
        people = dict.fromkeys(person for m in self.meetings if m.interview for person in m.seated)
        people.update(dict.fromkeys(self.loop.debrief.attend))
        return tuple(people)

    @cached_property
    def bookings(self) -> tuple[tuple[str, Booking], ...]:
        """``(person, booking)`` for everybody in every new event of the loop."""
        found: list[tuple[str, Booking]] = []
        for meeting in self.meetings:
            kind = "interview" if meeting.interview else "lunch"
            seat = Booking(meeting.start, meeting.end, self.loop.id, meeting.id, kind, meeting.site)
            found.extend((person, seat) for person in dict.fromkeys(meeting.seated))
            shadow = meeting.got.shadow
            if shadow is not None and shadow not in meeting.seated:
                kind = "shadow" if meeting.interview else "lunch"
                found.append((shadow, seat._replace(kind=kind)))
        debrief, start = self.loop.debrief, self.plan.debrief
        if debrief is not None and start is not None:
            event = Booking(start, start + debrief.dur, self.loop.id, None, DEBRIEF, None)
            found.extend((person, event) for person in self.panel)
        return tuple(found)


@dataclass
class Book:
    """Everybody's new bookings and every room's uses, over all placed loops.

    `add` and `remove` keep it current while a search moves single loops.
    """

    look: Lookup
    people: dict[str, list[Booking]] = field(default_factory=dict)
    rooms: dict[str, list[Booking]] = field(default_factory=dict)

    @classmethod
    def of(cls, look: Lookup, placed: Iterable[Placed]) -> Book:
        book = cls(look)
        for loop in placed:
            book.add(loop)
        return book

    def add(self, placed: Placed) -> None:
        for person, booking in placed.bookings:
            self.people.setdefault(person, []).append(booking)
        for room, booking in room_uses(placed):
            self.rooms.setdefault(room, []).append(booking)

    def remove(self, placed: Placed) -> None:
        """Takes out what `add` of the same loop put in."""
        for person, booking in placed.bookings:
            self.people[person].remove(booking)
        for room, booking in room_uses(placed):
            self.rooms[room].remove(booking)


def room_uses(placed: Placed) -> Iterator[tuple[str, Booking]]:
    """``(room, use)`` for every session of a loop that has a room."""
    for m in placed.meetings:
        if m.got.room is not None:
            yield (
                m.got.room,
                Booking(m.start, m.end, placed.loop.id, m.id, m.session.kind.value, m.site),
            )


def placed_loops(look: Lookup, plan: Plan, only: Iterable[str] | None = None) -> list[Placed]:
    """The plan's placed loops that the problem knows, in the problem's order."""
    wanted: Sequence[Loop] = look.problem.loops
    if only is not None:
        wanted = [look.loops[loop] for loop in only]
    found = ((loop, plan.loops.get(loop.id)) for loop in wanted)
    return [Placed(look, loop, got) for loop, got in found if got is not None]
