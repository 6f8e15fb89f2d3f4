"""What may be asked of a plan of one loop besides the rules: to differ from known plans so that a person notices.

A wish is a value. It looks at finished plans itself (`accepts`); `solver.exact.wishes` says it to the
exact model, so that nothing else needs to know of literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.problem.plan import LoopPlan
from solver.problem.values import Interval, Loop, SessionKind

UsedDays = frozenset[Interval]
People = frozenset[tuple[str, str]]

NOTICED = 2
"""So many sessions at other times are noticed (all of them, if there are fewer)."""


def apart(loop: Loop, one: LoopPlan, other: LoopPlan) -> bool:
    """Whether a person would tell two plans of a loop from each other: by days, times or interviewers."""
    return (
        moved(one, other) >= min(NOTICED, len(loop.sessions))
        or days(loop, one) != days(loop, other)
        or interviewers(loop, one) != interviewers(loop, other)
    )


def moved(one: LoopPlan, other: LoopPlan) -> int:
    """How many sessions start at another time."""
    return sum(got.start != other.sessions[name].start for name, got in one.sessions.items())


def days(loop: Loop, plan: LoopPlan) -> UsedDays:
    """The candidate's days that a plan uses."""
    starts = [got.start for got in plan.sessions.values()]
    return frozenset(day for day in loop.days if any(day[0] <= start < day[1] for start in starts))


def interviewers(loop: Loop, plan: LoopPlan) -> People:
    """``(session, person)`` of every interview seat."""
    return frozenset(
        (s.id, person)
        for s in loop.sessions
        if s.kind is SessionKind.INTERVIEW
        for seat in plan.sessions[s.id].people
        for person in seat
    )


@dataclass(frozen=True)
class OtherTimes:
    """At least ``least`` sessions start at other times than in each known plan."""

    known: tuple[LoopPlan, ...]
    least: int

    def accepts(self, plan: LoopPlan) -> bool:
        """Whether a finished plan fulfils it."""
        return all(moved(plan, other) >= self.least for other in self.known)


@dataclass(frozen=True)
class Apart:
    """The plan is `apart` from each known one."""

    loop: Loop
    known: tuple[LoopPlan, ...]

    def accepts(self, plan: LoopPlan) -> bool:
        """Whether a finished plan fulfils it."""
        return all(apart(self.loop, plan, other) for other in self.known)


Wish = OtherTimes | Apart


@dataclass(frozen=True)
class SteadyShadows:
    """Trainees stay where they are ``booked`` (plans by loop): each one who does not costs ``price``."""

    booked: Mapping[str, LoopPlan]
    price: int
