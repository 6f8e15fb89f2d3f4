"""What fills the demo company's weeks: the meetings it has, and what makes these two weeks special.

Weeks count from the first Monday (−1 is the week before it), weekdays from Monday = 0.

Told by `tests/scheduler/demo/test_demo_calendars.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from connectors.local.folder import Show
from connectors.types import Reply

BERLIN, NEW_YORK, KOLKATA = "Europe/Berlin", "America/New_York", "Asia/Kolkata"
FIRST_WEEK, LAST_WEEK = -1, 2

EDITION = "one"
"""Changing it gives every seed other weeks: seed 1 of this edition tells the demo's story."""

Day = tuple[int, int]
"""Week and weekday."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that repeats weekly on ``days``; ``every`` 2 is every other week, from week −1 on.

    ``skip`` are days without it, ``moved`` days on which it takes place later or earlier.
    ``replies`` are answers other than *accepted*; ``host`` invites.
    """

    title: str
    days: tuple[int, ...]
    start: time
    minutes: int
    people: tuple[str, ...]
    host: str = ""
    zone: str = BERLIN
    every: int = 1
    room: str = ""
    skip: tuple[Day, ...] = ()
    moved: tuple[tuple[Day, Day, time], ...] = ()
    replies: Mapping[str, Reply] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Once:
    """Something that happens to one person once; without ``start`` it lasts ``days`` whole days."""

    person: str
    title: str
    week: int
    weekday: int
    start: time | None = None
    minutes: int = 0
    days: int = 1
    show: Show = Show.BUSY
    reply: Reply | None = None
    private: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Routine:
    """Something of one person that repeats weekly; without ``start`` it is all day."""

    person: str
    title: str
    days: tuple[int, ...]
    start: time | None = None
    minutes: int = 0
    show: Show = Show.BUSY
    private: bool = False


_BACKEND = ("jonas", "selin", "matej", "lena", "tomas", "dana", "emil", "arjun")
_DATA = ("katja", "piotr")
_EVERY_DAY = (0, 1, 2, 3, 4)

MEETINGS = (
    Meeting(
        "Backend stand-up",
        _EVERY_DAY,
        time(9, 30),
        15,
        _BACKEND,
        host="jonas",
        skip=((0, 4),),
        moved=(((0, 2), (0, 2), time(10, 0)), ((1, 1), (1, 1), time(11, 0))),
    ),
    Meeting("Data stand-up", _EVERY_DAY, time(10, 0), 15, _DATA, host="katja", skip=((1, 2),)),
    Meeting("Sprint planning", (0,), time(10, 30), 90, _BACKEND, host="jonas", every=2, room="oak"),
    Meeting("Sprint review", (4,), time(14, 0), 60, (*_BACKEND, "piotr"), host="jonas", every=2, room="oak"),
    Meeting(
        "Design review",
        (2,),
        time(15, 0),
        60,
        ("selin", "matej", "tomas", "piotr", "lena"),
        host="matej",
        room="birch",
        replies={"piotr": Reply.NEEDS_ACTION, "lena": Reply.DECLINED},
    ),
    Meeting("Leadership", (0,), time(15, 30), 60, ("greta", "katja", "marcus", "jonas"), host="greta"),
    Meeting("Hiring sync", (0,), time(15, 0), 30, ("aisha", "jonas", "marcus"), host="aisha"),
    Meeting(
        "All hands",
        (3,),
        time(16, 30),
        45,
        (
            "greta",
            "jonas",
            "katja",
            "selin",
            "matej",
            "lena",
            "tomas",
            "piotr",
            "aisha",
            "emil",
            "marcus",
            "dana",
            "ines",
            "arjun",
        ),
        host="greta",
        every=2,
        replies={"arjun": Reply.DECLINED, "tomas": Reply.TENTATIVE},
    ),
    Meeting("1:1 Jonas and Selin", (1,), time(10, 30), 30, ("jonas", "selin"), host="jonas"),
    Meeting("1:1 Jonas and Matej", (1,), time(11, 0), 30, ("jonas", "matej"), host="jonas"),
    Meeting(
        "1:1 Jonas and Lena",
        (2,),
        time(10, 30),
        30,
        ("jonas", "lena"),
        host="jonas",
        moved=(((1, 2), (1, 3), time(13, 30)),),
    ),
    Meeting("1:1 Jonas and Tomáš", (2,), time(11, 0), 30, ("jonas", "tomas"), host="jonas"),
    Meeting("1:1 Jonas and Emil", (3,), time(10, 0), 30, ("jonas", "emil"), host="jonas"),
    Meeting("1:1 Jonas and Arjun", (0,), time(9, 0), 30, ("jonas", "arjun"), host="jonas"),
    Meeting("1:1 Jonas and Dana", (4,), time(9, 45), 30, ("jonas", "dana"), host="jonas"),
    Meeting("1:1 Katja and Piotr", (0,), time(11, 0), 30, ("katja", "piotr"), host="katja"),
    Meeting("1:1 Marcus and Jonas", (2,), time(16, 0), 30, ("marcus", "jonas"), host="marcus"),
    Meeting("1:1 Greta and Katja", (4,), time(10, 30), 30, ("greta", "katja"), host="greta"),
    Meeting(
        "1:1 Marcus and Inês", (0,), time(11, 0), 30, ("marcus", "ines"), "marcus", NEW_YORK, room="pine"
    ),
    Meeting("Sourcing", (0, 3), time(13, 30), 60, ("aisha",), room="linden"),
    Meeting("Office hours", (1, 4), time(14, 0), 60, ("marcus",), zone=NEW_YORK),
    Meeting("Recruiting desk", (0,), time(9, 0), 30, ("interviews", "aisha"), host="interviews"),
)

