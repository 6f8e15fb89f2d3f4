"""Seeded instances of the solver's families, built as `Problem` values.

A company of sites, people and rooms is drawn first, then the loops that compete for them. The
numbers below (how full calendars are, how large pools, how long interviews) are those of the
public samples, so that a family is as hard here as it is there; `calibration` in the tests holds
them to it.

    make("M", 7)        the eighth instance of family M, the same on every machine
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import cache
from math import log1p
from random import Random
from zoneinfo import ZoneInfo

from solver.problem.values import (
    Busy,
    BusyKind,
    Debrief,
    Interval,
    Loop,
    Person,
    Problem,
    Room,
    Seat,
    Session,
    SessionKind,
    Shadow,
    Weights,
)

ZONES: Mapping[str, str] = {
    "nyc": "America/New_York",
    "lon": "Europe/London",
    "ber": "Europe/Berlin",
    "sfo": "America/Los_Angeles",
}
BUSY = {BusyKind.HARD: 78, BusyKind.TENTATIVE: 11, BusyKind.FOCUS: 11}
QUIET = {BusyKind.HARD: 84, BusyKind.TENTATIVE: 12, BusyKind.FOCUS: 4}
SKILLS = ("code", "system", "behav", "domain", "data")


@dataclass(frozen=True)
class Family:
    """What is particular about a family; everything else is common to all."""

    loops: int
    people: int
    rooms: int
    sites: tuple[str, ...]
    epoch: date = date(2026, 5, 31)  # a Sunday: the first local day is a Monday
    first_day: date = date(2026, 6, 1)
    days: int = 12
    grid: int = 15
    raster: int = 15  # on which calendars lie
    buffer: int = 0
    min_break: int = 0
    asked: int = 6  # working days a candidate is asked about; five of six suit
    skills: int = 3  # of an ordinary interviewer
    interviews: int = 4  # besides the hiring manager's
    max_days: int = 1
    max_span: int = 540


FAMILIES: Mapping[str, Family] = {
    "XS": Family(1, 20, 2, ("nyc",), days=5, asked=5, interviews=2),
    "S": Family(1, 40, 4, ("nyc",), asked=10),
    "fifty": Family(1, 50, 4, ("nyc",), asked=10),
    "M": Family(20, 60, 6, ("nyc", "lon")),
    "L": Family(100, 250, 20, ("nyc", "lon", "ber", "sfo"), skills=2),
    "XL": Family(500, 1250, 100, ("nyc", "lon", "ber", "sfo"), skills=2),
    "superday": Family(40, 30, 12, ("nyc",), days=1, grid=5, raster=5, buffer=5, min_break=5, interviews=3),
    "multiday": Family(1, 40, 4, ("nyc",), asked=10, interviews=5, max_days=2, max_span=300),
    "five": Family(1, 40, 4, ("nyc",), asked=10, grid=5, raster=5, buffer=10, min_break=10),
    "fine": Family(1, 40, 4, ("nyc",), asked=10, grid=1, raster=5, buffer=10, min_break=10),
    "dst": Family(
        3,
        60,
        6,
        ("nyc", "lon", "ber"),
        epoch=date(2026, 3, 1),
        first_day=date(2026, 3, 2),
        days=13,
        asked=10,
    ),
}
"""Families by name. `XS` is for tests, `five` and `fine` have grids of five minutes and of one, `fifty` is S with 50 people, `superday` is one day of
half-hour interviews, `dst` spans a change of clocks."""


def make(family: str, seed: int) -> Problem:
    """The instance of a family with this seed."""
    spec = FAMILIES[family]
    return _Draw(spec, Random(f"{family}-{seed}")).problem(family, seed)


@dataclass
class _Draw:
    """One instance being drawn. ``days[site]`` are the local days, as minutes."""

    spec: Family
    random: Random
    people: list[Person] = field(default_factory=list)

    def problem(self, family: str, seed: int) -> Problem:
        spec = self.spec
        superday = spec.days == 1
        person = self.superday_person if superday else self.person
        self.people = [person(number) for number in range(spec.people)]
        loop = self.superday_loop if superday else self.loop
        every_day = {site: [self.bounds(site, day) for day in range(spec.days)] for site in spec.sites}
        zones = {ZONES[site]: tuple(days) for site, days in every_day.items()}
        return Problem(
            name=f"{family}-{seed}",
            family=family,
            seed=seed,
            grid=spec.grid,
            epoch=f"{spec.epoch.isoformat()}T00:00:00Z",
            horizon=1440 * (spec.days + 2),
            buffer=spec.buffer,
            weights=Weights(),
            calendars={site: tuple(self.hours(site, 9, 17)) for site in spec.sites},
            day_bounds=zones,
            week_bounds={tz: _weeks(days) for tz, days in zones.items()},
            people=tuple(self.people),
            rooms=tuple(self.room(number) for number in range(spec.rooms)),
            loops=tuple(loop(number) for number in range(spec.loops)),
        )

    # time

    def at(self, site: str, day: int, hour: float) -> int:
        """Minutes after the epoch of a local wall-clock time (`hour` may have a fraction)."""
        return _instant(self.spec.epoch, self.spec.first_day, ZONES[site], day, hour)

    def bounds(self, site: str, day: int) -> Interval:
        return self.at(site, day, 0), self.at(site, day + 1, 0)

    def working_days(self) -> list[int]:
        first = self.spec.first_day
        return [day for day in range(self.spec.days) if (first + timedelta(days=day)).weekday() < 5]

    def hours(self, site: str, first: float, last: float) -> list[Interval]:
        """The same wall-clock hours on every working day."""
        return [(self.at(site, day, first), self.at(site, day, last)) for day in self.working_days()]

    # people and rooms

    def person(self, number: int) -> Person:
        """One in ten is a hiring manager, one a recruiter, one a trainee."""
        spec, random = self.spec, self.random
        site = spec.sites[number % len(spec.sites)]
        role = {0: "hm", 1: "recruiter", 2: "trainee"}.get(number // len(spec.sites) % 10, "")
        if role in ("recruiter", "trainee"):
            skills = [role]
        elif role == "hm":
            skills = [random.choice(SKILLS), role]
        else:
            skills = random.sample(SKILLS, spec.skills)
        caps = (4, 12) if role == "hm" else (2, 6)
        return self.worker(number, site, skills, caps, lambda work: self.calendar(site, work))

    def worker(
        self,
        number: int,
        site: str,
        skills: list[str],
        caps: tuple[int, int],
        calendar: Callable[[list[Interval]], list[Busy]],
    ) -> Person:
        random = self.random
        start = random.choice((8.5, 9, 9, 9.5, 10))
        length = random.choice((480, 510, 540))
        days = [day for day in self.working_days() if self.spec.days == 1 or random.random() > 0.03]
        work = [(at, at + length) for at in (self.at(site, day, start) for day in days)]
        return Person(
            id=f"p{number}",
            site=site,
            tz=ZONES[site],
            skills=frozenset(skills),
            work=tuple(work),
            busy=tuple(calendar(work)),
            max_day=caps[0],
            max_week=caps[1],
            prior=random.randrange(5),
        )

    def superday_person(self, number: int) -> Person:
        """Nobody is a trainee; calendars are nearly empty, and caps wide."""
        skills = self.random.sample(SKILLS, 3) + (
            ["hm"] if number == 0 else ["recruiter"] if number == 1 else []
        )
        caps = (4, 12) if number == 0 else (9, 40)
        site = self.spec.sites[0]
        return self.worker(number, site, skills, caps, lambda work: self.calendar(site, work, quiet=True))

    def calendar(self, site: str, work: list[Interval], *, quiet: bool = False) -> list[Busy]:
        """A lunch a day, and meetings around it until the day is over."""
        random, raster = self.random, self.spec.raster
        kinds, shares = zip(*(QUIET if quiet else BUSY).items(), strict=True)
        pause = raster / log1p(raster / (110 if quiet else 21.5))
        blocks: list[Busy] = []
        for start, end in work:
            noon = self.noon(site, start) + random.choice((-30, 0, 0, 30))
            lunch = Busy(noon, noon + random.choice((30, 45, 60)), BusyKind.LUNCH)
            at, today = start, [lunch]
            while True:
                at += raster * int(random.expovariate(1 / pause) // raster)
                length = random.choices((30, 60, 15, 45, 90, 120), (42, 19, 18, 11, 7, 3))[0]
                if at < lunch.end and at + length > lunch.start:
                    at = lunch.end
                    continue
                if at + length > end:
                    break
                today.append(Busy(at, at + length, random.choices(kinds, shares)[0]))
                at += length
            blocks += sorted(today, key=lambda block: block.start)
        return blocks

    def noon(self, site: str, instant: int) -> int:
        return next(
            self.at(site, day, 12)
            for day in self.working_days()
            if self.bounds(site, day)[0] <= instant < self.bounds(site, day)[1]
        )

    def room(self, number: int) -> Room:
        spec, random = self.spec, self.random
        site = spec.sites[number % len(spec.sites)]
        busy = []
        for day in self.working_days() if spec.days > 1 else []:
            for _ in range(random.choice((0, 1, 1, 2))):
                start = self.at(site, day, random.choice((8.5, 9, 10, 11, 12, 13, 14, 14.5, 15, 16)))
                busy.append((start, start + random.choice((30, 30, 60))))
        return Room(f"r{number}", site, random.choice((3, 3, 4, 4, 6)), tuple(sorted(set(busy))))

    # loops

    def those(self, site: str, skill: str) -> list[str]:
        return [one.id for one in self.people if skill in one.skills and (not site or one.site == site)]

    def pool(self, site: str, skill: str, size: int) -> tuple[str, ...]:
        """Mostly people of the site, one in ten from another."""
        local = self.those(site, skill)
        foreign = [name for name in self.those("", skill) if name not in local]
        chosen: set[str] = set()
        while len(chosen) < min(size, len(local)):
            source = foreign if foreign and self.random.random() < 0.1 else local
            chosen.add(self.random.choice(source))
        return tuple(sorted(chosen))

    def seat(self, site: str, skill: str, n: int = 1, size: int = 8) -> Seat:
        pool = self.pool(site, skill, size)
        rank = {name: self.random.choice((1, 2, 3)) for name in pool if self.random.random() < 0.42}
        return Seat(n=min(n, len(pool)), pool=pool, rank=rank, skill=skill)

    def interview(self, loop: str, site: str, skill: str) -> Session:
        random = self.random
        shape = random.choices(("one", "two seats", "two", "three"), (68, 12, 11, 9))[0]
        seats = [self.seat(site, skill, {"two": 2, "three": 3}.get(shape, 1))]
        if shape == "two seats":
            seats.append(self.seat(site, random.choice([other for other in SKILLS if other != skill])))
        trainees = tuple(sorted(self.those(site, "trainee")))
        shadow = Shadow(tuple(sorted(random.sample(trainees, min(4, len(trainees)))))) if trainees else None
        return Session(
            id=f"{loop}.{skill}",
            kind=SessionKind.INTERVIEW,
            dur=random.choices((60, 45, 90, 120), (54, 33, 7, 6))[0],
            room=True,
            seats=tuple(seats),
            shadow=shadow if random.random() < 0.33 else None,
        )

    def ordered(self, sessions: list[Session]) -> list[Session]:
        """One loop in two has its first interview before its second."""
        if self.random.random() < 0.55:
            sessions[1] = replace(sessions[1], after=(sessions[0].id,))
        return sessions

    def loop(self, number: int) -> Loop:
        spec, random = self.spec, self.random
        name, site = f"c{number}", spec.sites[number % len(spec.sites)]
        skills = random.sample(SKILLS, spec.interviews)
        sessions = [self.interview(name, site, skill) for skill in skills]
        hm, recruiter = random.choice(self.those(site, "hm")), random.choice(self.those(site, "recruiter"))
        last = ()
        if spec.max_days == 1:
            sessions = self.ordered(sessions)
            last = tuple(session.id for session in sessions) if random.random() < 0.55 else ()
        manager = Session(
            id=f"{name}.hm",
            kind=SessionKind.INTERVIEW,
            dur=45,
            room=True,
            seats=(Seat(1, (hm,), skill="hm"),),
            after=last,
        )
        team = [one.id for one in self.people if one.site == site and "recruiter" not in one.skills]
        lunch = Session(
            id=f"{name}.lunch",
            kind=SessionKind.LUNCH,
            dur=60,
            room=False,
            seats=(Seat(2, tuple(sorted(random.sample(team, 8))), skill="team"),),
            window=tuple(self.hours(site, 11.5, 14)),
        )
        return self.candidate(
            number,
            site,
            (*sessions, manager, lunch),
            Debrief(dur=30, within=1440, attend=tuple(sorted((hm, recruiter)))),
            hm,
            recruiter,
        )

    def candidate(
        self,
        number: int,
        site: str,
        sessions: tuple[Session, ...],
        debrief: Debrief | None,
        hm: str,
        recruiter: str,
    ) -> Loop:
        spec, random = self.spec, self.random
        if spec.days == 1:
            start = self.at(site, 0, 8.5) + 30 * random.randrange(11)
            availability = [(start, start + 300)]
        else:
            asked = sorted(random.sample(self.working_days(), spec.asked))
            days = [day for day in asked if random.random() < 0.85] or asked[:1]
            opens = [self.at(site, day, 9) for day in days]
            availability = [(at, at + random.choice((420, 480, 540))) for at in opens]
        return Loop(
            id=f"c{number}",
            site=site,
            tz=ZONES[site],
            availability=tuple(availability),
            days=tuple(self.bounds(site, day) for day in range(spec.days)),
            max_days=spec.max_days,
            max_span=spec.max_span,
            min_break=spec.min_break,
            preferred=tuple(self.hours(site, 10, 16)),
            priority=random.choice((1, 1, 2, 3)),
            sessions=sessions,
            debrief=debrief,
            recruiter=recruiter,
            hm=hm,
        )

    def superday_loop(self, number: int) -> Loop:
        site, name = self.spec.sites[0], f"c{number}"
        sessions = [
            Session(
                id=f"{name}.{skill}",
                kind=SessionKind.INTERVIEW,
                dur=30,
                room=True,
                seats=(self.seat(site, skill, size=10),),
            )
            for skill in self.random.sample(SKILLS, self.spec.interviews)
        ]
        return self.candidate(number, site, tuple(self.ordered(sessions)), None, "p0", "p1")


def _weeks(days: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Seven local days a week; the first day is a Monday."""
    return tuple((days[at][0], days[min(at + 6, len(days) - 1)][1]) for at in range(0, len(days), 7))


@cache
def _instant(epoch: date, first_day: date, zone: str, day: int, hour: float) -> int:
    wall = datetime.combine(first_day, wall_time(), ZoneInfo(zone)) + timedelta(days=day, hours=hour)
    return int((wall.astimezone(UTC) - datetime.combine(epoch, wall_time(), UTC)).total_seconds()) // 60
