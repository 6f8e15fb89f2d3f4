"""The VTIMEZONE of an IANA zone (RFC 5545 section 3.6.5), for programs that trust it more than the name.

What programs read of it differs: some know no RDATE, some take only the first value of an RDATE line, some
count DTSTART only where nothing else is said, or never. So: a rule for as long as one fits, one RDATE a
line where none does, every onset in the offset that holds before it.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connectors.zones import zone

FIRST_YEAR, LAST_YEAR = 2015, 2037
"""Years whose changes are written."""
_SEEN_TO = LAST_YEAR + 28
"""A rule that holds until then goes on for ever: every date has been every weekday meanwhile."""
_FEWEST = 3
"""Years in a row before their changes count as a rule."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%dT%H%M%S"


class _State(NamedTuple):
    """What a zone's clocks show: offset from UTC, daylight saving in it, name."""

    offset: timedelta
    saving: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class _Onset:
    """A change of the clocks: when, and what holds before and after it."""

    moment: datetime
    before: _State
    after: _State

    @property
    def local(self) -> datetime:
        """The wall clock at the change, in the offset before it: what DTSTART and RDATE hold."""
        return (self.moment + self.before.offset).replace(tzinfo=None)

    @property
    def kind(self) -> tuple[str, timedelta, timedelta, str]:
        """What observances tell apart. Summer is the later clock, also where a zone calls winter the
        exception (Dublin, Casablanca)."""
        summer = self.after.saving > timedelta(0) or (
            not self.after.saving and self.before.saving < timedelta(0)
        )
        return "DAYLIGHT" if summer else "STANDARD", self.before.offset, self.after.offset, self.after.name


@functools.cache
def vtimezone(name: str) -> str:
    """The VTIMEZONE of a zone as content lines, changes from before `FIRST_YEAR` on. Raises `UnknownZone`."""
    first, changes = _changes(name)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    observances = sorted(_observances(changes), key=lambda observance: observance[0].moment)
    if not changes or changes[0].moment.year >= FIRST_YEAR:
        # in the earliest time somebody may ask for, something has to hold
        long_ago = _Onset(_LONG_AGO, first, first)
        observances.insert(0, (long_ago, (f"RDATE:{long_ago.local.strftime(_STAMP)}",)))
    for onset, dates in observances:
        lines += _observance(onset, dates)
    lines.append("END:VTIMEZONE")
    return "".join(f"{line}\r\n" for line in lines)


def _observance(onset: _Onset, more: Iterable[str]) -> Iterator[str]:
    kind, before, after, name = onset.kind
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{onset.local.strftime(_STAMP)}"
    yield f"TZOFFSETFROM:{_offset(before)}"
    yield f"TZOFFSETTO:{_offset(after)}"
    yield f"TZNAME:{name}"
    yield from more
    yield f"END:{kind}"


def _offset(offset: timedelta) -> str:
    sign = "-" if offset < timedelta(0) else "+"
    seconds = int(abs(offset).total_seconds())
    text = f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text


# --- when clocks change ------------------------------------------------------------------------


def _changes(name: str) -> tuple[_State, list[_Onset]]:
    """What holds before the first change, and every change: of the years that are written, and the last
    one before them."""
    tz = zone(name)

    def state(moment: datetime) -> _State:
        local = moment.astimezone(tz)
        return _State(local.utcoffset() or timedelta(0), local.dst() or timedelta(0), local.tzname() or "")

    found: list[_Onset] = []
    earliest = datetime(FIRST_YEAR - 2, 1, 1, tzinfo=UTC)
    at, before = earliest, state(earliest)
    first = before
    end = datetime(_SEEN_TO + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + timedelta(days=1)
        after = state(following)
        if after != before:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if state(middle) == before else (low, middle)
            if (before.offset, before.name) != (after.offset, after.name):
                found.append(_Onset(high, before, after))
        at, before = following, after
    early = sum(onset.moment.year < FIRST_YEAR for onset in found)
    return first, found[max(0, early - 2) :]


# --- rules -------------------------------------------------------------------------------------


def _observances(changes: Sequence[_Onset]) -> Iterator[tuple[_Onset, tuple[str, ...]]]:
    """Each with its first onset and the lines that say when it comes again."""
    by_kind: dict[tuple[str, timedelta, timedelta, str], list[_Onset]] = defaultdict(list)
    for onset in changes:
        by_kind[onset.kind].append(onset)
    for onsets in by_kind.values():
        single: list[_Onset] = []
        for run in _runs(onsets):
            if run[0].local.year > LAST_YEAR:
                break
            rule = _rule(run) if len(run) >= _FEWEST else None
            if rule is None:
                single += [onset for onset in run if onset.local.year <= LAST_YEAR]
            else:
                yield run[0], (rule,)
        if single:
            # DTSTART's own again: beside an RDATE some programs no longer count it, and some never do
            yield single[0], tuple(f"RDATE:{onset.local.strftime(_STAMP)}" for onset in single)


def _runs(onsets: Sequence[_Onset]) -> Iterator[list[_Onset]]:
    """The onsets in runs of years in a row that one rule describes, each as long as possible."""
    run: list[_Onset] = []
    for onset in onsets:
        goes_on = bool(run) and run[-1].local.year + 1 == onset.local.year
        if run and not (goes_on and _by([*run, onset])):
            yield run
            run = []
        run.append(onset)
    if run:
        yield run


def _rule(run: Sequence[_Onset]) -> str | None:
    by = _by(run)
    if by is None:
        return None
    # COUNT, not UNTIL: that has to be in UTC here, and programs read it by the wall clock or refuse it
    end = "" if run[-1].local.year >= _SEEN_TO else f";COUNT={len(run)}"
    return f"RRULE:FREQ=YEARLY;{by}{end}"


def _by(run: Sequence[_Onset]) -> str | None:
    """The BY parts of a rule that gives exactly these days; ``None`` where there is none."""
    locals_ = [onset.local for onset in run]
    if len({(moment.month, moment.weekday(), moment.time()) for moment in locals_}) > 1:
        return None
    month, day = f"BYMONTH={locals_[0].month}", _DAYS[locals_[0].weekday()]
    if all((moment + timedelta(days=7)).month != moment.month for moment in locals_):
        return f"{month};BYDAY=-1{day}"
    weeks = {(moment.day - 1) // 7 + 1 for moment in locals_}
    if len(weeks) == 1:
        return f"{month};BYDAY={weeks.pop()}{day}"
    days = [moment.day for moment in locals_]
    if max(days) - min(days) == 6:  # such as the Friday on or after the 23rd
        return f"{month};BYDAY={day};BYMONTHDAY={','.join(str(d) for d in range(min(days), max(days) + 1))}"
    return None