ROUTINES = (
    Routine("arjun", "Home", _EVERY_DAY, show=Show.HOME),
    Routine("matej", "Home", (0, 4), show=Show.HOME),
    Routine("matej", "Office", (1, 2, 3), show=Show.OFFICE),
    Routine("lena", "Office", _EVERY_DAY, show=Show.OFFICE),
    Routine("selin", "Focus time", (1, 3), time(15, 30), 90, show=Show.FOCUS),
    Routine("arjun", "Focus time", (2,), time(15, 0), 120, show=Show.FOCUS),
    Routine("tomas", "Focus time", (0,), time(14, 0), 120, show=Show.FOCUS),
    Routine("katja", "Lunch", _EVERY_DAY, time(12, 30), 45),
    Routine("aisha", "Lunch", _EVERY_DAY, time(12, 0), 45),
    Routine("greta", "Lunch", _EVERY_DAY, time(12, 0), 60),
    Routine("marcus", "Lunch", _EVERY_DAY, time(12, 0), 60),
    Routine("lena", "Private", (0,), time(16, 30), 60, private=True),
)

ONCE = (
    Once("greta", "Investors, Zürich", 0, 1, days=3, show=Show.OUT_OF_OFFICE),
    Once("greta", "Board meeting", 1, 0, time(9, 0), 480),
    Once("katja", "Data conference", 1, 2, time(8, 0), 600, show=Show.OUT_OF_OFFICE),
    Once("lena", "Vacation", 1, 0, days=2, show=Show.OUT_OF_OFFICE),
    Once("emil", "Vacation", 0, 4, days=1, show=Show.OUT_OF_OFFICE),
    Once("marcus", "Company holiday, New York", 1, 0, days=1, show=Show.OUT_OF_OFFICE),
    Once("selin", "Selin's birthday", 0, 3, days=1, show=Show.FREE),
    Once("matej", "Vendor demo", 0, 2, time(11, 0), 60, show=Show.TENTATIVE),
    Once("piotr", "Spark user group", 0, 3, time(16, 0), 60, show=Show.TENTATIVE, reply=Reply.TENTATIVE),
    Once("tomas", "Guild: databases", 0, 1, time(13, 30), 90, reply=Reply.DECLINED),
    Once("lena", "Guild: databases", 0, 1, time(13, 30), 90, reply=Reply.NEEDS_ACTION),
    Once("selin", "Dentist", 0, 1, time(9, 0), 60, private=True),
    Once("jonas", "School", 1, 3, time(16, 0), 90, private=True),
    Once("tomas", "Migration rehearsal", 0, 3, time(9, 0), 60, cancelled=True),
    Once("arjun", "Visa appointment", 0, 4, time(10, 0), 120, private=True),
    Once("emil", "Onboarding: security", 0, 1, time(10, 30), 45),
)

BUSY_SHARE: Mapping[str, tuple[float, float]] = {
    "greta": (0.60, 0.75),
    "tomas": (0.32, 0.42),
    "piotr": (0.32, 0.42),
    "emil": (0.30, 0.40),
}
"""How much of a day is taken, from which share to which, where it is not as usual."""
USUAL_SHARE = (0.36, 0.48)
ROOM_SHARE = (0.20, 0.35)

QUIET_HOURS = (time(11, 30), time(15, 30))
"""Berlin keeps its early afternoons for long work and visitors: everyday meetings are rarer then."""
QUIET = 0.85
"""How many of them are put elsewhere."""

FILLERS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "engineer": (
        ("Pairing", 60),
        ("Incident review", 45),
        ("API contract with the app team", 30),
        ("Code review hour", 60),
        ("Roadmap questions", 30),
        ("Migration plan", 45),
        ("Support rotation", 90),
        ("Architecture notes", 60),
    ),
    "manager": (
        ("Budget", 45),
        ("Hiring plan", 30),
        ("Product sync", 45),
        ("Quarterly goals", 60),
        ("Customer call", 30),
        ("Performance notes", 60),
        ("Partner call", 45),
    ),
    "recruiter": (
        ("Phone screen", 30),
        ("Intake with a hiring manager", 45),
        ("Offer call", 30),
        ("Candidate follow-up", 30),
        ("Job adverts", 60),
        ("Sourcing", 60),
    ),
    "room": (
        ("Workshop", 120),
        ("Customer visit", 60),
        ("Team sync", 30),
        ("Project meeting", 60),
        ("Training", 90),
    ),
}

WORK = {
    "greta": "manager",
    "jonas": "manager",
    "katja": "manager",
    "marcus": "manager",
    "aisha": "recruiter",
}
"""Whose fillers somebody has; everybody else is an engineer."""
