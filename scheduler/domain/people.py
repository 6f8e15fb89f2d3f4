"""Who can be asked, where they work, and where their calendar is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum


class Standing(StrEnum):
    """How far somebody is in a pool: only the qualified evaluate alone."""

    TRAINEE = "trainee"
    SHADOWING = "shadowing"
    REVERSE_SHADOWING = "reverse_shadowing"
    QUALIFIED = "qualified"


class Mode(StrEnum):
    """What an account may see of a calendar."""

    TYPED = "typed"  # event types: tentative, focus time, own answer
    FREE_BUSY = "free_busy"


@dataclass(frozen=True, slots=True)
class Account:
    """Where a calendar lives: ``provider`` is ``local``, ``google`` or ``outlook``."""

    provider: str
    address: str
    mode: Mode = Mode.TYPED


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch of a weekday (0 = Monday) in wall-clock time. One that ends where it begins or before
    goes on over midnight, until ``end`` of the next day."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Closing:
    """Which days of its country's calendar a site keeps, and which of its own come again.

    ``subdivisions`` are kept beside the one in the country's code. No ``categories`` are the public
    holidays alone. Days are ``2026-12-24``, or ``12-24`` for every year: those of ``yearly`` are closed,
    those of ``leave_out``, also by the name of a holiday, are none whatever the country says, on ``half_days`` the site closes at ``until``.
    """

    subdivisions: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    yearly: frozenset[str] = frozenset()
    leave_out: frozenset[str] = frozenset()
    half_days: frozenset[str] = frozenset()
    until: time = time(12)


@dataclass(frozen=True, slots=True)
class Site:
    """A place with rooms. ``holidays`` are closed all day; ``country`` adds its public ones
    (ISO 3166 code, optionally with a subdivision: ``DE-BE``), as ``closing`` says."""

    id: str
    name: str
    zone: str
    hours: tuple[Hours, ...]
    country: str = ""
    holidays: frozenset[date] = frozenset()
    address: str = ""
    closing: Closing = Closing()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company. ``hours`` are wall-clock in ``zone``; ``lunch`` is their usual break,
    free for a team lunch only; caps count interviews that start in a local day or ISO week."""

    id: str
    name: str
    email: str
    zone: str
    site: str
    account: Account
    hours: tuple[Hours, ...]
    title: str = ""
    level: str = ""
    skills: frozenset[str] = frozenset()
    max_day: int = 3
    max_week: int = 8
    lunch: tuple[time, time] | None = None
    active: bool = True
    pauses: frozenset[str] = frozenset()
    """Days of their zone on which they are asked for nothing: ``2026-12-24``, or ``2026-07-01/2026-07-14`` with both ends."""
    avoid: tuple[Hours, ...] = ()
    """When they would rather be left alone: a price, and no bar."""
    rather_not: frozenset[str] = field(
        default=frozenset(),
        metadata={"help": "kinds of interviews, or ids of a template's steps, that they would rather not do"},
    )

    def pauses_on(self, day: date) -> bool:
        """Whether they are asked for nothing on that day of their zone."""
        text = day.isoformat()  # as text, days are in the order of time
        return any(
            first <= text <= (last or first) for first, _, last in (p.partition("/") for p in self.pauses)
        )


@dataclass(frozen=True, slots=True)
class Pool:
    """The people who may fill a seat, each with a standing."""

    id: str
    name: str
    members: Mapping[str, Standing] = field(default_factory=dict)

    def of(self, *standings: Standing) -> list[str]:
        """The ids with one of these standings, sorted."""
        return sorted(p for p, s in self.members.items() if s in standings)


@dataclass(frozen=True, slots=True)
class Room:
    """``capacity`` counts heads, the candidate's included."""

    id: str
    name: str
    site: str
    capacity: int
    account: Account
    features: frozenset[str] = frozenset()
    active: bool = True
