"""Writes the demo company's calendars: a folder of iCalendar files, one per person and room.

The same first Monday and seed give the same bytes. Times are wall-clock in their people's zones, so
the weeks look alike whenever they are.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.local.folder import Entry, Show, add_entries, create_calendar
from connectors.local.names import file_name
from connectors.types import Reply, RoomInfo
from scheduler.demo import weeks
from scheduler.demo.company import UNREADABLE
from scheduler.demo.weeks import Day, Meeting, Once, Routine
from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Hours

ORGANIZER = "interviews"
"""Stands for the organizer's account among the people of a meeting."""

_NOT_A_CALENDAR = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><h1>The calendar could not be exported</h1></body></html>
"""
_TRIES = 60
_MINUTE = timedelta(minutes=1)


def write_calendars(folder: Path, company: Company, first_monday: date, seed: int) -> None:
    """Make every calendar of the demo company in ``folder``, from the week before to the second after.

    Raises `BadInput` when ``first_monday`` is none, the errors of `create_calendar` when a calendar
    is there already.
    """
    if first_monday.weekday() != 0:
        raise BadInput("first_monday", f"{first_monday} is a {first_monday:%A}", "give a Monday")
    diaries = Weeks(company, first_monday, seed).written()
    organizer = company.organizer.address
    create_calendar(folder, organizer, f"{company.name} interviews", company.sites[0].zone)
    add_entries(folder, organizer, diaries[ORGANIZER])
    for person in company.people:
        if person.id == UNREADABLE:
            _write_garbage(folder, person.account.address)
            continue
        create_calendar(folder, person.account.address, person.name, person.zone)
        add_entries(folder, person.account.address, diaries[person.id])
    zones = {s.id: s.zone for s in company.sites}
    for room in company.rooms:
        info = RoomInfo(
            room.account.address, room.name, room.capacity, room.site, tuple(sorted(room.features))
        )
        create_calendar(folder, room.account.address, room.name, zones[room.site], info)
        add_entries(folder, room.account.address, diaries[room.id])


def _write_garbage(folder: Path, address: str) -> None:
    """What an export that failed leaves behind: a file, but no calendar."""
    name = file_name(address)
    assert name is not None
    (folder / name).touch(mode=0o600)
    (folder / name).write_text(_NOT_A_CALENDAR, encoding="utf-8")


class Weeks:
    """The weeks of everybody, filled in three rounds: meetings, what is special, and the rest."""

    def __init__(self, company: Company, first_monday: date, seed: int) -> None:
        self.monday = first_monday
        self.seed = seed
        self.company = company
        self.zones = {p.id: p.zone for p in company.people}
        sites = {s.id: s for s in company.sites}
        self.zones |= {r.id: sites[r.site].zone for r in company.rooms}
        self.zones[ORGANIZER] = company.sites[0].zone
        self.emails = {p.id: p.email for p in company.people} | {ORGANIZER: company.organizer.address}
        self.hours: dict[str, Sequence[Hours]] = {p.id: p.hours for p in company.people}
        self.hours |= {r.id: sites[r.site].hours for r in company.rooms}
        self.lunch = {p.id: p.lunch for p in company.people if p.lunch}
        self.entries: dict[str, list[Entry]] = defaultdict(list)
        self.taken: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def written(self) -> Mapping[str, list[Entry]]:
        """The entries of everybody's calendar by id, in order of time."""
        for meeting in weeks.MEETINGS:
            self._meet(meeting)
        for routine in weeks.ROUTINES:
            self._repeat(routine)
        for once in weeks.ONCE:
            self._happen(once)
        for person in self.company.people:
            share = weeks.BUSY_SHARE.get(person.id, weeks.USUAL_SHARE)
            self._fill(person.id, weeks.WORK.get(person.id, "engineer"), share)
        for room in self.company.rooms:
            self._fill(room.id, "room", weeks.ROOM_SHARE)
        return {who: sorted(e, key=lambda x: (str(x.start), x.title)) for who, e in self.entries.items()}

    # ------------------------------------------------------------------------------ times

    def _day(self, day: Day) -> date:
        week, weekday = day
        return self.monday + timedelta(days=7 * week + weekday)

    def _at(self, day: Day, clock: time, zone: str) -> datetime:
        return datetime.combine(self._day(day), clock, ZoneInfo(zone))

    def _occupy(self, who: str, start: datetime, end: datetime) -> None:
        self.taken[who].append((start.astimezone(UTC), end.astimezone(UTC)))

    def _free(self, who: str, start: datetime, end: datetime) -> bool:
        begin, finish = start.astimezone(UTC), end.astimezone(UTC)
        return all(finish <= a or b <= begin for a, b in self.taken[who])

    def _rule(self, days: Sequence[int], every: int, zone: str) -> str:
        names = ",".join(("MO", "TU", "WE", "TH", "FR")[d] for d in days)
        last = self._at((weeks.LAST_WEEK, 6), time(23, 59), zone).astimezone(UTC)
        interval = f";INTERVAL={every}" if every > 1 else ""
        return f"FREQ=WEEKLY{interval};BYDAY={names};UNTIL={last:%Y%m%dT%H%M%SZ}"

    @staticmethod
    def _days(days: Sequence[int], every: int = 1) -> Iterator[Day]:
        for week in range(weeks.FIRST_WEEK, weeks.LAST_WEEK + 1, every):
            for weekday in days:
                yield week, weekday

    # ------------------------------------------------------------------------------ rounds

    def _meet(self, meeting: Meeting) -> None:
        """A meeting in the calendar of everybody invited, and of its room."""
        length = meeting.minutes * _MINUTE
        first = self._at((weeks.FIRST_WEEK, meeting.days[0]), meeting.start, meeting.zone)
        moved = {old: self._at(new, clock, meeting.zone) for old, new, clock in meeting.moved}
        for who in (*meeting.people, *((meeting.room,) if meeting.room else ())):
            reply = meeting.replies.get(who, Reply.ACCEPTED) if len(meeting.people) > 1 else None
            reply = None if who == meeting.host else reply
            entry = Entry(
                title=meeting.title,
                start=first,
                end=first + length,
                reply=reply,
                organizer=self.emails.get(meeting.host, ""),
                rule=self._rule(meeting.days, meeting.every, meeting.zone),
                skip=tuple(self._at(d, meeting.start, meeting.zone) for d in meeting.skip),
                moved=tuple(
                    (self._at(d, meeting.start, meeting.zone), new, new + length) for d, new in moved.items()
                ),
            )
            self.entries[who].append(entry)
            if reply is Reply.DECLINED:
                continue
            for day in self._days(meeting.days, meeting.every):
                if day not in meeting.skip:
                    start = moved.get(day) or self._at(day, meeting.start, meeting.zone)
                    self._occupy(who, start, start + length)

    def _repeat(self, routine: Routine) -> None:
        zone, days = self.zones[routine.person], routine.days
        rule = self._rule(days, 1, zone)
        if routine.start is None:
            first = self._day((weeks.FIRST_WEEK, days[0]))
            rule = rule.partition(";UNTIL")[0] + f";UNTIL={self._day((weeks.LAST_WEEK, 6)):%Y%m%d}"
            whole = Entry(routine.title, first, first + timedelta(days=1), routine.show, rule=rule)
            self.entries[routine.person].append(whole)
            return
        length = routine.minutes * _MINUTE
        start = self._at((weeks.FIRST_WEEK, days[0]), routine.start, zone)
        entry = Entry(routine.title, start, start + length, routine.show, private=routine.private, rule=rule)
        self.entries[routine.person].append(entry)
        for day in self._days(days):
            begin = self._at(day, routine.start, zone)
            self._occupy(routine.person, begin, begin + length)

    def _happen(self, once: Once) -> None:
        zone, day = self.zones[once.person], (once.week, once.weekday)
        start: datetime | date
        end: datetime | date
        if once.start is None:
            start, end = self._day(day), self._day(day) + timedelta(days=once.days)
            span = self._at(day, time(), zone), self._at((once.week, once.weekday + once.days), time(), zone)
        else:
            start = self._at(day, once.start, zone)
            end = start + once.minutes * _MINUTE
            span = start, end
        self.entries[once.person].append(
            Entry(
                once.title,
                start,
                end,
                once.show,
                reply=once.reply,
                organizer="events@partner.example" if once.reply else "",
                private=once.private,
                cancelled=once.cancelled,
            )
        )
        if once.show is not Show.FREE and once.reply is not Reply.DECLINED and not once.cancelled:
            self._occupy(once.person, *span)

    def _fill(self, who: str, work: str, share: tuple[float, float]) -> None:
        """Meetings of the day-to-day kind until as much of each day is taken as is usual."""
        rng = random.Random(f"{weeks.EDITION}/{self.seed}/{who}")
        for day in self._days((0, 1, 2, 3, 4)):
            stretches = [h for h in self.hours[who] if h.weekday == day[1]]
            wanted = rng.uniform(*share)
            for hours in stretches:
                self._fill_stretch(who, weeks.FILLERS[work], day, hours, wanted, rng)

    def _fill_stretch(
        self,
        who: str,
        fillers: Sequence[tuple[str, int]],
        day: Day,
        hours: Hours,
        wanted: float,
        rng: random.Random,
    ) -> None:
        zone = self.zones[who]
        opens, closes = (self._at(day, clock, zone) for clock in (hours.start, hours.end))
        length = (closes - opens) / _MINUTE
        taken = self._minutes_taken(who, opens, closes)
        for _ in range(_TRIES):
            title, minutes = rng.choice(fillers)
            start = opens + rng.randrange(0, int(length), 30 if rng.random() < 0.8 else 15) * _MINUTE
            end = start + minutes * _MINUTE
            fits = end <= closes and (taken + minutes) / length <= wanted + 0.04
            if fits and self._in_quiet_hours(start) and rng.random() < weeks.QUIET:
                continue
            if not fits or self._at_lunch(who, day, start, end) or not self._free(who, start, end):
                continue
            self.entries[who].append(Entry(title, start, end))
            self._occupy(who, start, end)
            taken += minutes
            if taken / length >= wanted:
                return

    @staticmethod
    def _in_quiet_hours(start: datetime) -> bool:
        opens, closes = weeks.QUIET_HOURS
        return opens <= start.astimezone(ZoneInfo(weeks.BERLIN)).time() < closes

    def _at_lunch(self, who: str, day: Day, start: datetime, end: datetime) -> bool:
        """People keep their usual lunch free of everyday meetings."""
        if who not in self.lunch:
            return False
        begin, finish = (self._at(day, clock, self.zones[who]) for clock in self.lunch[who])
        return start < finish and begin < end

    def _minutes_taken(self, who: str, opens: datetime, closes: datetime) -> float:
        total, reached = 0.0, opens.astimezone(UTC)
        for start, end in sorted(self.taken[who]):
            begin, finish = max(start, reached), min(end, closes.astimezone(UTC))
            if begin < finish:
                total += (finish - begin) / _MINUTE
                reached = finish
        return total
