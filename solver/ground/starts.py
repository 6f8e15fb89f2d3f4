"""The starts that a loop could use at all, before any search.

A start is dropped only where a single rule already forbids it: nobody able for a seat, no room
free, an attendee of the debrief away. What is left is a superset of every legal plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solver.ground.frame import Frame, SeatFrame, SessionFrame
from solver.ground.timeline import BIG, Costs, Event, Mask
from solver.ground.usage import Usage


@dataclass(frozen=True)
class Domain:
    """The starts a model may use, in minutes: per session id, and for the debrief."""

    starts: Mapping[str, Sequence[int]]
    debrief: Sequence[int] = ()


Contender = tuple[Frame, Domain, bool]
"""A loop for the exact model: its frame, the starts it may use, whether it must be placed."""


def full_domain(frame: Frame, usage: Usage) -> Domain:
    """Every start that no single rule forbids."""
    starts = {f.session.id: session_starts(frame, usage, f) for f in frame.sessions}
    grid = frame.timeline.grid
    minutes = {sid: (np.flatnonzero(mask) * grid).tolist() for sid, mask in starts.items()}
    if frame.loop.debrief is None or any(not times for times in minutes.values()):
        return Domain(minutes, ())
    return Domain(minutes, debrief_minutes(frame, usage, minutes).tolist())


def session_starts(frame: Frame, usage: Usage, session: SessionFrame) -> Mask:
    """Starts of one session at which each seat alone, and the room, could be filled."""
    dur = session.session.dur
    out = roomy_starts(frame, usage, session)
    for seat in session.seats:
        if not seat.optional and seat.n:
            able = (usage.person(p, dur, session.event, session.site) < BIG for p in seat.pool)
            out = out & _at_least(able, seat.n, frame.timeline.steps)
    return out


def roomy_starts(frame: Frame, usage: Usage, session: SessionFrame, more: int = 0) -> Mask:
    """Starts of one session that suit the candidate and at which some room is free, for ``more`` people yet."""
    if not session.session.room:
        return session.starts
    heads = 1 + fewest(session.seats) + more
    roomless = np.flatnonzero(session.starts)
    for room in reversed(
        session.rooms
    ):  # small rooms are given away first, so large ones are free more often
        if len(roomless) == 0:
            return session.starts
        if frame.timeline.rooms[room].cap >= heads:
            roomless = roomless[~usage.room(room, session.session.dur)[roomless]]
    out = session.starts.copy()
    out[roomless] = False
    return out


def fewest(seats: Iterable[SeatFrame]) -> int:
    """The fewest people that the seats may hold."""
    return sum(seat.n for seat in seats if not seat.optional)


def _at_least(masks: Iterable[Mask], n: int, steps: int) -> Mask:
    count = np.zeros(steps, dtype=np.int16)
    for mask in masks:
        count += mask
    return count >= n


def attend_costs(frame: Frame, usage: Usage) -> Costs:
    """Price of the debrief's fixed attendees at every step, `BIG` or more where one cannot."""
    debrief = frame.loop.debrief
    assert debrief is not None
    out = np.where(frame.debrief_starts(), 0, BIG)
    for person in debrief.attend:
        out = out + usage.person(person, debrief.dur, Event.DEBRIEF, None)
    return out


def debrief_minutes(frame: Frame, usage: Usage, starts: dict[str, list[int]]) -> Costs:
    """Debrief starts that some end of the last session allows, and every fixed attendee."""
    debrief = frame.loop.debrief
    assert debrief is not None
    durs = {f.session.id: f.session.dur for f in frame.sessions}
    soonest = max(times[0] + durs[sid] for sid, times in starts.items())
    latest = max(times[-1] + durs[sid] for sid, times in starts.items())
    minutes: Costs = np.flatnonzero(attend_costs(frame, usage) < BIG) * frame.timeline.grid
    minutes = minutes[minutes >= soonest + debrief.least]
    calendar = debrief.calendar or frame.loop.site
    within = frame.timeline.earliest_end(calendar, debrief.within, minutes) <= latest
    return minutes[within]
