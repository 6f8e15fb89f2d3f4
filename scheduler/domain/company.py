"""The company as its file describes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from scheduler.domain.people import Account, Person, Pool, Room, Site
from scheduler.domain.policy import Policy
from scheduler.domain.templates import LoopTemplate


@dataclass(frozen=True, slots=True)
class Company:
    """``organizer`` owns every event that is booked; everybody else is invited to it."""

    name: str
    organizer: Account
    sites: tuple[Site, ...]
    people: tuple[Person, ...]
    pools: tuple[Pool, ...]
    rooms: tuple[Room, ...]
    templates: tuple[LoopTemplate, ...]
    policy: Policy = field(default_factory=Policy)
