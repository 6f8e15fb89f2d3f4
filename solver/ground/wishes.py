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
Slot = tuple[int, int, SessionKind]

NOTICED = 2
"""So many slots at other times are noticed (all of them, if there are fewer)."""


def apart(loop: Loop, one: LoopPlan, other: LoopPlan) -> bool:
    """Whether a person would tell two plans of a loop from each other: by days, times or interviewers.

    The candidate sees slots, the company sees who interviews. Where the same people only swap places, or
    sessions of one length only swap their slots, nobody has another day than before: that is one plan.
    """
    return (
        moved(loop, one, other) >= least_moved(loop)
        or days(loop, one) != days(loop, other)
        or interviewers(loop, one) != interviewers(loop, other)
    )


def least_moved(loop: Loop) -> int:
    """How many slots at other times are noticed in this loop."""
    return min(NOTICED, len(loop.sessions))


def slots(loop: Loop, plan: LoopPlan) -> frozenset[Slot]:
    """``(start, minutes, kind)`` of every session: what the candidate sees of a plan's times."""
    return frozenset((plan.sessions[s.id].start, s.dur, s.kind) for s in loop.sessions)


def moved(loop: Loop, one: LoopPlan, other: LoopPlan) -> int:
    """How many slots of one plan the other does not have."""
    return len(slots(loop, one) - slots(loop, other))


def days(loop: Loop, plan: LoopPlan) -> UsedDays:
    """The candidate's days that a plan uses."""
    starts = [got.start for got in plan.sessions.values()]
    return frozenset(day for day in loop.days if any(day[0] <= start < day[1] for start in starts))


def interviewers(loop: Loop, plan: LoopPlan) -> frozenset[str]:
    """Everybody who holds an interview seat."""
    interviews = [s.id for s in loop.sessions if s.kind is SessionKind.INTERVIEW]
    return frozenset(person for sid in interviews for seat in plan.sessions[sid].people for person in seat)


@dataclass(frozen=True)
class OtherTimes:
    """At least `least_moved` slots are at other times than in each known plan."""

    loop: Loop
    known: tuple[LoopPlan, ...]

    def accepts(self, plan: LoopPlan) -> bool:
        """Whether a finished plan fulfils it."""
        return all(moved(self.loop, plan, other) >= least_moved(self.loop) for other in self.known)


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
