"""Calendars as programs write them, drawn by hypothesis: series with everything that real files carry.

Kept away from are the corners in which the libraries that they are compared with are known to differ from
RFC 5545; those are tested by hand in ``test_repeating.py``:

- an occurrence in, or across, a change of the clocks (sections 3.3.5 and 3.8.5.3): both keep the end's clock;
- EXDATE and RECURRENCE-ID of another zone or value type than DTSTART, and UNTIL of another one;
- a start that its rule does not give (section 3.8.5.3 leaves that set undefined).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from connectors.vtimezone import vtimezone

HOME = "Europe/Berlin"
OWN = "Customized Time Zone"
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", OWN, ""]
"""Of the times; ``UTC`` is written with a Z, an empty one is a whole day."""

FIRST, LAST = date(2026, 8, 1), date(2027, 5, 31)
_NOISE = [
    "SUMMARY:Stand-up\\, daily",
    "CATEGORIES:Team,Red category",
    "LOCATION:Room 4; second floor",
    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
    "X-MOZ-GENERATION:3",
    "CLASS:PRIVATE",
    "PRIORITY:5",
    "TRANSP:OPAQUE",
    "STATUS:CONFIRMED",
    "LAST-MODIFIED:20260801T120000Z",
    "ORGANIZER;CN=Boss:mailto:boss@acme.example",
    'ATTENDEE;CN="Ben, Q";PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:ben@acme.example',
    "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:cem@acme.example",
    "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT15M\nEND:VALARM",
    "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=END:PT0S\nEND:VALARM",
]


@dataclass(frozen=True)
class Change:
    """A component with RECURRENCE-ID. ``onwards``: with RANGE=THISANDFUTURE."""

    original: datetime | date
    start: datetime | date
    length: timedelta
    sequence: int
    free: str = ""
    onwards: bool = False


@dataclass(frozen=True)
class Made:
    """One event with its changes. Times are clocks on the wall of ``zone``, whole days are dates."""

    uid: str
    zone: str
    start: datetime | date
    length: timedelta
    nominal: bool
    rule: str
    until: datetime | date | None
    left_out: tuple[datetime | date, ...]
    added: tuple[datetime | date, ...]
    changes: tuple[Change, ...]
    noise: tuple[str, ...]
    sequence: int
    free: str = ""

    def text(self) -> Iterator[str]:
        lines = [self._at("DTSTART", self.start), self._length(self.start, self.length)]
        if self.rule:
            lines.append(f"RRULE:{self.rule}{self._until()}")
        lines += [self._at("EXDATE", moment) for moment in self.left_out]
        lines += [self._at("RDATE", moment) for moment in self.added]
        yield self._event(lines, self.sequence, self.free)
        for change in self.changes:
            range_ = ";RANGE=THISANDFUTURE" if change.onwards else ""
            lines = [
                self._at(f"RECURRENCE-ID{range_}", change.original),
                self._at("DTSTART", change.start),
                self._length(change.start, change.length),
            ]
            yield self._event(lines, change.sequence, change.free)

    def _event(self, lines: list[str], sequence: int, free: str) -> str:
        head = [
            f"UID:{self.uid}",
            "DTSTAMP:20260801T120000Z",
            f"SEQUENCE:{sequence}",
            *([free] if free else []),
        ]
        noise = [line for line in self.noise if not free or line.partition(":")[0] != free.partition(":")[0]]
        return "\n".join(["BEGIN:VEVENT", *head, *lines, *noise, "END:VEVENT\n"])

    def _at(self, name: str, moment: datetime | date) -> str:
        if not isinstance(moment, datetime):
            return f"{name};VALUE=DATE:{moment:%Y%m%d}"
        if self.zone == "UTC":
            return f"{name}:{moment:%Y%m%dT%H%M%S}Z"
        return f"{name};TZID={self.zone}:{moment:%Y%m%dT%H%M%S}"

    def _length(self, start: datetime | date, length: timedelta) -> str:
        if not self.nominal:
            return self._at("DTEND", start + length)
        if length.seconds:
            return f"DURATION:PT{length.seconds // 60}M"
        return f"DURATION:P{length.days}D"

    def _until(self) -> str:
        if self.until is None:
            return ""
        if isinstance(self.until, datetime):
            return f";UNTIL={self.until:%Y%m%dT%H%M%S}Z"
        return f";UNTIL={self.until:%Y%m%d}"

    def split(self) -> list[Made]:
        """The same for a reader that does not know RANGE: one series up to the change, one from there on.
        For rules without a count, and changes that keep the day."""
        later = next((change for change in self.changes if change.onwards), None)
        if later is None:
            return [self]
        shift = later.start - later.original
        others = [change for change in self.changes if not change.onwards]
        rest = range((LAST - day_of(later.original)).days)
        first = replace(
            self,
            left_out=(*self.left_out, *(later.original + timedelta(days=n) for n in rest)),
            changes=tuple(change for change in others if change.original < later.original),
        )
        second = replace(
            self,
            uid=f"{self.uid}-later",
            start=later.start,
            length=later.length,
            free=later.free,
            left_out=tuple(moment + shift for moment in self.left_out if moment > later.original),
            changes=tuple(
                replace(c, original=c.original + shift) for c in others if c.original > later.original
            ),
        )
        return [first, second]


def day_of(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def vcalendar(events: list[Made]) -> str:
    """The file, with a definition of every zone that the events name."""
    zones = [vtimezone(zone) for zone in sorted({event.zone for event in events} - {"", "UTC", OWN})]
    if any(event.zone == OWN for event in events):
        zones.append(vtimezone("Europe/Helsinki").replace("TZID:Europe/Helsinki", f"TZID:{OWN}"))
    body = "".join(text for event in events for text in event.text())
    head = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\nX-WR-TIMEZONE:{HOME}\n"
    return (head + "".join(zones).replace("\r\n", "\n") + body + "END:VCALENDAR\n").replace("\n", "\r\n")


_DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn, start: date) -> str:
    """A rule that gives its own start."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 3))}"]
    own = _DAYS[start.weekday()]
    if frequency == "WEEKLY":
        more = draw(st.sets(st.sampled_from(_DAYS), max_size=2))
        parts.append(f"BYDAY={','.join(d for d in _DAYS if d in more | {own})}")
        parts.append(f"WKST={draw(st.sampled_from(['MO', 'SU']))}")
    if frequency == "MONTHLY":
        last = (start + timedelta(days=7)).month != start.month
        by = [f"BYMONTHDAY={start.day}", f"BYDAY={(start.day - 1) // 7 + 1}{own}", ""]
        parts.append(draw(st.sampled_from([*by, f"BYDAY=-1{own}"] if last else by)))
    return ";".join(part for part in parts if part)


