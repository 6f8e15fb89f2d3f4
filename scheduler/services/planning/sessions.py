"""The interviews of a template as sessions of the packing problem.

Told by `tests/stories/test_main_job.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from connectors.types import Known
from scheduler.domain.bookings import Interview
from scheduler.domain.bookings import Seat as BookedSeat
from scheduler.domain.fixes import saying
from scheduler.domain.fixes.saying import said
from scheduler.domain.loops import InterviewLock, Reason
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind, InterviewSpec, Modality, SeatKind, SeatSpec
from scheduler.domain.time import Span, at, intersection, merged, zone
from scheduler.services.planning import seating, worktime
from scheduler.services.planning.picture import Picture
from solver import Assignment, Gap, Interval, Lock, Seat, Session, SessionKind, Shadow

_ROUND = 5
"""Extra time rounds a duration up to whole multiples of this many minutes."""


class _Scale(Protocol):
    def floor(self, instant: datetime) -> int: ...
    def free(self, spans: Sequence[Span]) -> tuple[Interval, ...]: ...


DEBRIEF = "debrief"
LOCKED = "locked"
"""Kind of a reason: what a person has locked cannot be kept."""

RATHER_NOT = 2
"""Units of dislike, each at the price `rank`, of an interview that somebody would rather not do."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """``spec`` maps a session id to the template's interview; ``reasons`` say what cannot be posed.

    ``named`` are people whom the template names outright: an earlier round does not bar them.
    """

    sessions: tuple[Session, ...]
    gaps: tuple[Gap, ...]
    spec: Mapping[str, str]
    named: frozenset[str]
    reasons: tuple[Reason, ...] = ()
    pinned: tuple[Interview, ...] = ()
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Per session, the template's number of each seat posed: optional seats that nobody can fill
    are left out."""

    on_site: frozenset[str] = frozenset()
    """People who might be wanted in a room: where they say they work matters."""

    @property
    def pinned_rooms(self) -> frozenset[str]:
        return frozenset(i.room for i in self.pinned if i.room)

    def pinned_spans(self, person: str) -> list[Span]:
        return [i.span for i in self.pinned if any(s.person == person for s in i.seats)]

    def pinned_room_spans(self, room: str) -> list[Span]:
        return [i.span for i in self.pinned if i.room == room]

    def assignment(self, interview: Interview, scale: _Scale) -> Assignment:
        """A booked interview as the solver's assignment: people per evaluating seat, in order."""
        session = next(s for s in self.sessions if self.spec[s.id] == interview.spec)
        return _assignment(interview, self.kept[session.id], scale)

    def by_seat(self, session: str, people: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        """A session's people as one tuple per seat of the template, empty where none was posed."""
        found = dict(zip(self.kept[session], people, strict=True))
        return tuple(found.get(n, ()) for n in range(max(found, default=-1) + 1))


def _assignment(interview: Interview, kept: Sequence[int], scale: _Scale) -> Assignment:
    people = tuple(tuple(sorted(s.person for s in interview.seats if s.number == n)) for n in kept)
    shadow = next((s.person for s in interview.seats if s.kind is SeatKind.SHADOW), None)
    return Assignment(scale.floor(interview.span.start), people, shadow, interview.room)


def _locked_start(
    picture: Picture, held: InterviewLock, title: str, scale: _Scale, reasons: list[Reason]
) -> int | None:
    """The minute of a locked time; one that no plan can have any more is a reason."""
    if held.start is None:
        return None
    if picture.span.start <= held.start < picture.span.end:
        return scale.floor(held.start)
    when = f"{held.start.astimezone(zone(picture.loop.zone)):%A %d %B %H:%M} ({picture.loop.zone})"
    text = f"{title} is locked to {when}, which is past or beyond the horizon: unlock its time"
    there = said("locked_time", title=title, at=saying.moment(held.start, picture.loop.zone))
    reasons.append(Reason(LOCKED, text, (), (held.interview,), there))
    return None


def debrief_lock(picture: Picture, scale: _Scale) -> int | Reason | None:
    """The minute to which a person has locked the debrief, or why it cannot be kept."""
    held, reasons = picture.loop.lock_of(DEBRIEF), list[Reason]()
    start = _locked_start(picture, held, "The debrief", scale, reasons) if held else None
    return reasons[0] if reasons else start


def session_id(loop: str, spec: str) -> str:
    """The id of an interview of a loop, in our tables and in the problem."""
    return f"{loop}:{spec}"


def solver_seats(spec: InterviewSpec) -> list[SeatSpec]:
    """The seats that the solver fills as seats, in order: all but the shadows."""
    return [s for s in spec.seats if s.kind is not SeatKind.SHADOW]


def build_sessions(
    picture: Picture, scale: _Scale, offered: Sequence[Span], pinned: frozenset[str]
) -> Sessions:
    """Every interview that takes calendar time as a session, or the reasons why not."""
    template = picture.loop.template
    reasons = [
        Reason(
            "incomplete",
            f"the step {i.title!r} {i.incomplete}",
            (),
            (i.id,),
            said("incomplete", title=i.title, why=i.incomplete),
        )
        for i in template.interviews
        if i.incomplete
    ]
    planned = [i for i in template.interviews if i.kind is not InterviewKind.TAKE_HOME and not i.incomplete]
    current = {i.spec: i for i in picture.standing}
    sessions: list[Session] = []
    gaps: list[Gap] = []
    spec: dict[str, str] = {}
    kept: dict[str, tuple[int, ...]] = {}
    named: set[str] = set()
    on_site: set[str] = set()
    for interview in planned:
        builder = _Builder(picture, scale, interview, current.get(interview.id), offered)
        built = builder.build(interview.id in pinned)
        reasons.extend(builder.reasons)
        named |= builder.named
        if interview.modality is Modality.ON_SITE:
            on_site |= {p for seat in built.seats for p in seat.pool}
        sessions.append(built)
        spec[built.id] = interview.id
        kept[built.id] = builder.kept
        gaps.extend(_gaps(picture, interview, {i.id for i in planned}))
    settled = tuple(i for i in picture.current if i.spec in pinned)
    return Sessions(
        tuple(sessions),
        tuple(gaps),
        spec,
        frozenset(named),
        tuple(reasons),
        settled,
        kept,
        frozenset(on_site),
    )


def _gaps(picture: Picture, interview: InterviewSpec, known: set[str]) -> list[Gap]:
    greatest = 0 if interview.immediately_after else interview.greatest_gap
    if not interview.least_gap and greatest is None:
        return []
    loop = picture.loop.id
    then = session_id(loop, interview.id)
    return [
        Gap(session_id(loop, first), then, interview.least_gap, greatest)
        for first in interview.after
        if first in known
    ]


class _Builder:
    """One interview of the template on its way to a session; collects what is in its way."""

    def __init__(
        self,
        picture: Picture,
        scale: _Scale,
        interview: InterviewSpec,
        now: Interview | None,
        offered: Sequence[Span],
    ) -> None:
        self.picture, self.scale, self.interview = picture, scale, interview
        self.now, self.offered = now, offered
        self.reasons: list[Reason] = []
        self.named: set[str] = set()
        self.kept: tuple[int, ...] = ()

    def build(self, pinned: bool) -> Session:
        interview, loop = self.interview, self.picture.loop
        specs = {i.id: i for i in loop.template.interviews}
        after = [i for i in interview.after if not specs[i].incomplete]
        posed = {n: self._seat(n, s, pinned) for n, s in enumerate(solver_seats(interview))}
        self.kept = tuple(n for n, seat in posed.items() if seat.pool)
        now = _assignment(self.now, self.kept, self.scale) if self.now else None
        return Session(
            id=session_id(loop.id, interview.id),
            kind=SessionKind.INTERVIEW if interview.kind is InterviewKind.INTERVIEW else SessionKind.LUNCH,
            dur=self._minutes(),
            room=interview.needs_room,
            seats=tuple(posed[n] for n in self.kept),
            after=tuple(
                session_id(loop.id, i) for i in after if specs[i].kind is not InterviewKind.TAKE_HOME
            ),
            shadow=self._shadow(),
            window=self._window(specs),
            lock=Lock(now.start, now.people, now.room) if pinned and now else self._lock(),
            features=interview.features | self._accessible(),
            same_people_as=session_id(loop.id, interview.same_people_as)
            if interview.same_people_as
            else None,
            previous=now,
        )

    def _accessible(self) -> frozenset[str]:
        needed = self.picture.application.accommodation.features
        return needed if self.interview.needs_room else frozenset()

    def _minutes(self) -> int:
        """The template's minutes, longer by the extra time, rounded up."""
        minutes = self.interview.minutes or 0
        extra = self.picture.application.accommodation.extra_time
        if not extra or self.interview.kind is InterviewKind.LUNCH:
            return minutes
        longer = -(-minutes * (100 + extra) // 100)
        return -(-longer // _ROUND) * _ROUND

    def _seat(self, number: int, seat: SeatSpec, pinned: bool) -> Seat:
        picture = self.picture
        pool = seating.candidates(seat, picture.application, picture.roster)
        pool = self._there(pool, seat)
        one = seating.named(seat, picture.application)
        if one is not None:
            self.named.add(one)
        holders = self._holders(number, pinned)
        gone = {p for p, i in picture.loop.declined if i == self.interview.id}
        lost = [p for p in pool if not self._known(p) and p not in holders]
        fit = sorted({p for p in pool if p not in lost and p not in gone} | (holders - gone))
        if len(fit) < seat.count and seat.kind is not SeatKind.OPTIONAL:
            self.reasons.append(self._short(seat, one, fit, lost, gone))
        locked = () if pinned else self._locked(number, seat.count)
        self.reasons += [self._unfit(p, lost, gone) for p in locked if p not in fit]
        fit = [p for p in fit if p in locked] if locked else fit
        return Seat(
            n=min(seat.count, max(len(fit), 1)),
            pool=tuple(fit),
            rank={p: RATHER_NOT for p in fit if self._would_rather_not(p)},
            skill=" or ".join(seat.pools) or (seat.role or seat.person or ""),
            optional=seat.kind is SeatKind.OPTIONAL and not locked,
        )

    def _lock(self) -> Lock | None:
        """The time and the room that a person has locked; the people are the whole pool of their seats."""
        held = self.picture.loop.lock_of(self.interview.id)
        if held is None:
            return None
        start = _locked_start(self.picture, held, self.interview.title, self.scale, self.reasons)
        room = held.room if self.interview.needs_room and held.room in self.picture.rooms else None
        if held.room and room is None:
            text = f"{self.interview.title} is locked to the room {held.room}, which is not there: unlock its room"
            there = said("locked_room", title=self.interview.title, room=held.room)
            self.reasons.append(Reason(LOCKED, text, (), (self.interview.id,), there))
        return Lock(start, None, room) if (start, room) != (None, None) else None

    def _locked(self, number: int, count: int) -> tuple[str, ...]:
        """Who keeps a seat that a person has locked; nobody where it is free to change."""
        held = self.picture.loop.lock_of(self.interview.id)
        people = held.of_seat(number) if held else ()
        return people if len(people) == count else ()

    def _unfit(self, person: str, lost: list[str], gone: set[str]) -> Reason:
        """Why somebody cannot have the seat that a person gave them."""
        roster = self.picture.roster
        kind, why = "seats", "is not among those who may take this seat"
        if person in gone:
            kind, why = "declined", "has declined it"
        elif person in lost:
            kind, why = "unknown_calendar", "cannot be asked: the calendar cannot be read"
        elif person in roster.people and not roster.people[person].active:
            kind, why = "left", "is no longer with the company"
        text = f"{self.interview.title}: {roster.name(person)} {why}"
        told = said(f"unfit.{kind}", title=self.interview.title, who=roster.name(person))
        return Reason(kind, text, (person,), (self.interview.id,), told)

    def _would_rather_not(self, person: str) -> bool:
        wishes = self.picture.roster.people[person].rather_not
        return bool({self.interview.id, self.interview.kind.value} & wishes)

    def _there(self, pool: list[str], seat: SeatSpec) -> list[str]:
        """Who of a pool works at the place of an on-site interview; whom the template names may join
        from elsewhere."""
        site = self.picture.sites.get(self.picture.loop.site or "")
        named = seating.named(seat, self.picture.application) is not None
        if self.interview.modality is not Modality.ON_SITE or site is None or named:
            return pool
        return [p for p in pool if seating.works_at(self.picture.roster.people[p], site)]

    def _short(
        self, seat: SeatSpec, one: str | None, fit: list[str], lost: list[str], gone: set[str]
    ) -> Reason:
        if one is not None and one in gone:
            name = self.picture.roster.name(one)
            text = f"{self.interview.title} needs {name}, who has declined"
            told = said("needs.declined", title=self.interview.title, who=name)
            return Reason("declined", text, (one,), (self.interview.id,), told)
        if one is not None and one in lost:
            name = self.picture.roster.name(one)
            text = f"{self.interview.title} needs {name}, whose calendar cannot be read"
            told = said("needs.unread", title=self.interview.title, who=name)
            return Reason("unknown_calendar", text, (one,), (self.interview.id,), told)
        return seating.shortage(self.interview, seat, fit, lost, self.picture.roster)

    def _holders(self, number: int, pinned: bool) -> set[str]:
        """Who sits there now: kept in the pool even if their calendar just cannot be read. Who has left is
        kept only in what is settled."""
        seats: Sequence[BookedSeat] = self.now.seats if self.now else ()
        people = self.picture.roster.people
        there = {s.person for s in seats if s.number == number and s.person in people}
        return {p for p in there if pinned or people[p].active}

    def _known(self, person: str) -> bool:
        return isinstance(self.picture.availability.get(Subject.person(person)), Known)

    def _shadow(self) -> Shadow | None:
        pool: list[str] = []
        for seat in self.interview.seats:
            if seat.kind is SeatKind.SHADOW:
                found = seating.candidates(seat, self.picture.application, self.picture.roster)
                found = self._there(found, seat)
                pool += [p for p in found if self._known(p) and p not in pool]
        return Shadow(tuple(pool)) if pool else None

    def _window(self, specs: Mapping[str, InterviewSpec]) -> tuple[Interval, ...]:
        """Wall-clock windows of each day, and nothing before a take-home is due."""
        picture, interview = self.picture, self.interview
        tz = zone(picture.loop.zone)
        windows = worktime.clock_windows(interview.windows, tz, picture.span) if interview.windows else []
        homework = [specs[i] for i in interview.after if specs[i].kind is InterviewKind.TAKE_HOME]
        due = [picture.loop.due_day(e) for e in homework if e.due_days]
        if due:
            start = at(max(due) + timedelta(days=1), datetime.min.time(), tz)
            rest = [Span(start, picture.span.end)] if start < picture.span.end else []
            windows = intersection(windows, rest) if interview.windows else rest
        if (interview.windows or due) and not intersection(windows, merged(self.offered)):
            text = f"{interview.title} has a window of the day that the candidate never offers"
            told = said("window", title=interview.title)
            self.reasons.append(Reason("window", text, (), (interview.id,), told))
        return self.scale.free(windows)
