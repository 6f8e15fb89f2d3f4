"""Where a loop has no time at all: sessions and debriefs that nothing could ever start.

Read off the start masks in about a millisecond, before anything is solved. A gap is true by itself:
whatever is done about the rest of the loop, it stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from solver.ground.frame import Frame, SeatFrame, SessionFrame
from solver.ground.starts import attend_costs, fewest, full_domain
from solver.ground.timeline import BIG, Event, Mask
from solver.ground.usage import Usage
from solver.problem.values import Gap, Loop
from solver.why.groups import Group, Kind, between, linked


class Lack(StrEnum):
    """What is missing."""

    OFFER = "offer"  # no time that the candidate offers is long enough
    WINDOW = "window"  # none of those lies inside its window
    PIN = "pin"  # its pinned start is not among them
    POOL = "pool"  # a seat has too few people left
    PEOPLE = "people"  # enough people of a seat are never free at once
    SEATS = "seats"  # each seat has its times, all of them together have none
    DIFFERENT = "different"  # some sessions together need more different people than can take part
    ROOM = "room"  # no room of the site suits it
    ROOM_TIME = "room_time"  # rooms that suit it are never free when the candidate is
    ROOM_AND_PEOPLE = "room_and_people"  # people and a room have no time in common
    ATTENDANT = "attendant"  # somebody never has time for the debrief
    DEBRIEF = "debrief"  # its attendants have no time in common
    DEADLINE = "deadline"  # they have one, but never soon enough after the last session
    LENGTH = "length"  # a day, or a run of interviews, may not be as long as it would have to be
    OFFERS = "offers"  # the days that the candidate offers are too short for everything
    DAYS = "days"  # sessions on different days need more days
    TOGETHER = "together"  # every part has times of its own, but not all at once


@dataclass(frozen=True, slots=True)
class AvailabilityGap:
    """Something that has no time. (A minimum distance between sessions is `solver.problem.values.Gap`.)"""

    lack: Lack
    loop: str
    session: str | None = None
    people: tuple[str, ...] = ()
    wanted: int = 0
    """How many people, or heads in a room; minutes for an offer, a debrief and its deadline."""
    site: str | None = None
    helps: frozenset[Group] = frozenset()
    """The groups outside which no single change can close it; empty when any might."""
    sessions: tuple[str, ...] = ()
    """All sessions it is about, where there are several."""


def gaps(frame: Frame, usage: Usage) -> tuple[AvailabilityGap, ...]:
    """Every gap of a loop; empty if each part could start at some time, and the lengths add up."""
    found = list(_length_gaps(frame))
    found += [gap for session in frame.sessions if (gap := _session_gap(frame, usage, session)) is not None]
    if not found:
        found += shared_gaps(frame, usage)
    if not found and frame.loop.debrief is not None:
        found += _debrief_gaps(frame, usage)
    return tuple(found)


def _length_gaps(frame: Frame) -> Iterator[AvailabilityGap]:
    """Sums that cannot come out: what a day has to hold, and what it may."""
    loop = frame.loop
    durs = [one.dur for one in loop.sessions]
    interviews = [one.session.dur for one in frame.sessions if one.interview]
    run, day = loop.longest_run, loop.max_day_minutes
    if run is not None and run.hard and max(interviews, default=0) > run.minutes:
        yield _length(loop, max(interviews), Kind.LONGEST_RUN)
    if day is not None and max(interviews, default=0) > day:
        yield _length(loop, max(interviews), Kind.DAY_MINUTES)
    elif day is not None and sum(interviews) > day * loop.max_days:
        yield _length(loop, sum(interviews), Kind.DAY_MINUTES, Kind.DAYS)
    needed = sum(durs) + loop.min_break * max(0, len(durs) - loop.max_days)
    daily = [gap for gap in loop.gaps if loop.max_days == 1 or _one_day(loop, gap)]
    spread = max((_reach(loop, gap) for gap in daily), default=0)
    if max(durs) > loop.max_span:
        yield _length(loop, max(durs), Kind.SPAN)
    elif needed > loop.max_span * loop.max_days:
        yield _length(loop, needed, Kind.SPAN, Kind.DAYS, Kind.BREAKS)
    elif spread > loop.max_span:
        far = {between(gap) for gap in daily if _reach(loop, gap) > loop.max_span}
        kinds = (Kind.SPAN, Kind.DAYS) if loop.max_days == 1 else (Kind.SPAN, Kind.SAME_DAY)
        yield _length(loop, spread, *kinds, more=far if len(far) == 1 else set())
    group = max((len(names) for names in loop.different_day), default=0)
    if group > loop.max_days:
        helps = frozenset({Group(Kind.DIFFERENT_DAY, loop.id), Group(Kind.DAYS, loop.id)})
        yield AvailabilityGap(Lack.DAYS, loop.id, wanted=group, helps=helps)
    yield from _offer_gaps(loop, sum(durs))


def _length(loop: Loop, minutes: int, *kinds: Kind, more: Collection[Group] = ()) -> AvailabilityGap:
    helps = frozenset({Group(kind, loop.id) for kind in kinds}.union(more))
    return AvailabilityGap(Lack.LENGTH, loop.id, wanted=minutes, helps=helps)


def _reach(loop: Loop, gap: Gap) -> int:
    """Minutes from the start of the first to the end of the second of two sessions with a least gap."""
    durs = {session.id: session.dur for session in loop.sessions}
    return durs[gap.first] + gap.least + durs[gap.then]


def _one_day(loop: Loop, gap: Gap) -> bool:
    return any({gap.first, gap.then} <= set(group) for group in loop.same_day)


def _offer_gaps(loop: Loop, minutes: int) -> Iterator[AvailabilityGap]:
    """The longest days on offer, as many as may be used, are shorter than all sessions together."""
    offered = [
        sum(max(0, min(end, last) - max(start, first)) for start, end in loop.availability)
        for first, last in loop.days
    ]
    most = sum(sorted(offered)[-loop.max_days :])
    if loop.availability and most < minutes:
        helps = frozenset({Group(Kind.AVAILABILITY, loop.id), Group(Kind.DAYS, loop.id)})
        yield AvailabilityGap(Lack.OFFERS, loop.id, wanted=minutes, helps=helps)


def _session_gap(frame: Frame, usage: Usage, session: SessionFrame) -> AvailabilityGap | None:
    """The first thing in the way of one session."""
    name = session.session.id
    return (
        _own_time(frame, session)
        or next(_seat_gaps(frame, usage, session), None)
        or _room_gap(frame, usage, session)
        or _both(frame, usage, session, name)
    )


def _own_time(frame: Frame, session: SessionFrame) -> AvailabilityGap | None:
    """The candidate, the window and the pin leave a start."""
    if session.starts.any():
        return None
    loop, one, timeline = frame.loop, session.session, frame.timeline
    helps = {Group(Kind.AVAILABILITY, loop.id)}
    offered = timeline.within(loop.availability, one.dur) & timeline.within(loop.days, one.dur)
    if one.window:
        helps.add(Group(Kind.WINDOW, one.id))
    if one.lock is not None:
        helps.add(Group(Kind.LOCK, one.id))
    if not offered.any():
        lack = Lack.OFFER
        helps = {Group(Kind.AVAILABILITY, loop.id)}
    elif one.window and not (offered & timeline.within(one.window, one.dur)).any():
        lack = Lack.WINDOW
    else:
        lack = Lack.PIN
    return AvailabilityGap(lack, loop.id, one.id, wanted=one.dur, helps=frozenset(helps))


def _able(usage: Usage, session: SessionFrame, seat: SeatFrame) -> Mask:
    """Steps at which the seat alone could be filled."""
    dur = session.session.dur
    count = np.zeros(usage.timeline.steps, dtype=np.int16)
    for person in seat.pool:
        count += usage.person(person, dur, session.event, session.site) < BIG
    enough: Mask = count >= seat.n
    return enough


def _seat_gaps(frame: Frame, usage: Usage, session: SessionFrame) -> Iterator[AvailabilityGap]:
    one = session.session
    seats = [seat for seat in session.seats if not seat.optional and seat.n]
    able = [_able(usage, session, seat) for seat in seats]
    everybody = tuple(dict.fromkeys(who for seat in seats for who in seat.pool))
    for seat, times in zip(seats, able, strict=True):
        if len(seat.pool) >= seat.n and (session.starts & times).any():
            continue
        helps = _help(frame, session, tuple(dict.fromkeys((*seat.pool, *seat.seat.pool))))
        if len(seat.pool) < seat.n:
            yield AvailabilityGap(Lack.POOL, frame.loop.id, one.id, seat.seat.pool, seat.n, helps=helps)
        else:
            yield AvailabilityGap(Lack.PEOPLE, frame.loop.id, one.id, seat.pool, seat.n, helps=helps)
    together = session.starts.copy()
    for times in able:
        together &= times
    if not together.any():
        n = fewest(session.seats)
        yield AvailabilityGap(
            Lack.SEATS, frame.loop.id, one.id, everybody, n, helps=_help(frame, session, everybody)
        )


def _help(frame: Frame, session: SessionFrame, people: tuple[str, ...]) -> frozenset[Group]:
    """What can give a session more people, or more times at which to look for them."""
    loop, one = frame.loop, session.session
    names = linked(loop, one.id)
    kinds = (Kind.AVAILABILITY, Kind.CAPS, Kind.BUFFER, Kind.TRAVEL, Kind.BARRED)
    return frozenset(
        {Group(kind, loop.id) for kind in kinds}
        | {Group(kind, one.id) for kind in (Kind.WINDOW, Kind.LOCK)}
        | {Group(Kind.POOL, name) for name in names}
        | {Group(Kind.PERSON, who) for who in people}
    )


def _room_gap(frame: Frame, usage: Usage, session: SessionFrame) -> AvailabilityGap | None:
    one, loop = session.session, frame.loop
    if not one.room:
        return None
    heads = 1 + fewest(session.seats)
    rooms = [room for room in session.rooms if frame.timeline.rooms[room].cap >= heads]
    free = np.zeros(frame.timeline.steps, dtype=np.bool_)
    for room in rooms:
        free |= usage.room(room, one.dur)
    kinds = {Group(Kind.ROOMS, session.site), Group(Kind.LOCK, one.id)}
    if not rooms:
        return AvailabilityGap(
            Lack.ROOM, loop.id, one.id, wanted=heads, site=session.site, helps=frozenset(kinds)
        )
    if (session.starts & free).any():
        return None
    helps = frozenset(kinds | {Group(Kind.AVAILABILITY, loop.id), Group(Kind.WINDOW, one.id)})
    return AvailabilityGap(Lack.ROOM_TIME, loop.id, one.id, wanted=heads, site=session.site, helps=helps)


def _both(frame: Frame, usage: Usage, session: SessionFrame, name: str) -> AvailabilityGap | None:
    """People at some time, a room at another."""
    one = session.session
    if not one.room:
        return None
    heads = 1 + fewest(session.seats)
    free = np.zeros(frame.timeline.steps, dtype=np.bool_)
    for room in session.rooms:
        if frame.timeline.rooms[room].cap >= heads:
            free |= usage.room(room, one.dur)
    together = session.starts & free
    for seat in session.seats:
        if not seat.optional and seat.n:
            together &= _able(usage, session, seat)
    if together.any():
        return None
    people = tuple(dict.fromkeys(who for seat in session.seats for who in seat.pool))
    helps = _help(frame, session, people) | {Group(Kind.ROOMS, session.site)}
    return AvailabilityGap(Lack.ROOM_AND_PEOPLE, frame.loop.id, name, people, heads, session.site, helps)


def _debrief_gaps(frame: Frame, usage: Usage) -> Iterator[AvailabilityGap]:
    """Attendants one by one, then together, then with the deadline."""
    loop, debrief = frame.loop, frame.loop.debrief
    assert debrief is not None
    pinned = frame.debrief_starts()
    anybody = {Group(Kind.BUFFER, loop.id), Group(Kind.LOCK, loop.id)}
    people = {Group(Kind.PERSON, who) for who in debrief.attend}
    away = [
        who
        for who in debrief.attend
        if not (pinned & (usage.person(who, debrief.dur, Event.DEBRIEF, None) < BIG)).any()
    ]
    for who in away:
        helps = frozenset(anybody | {Group(Kind.PERSON, who)})
        yield AvailabilityGap(Lack.ATTENDANT, loop.id, None, (who,), debrief.dur, helps=helps)
    if away:
        return
    if not (attend_costs(frame, usage) < BIG).any():
        yield AvailabilityGap(
            Lack.DEBRIEF, loop.id, None, debrief.attend, debrief.dur, helps=frozenset(anybody | people)
        )
    elif not full_domain(frame, usage).debrief:
        yield AvailabilityGap(Lack.DEADLINE, loop.id, None, debrief.attend, debrief.within)


def shared_gaps(frame: Frame, usage: Usage) -> Iterator[AvailabilityGap]:
    """Interviews whose seats cannot all get different people, each at whatever time suits it.

    Places and the people able to take them form a bipartite graph; where no matching fills every
    place, the places that an unfilled one reaches compete for too few people (Hall's theorem).
    """
    places = list(_places(frame, usage))
    taken: dict[str, int] = {}
    for place in range(len(places)):
        seen: set[str] = set()
        if not _match(places, place, taken, seen):
            short = {place} | {taken[person] for person in seen}
            names = tuple(dict.fromkeys(places[at][0].session.id for at in sorted(short)))
            helps = set[Group]()
            for at in short:
                session = places[at][0]
                pools = tuple(who for seat in session.session.seats for who in seat.pool)
                helps |= _help(frame, session, pools) | {Group(Kind.SAME_PEOPLE, session.session.id)}
            people = tuple(sorted(seen))
            yield AvailabilityGap(
                Lack.DIFFERENT, frame.loop.id, None, people, len(short), None, frozenset(helps), names
            )
            return


def _places(frame: Frame, usage: Usage) -> Iterator[tuple[SessionFrame, list[str]]]:
    """Each place in an interview, with everybody who could take it at some start."""
    covered: set[str] = set()
    for session in frame.sessions:
        if not session.interview or session.session.id in covered:
            continue
        covered |= linked(frame.loop, session.session.id)
        for seat in session.seats:
            if seat.optional:
                continue
            able = [
                who
                for who in seat.pool
                if (
                    session.starts
                    & (usage.person(who, session.session.dur, session.event, session.site) < BIG)
                ).any()
            ]
            yield from ((session, able) for _ in range(seat.n))


def _match(
    places: list[tuple[SessionFrame, list[str]]], place: int, taken: dict[str, int], seen: set[str]
) -> bool:
    """Gives a place somebody, moving others to someone else where that frees one."""
    for person in places[place][1]:
        if person not in seen:
            seen.add(person)
            if person not in taken or _match(places, taken[person], taken, seen):
                taken[person] = place
                return True
    return False