def place(zone: str) -> ZoneInfo:
    """Where the clocks of a zone of `ZONES` hang."""
    return ZoneInfo("Europe/Helsinki" if zone == OWN else zone or HOME)


@st.composite
def _until(draw: st.DrawFn, zone: str, day: date) -> datetime | date | None:
    """The evening of a day, in UTC as section 3.3.10 wants it; of whole days the day."""
    if draw(st.booleans()):
        return None
    last = day + timedelta(days=draw(st.integers(0, 200)))
    if not zone:
        return last
    evening = datetime.combine(last, time(21), place(zone)).astimezone(UTC)
    return evening.replace(tzinfo=None)


def _lengths(zone: str) -> st.SearchStrategy[timedelta]:
    if not zone:
        return st.integers(1, 3).map(lambda days: timedelta(days=days))
    return st.sampled_from([15, 30, 60, 90, 150]).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def _elsewhere(draw: st.DrawFn, moment: datetime | date, days: int = 3) -> datetime | date:
    other = moment + timedelta(days=draw(st.integers(-days, days)))
    return other.replace(hour=draw(st.integers(7, 19))) if isinstance(other, datetime) else other


_FREE = st.sampled_from(["", "", "", "STATUS:CANCELLED", "TRANSP:TRANSPARENT"])


@st.composite
def events(draw: st.DrawFn, number: int) -> Made:
    zone = draw(st.sampled_from(ZONES))
    day = FIRST + timedelta(days=draw(st.integers(0, 200)))
    clock = time(draw(st.integers(7, 19)), draw(st.sampled_from([0, 15, 30, 45])))
    start: datetime | date = datetime.combine(day, clock) if zone else day
    made = Made(
        uid=f"{number}@generated",
        zone=zone,
        start=start,
        length=draw(_lengths(zone)),
        nominal=draw(st.booleans()),
        rule="",
        until=None,
        left_out=(),
        added=(),
        changes=(),
        noise=tuple(draw(st.lists(st.sampled_from(_NOISE), max_size=6, unique=True))),
        sequence=draw(st.integers(0, 3)),
        free=draw(st.sampled_from(["", "", "", "", "TRANSP:TRANSPARENT"])),
    )
    kind = draw(st.sampled_from(["single", "series", "series", "series", "from here on"]))
    if kind == "series":
        return draw(_series(made))
    return draw(_from_here_on(made)) if kind == "from here on" else made


@st.composite
def _series(draw: st.DrawFn, made: Made) -> Made:
    """Any rule, with dates left out, added and changed."""
    start, sequence = made.start, made.sequence
    rule, until = draw(rules(day_of(start))), draw(_until(made.zone, day_of(start)))
    if until is None and draw(st.booleans()):
        rule += f";COUNT={draw(st.integers(1, 40))}"
    named = [start + timedelta(days=n) for n in draw(st.lists(st.integers(0, 60), max_size=8, unique=True))]
    changed = named[len(named) // 2 :][:3]
    changes = [
        Change(
            m, draw(_elsewhere(m)), draw(_lengths(made.zone)), sequence + draw(st.integers(0, 5)), draw(_FREE)
        )
        for m in changed
    ]
    added = {draw(_elsewhere(start + timedelta(days=30), 30)) for _ in range(draw(st.integers(0, 2)))}
    return replace(
        made,
        rule=rule,
        until=until,
        left_out=tuple(named[: len(named) // 2]),
        added=tuple(sorted(added - set(named))),
        changes=tuple(changes),
    )


@st.composite
def _from_here_on(draw: st.DrawFn, made: Made) -> Made:
    """A plain rule that is changed from one occurrence on, with others left out and changed."""
    step = draw(st.integers(1, 2))
    weekly = draw(st.booleans())
    rule = f"FREQ={'WEEKLY' if weekly else 'DAILY'};INTERVAL={step}"
    numbers = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5, unique=True))
    occurrences = [made.start + timedelta(days=n * step * (7 if weekly else 1)) for n in numbers]
    later, *others = occurrences
    left_out, changed = others[:2], others[2:]
    later_start = later.replace(hour=draw(st.integers(7, 19))) if isinstance(later, datetime) else later
    sequence = made.sequence + draw(st.integers(0, 2))
    changes = [
        Change(later, later_start, draw(_lengths(made.zone)), sequence, onwards=True),
        *(Change(m, draw(_elsewhere(m)), draw(_lengths(made.zone)), sequence, draw(_FREE)) for m in changed),
    ]
    return replace(made, rule=rule, left_out=tuple(left_out), changes=tuple(changes), free="")


@st.composite
def calendars(draw: st.DrawFn) -> list[Made]:
    return [draw(events(number)) for number in range(draw(st.integers(1, 4)))]
