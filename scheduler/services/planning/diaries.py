"""Everybody's time as a packing problem has it: whole minutes after an epoch. Told by `tests/stories/test_main_job.py`.

Free time is rounded inwards and busy time outwards, so that rounding never invents free time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from connectors.types import Known, Verdict
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, at, days_of, intersection, merged, utc, zone
from scheduler.services.planning import buffers, worktime
from scheduler.services.planning.availability import without_own
from scheduler.services.planning.meaning import Claim, Meaning, meaning
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.sessions import Sessions
from solver import Busy, BusyKind, Interval
from solver import Person as Somebody

OFFICE = "office"
Rows = tuple[Interval, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Scale:
    """Minutes after an epoch."""

    epoch: datetime

    def floor(self, instant: datetime) -> int:
        return int((utc(instant) - self.epoch).total_seconds() // 60)

    def ceil(self, instant: datetime) -> int:
        return -int(-(utc(instant) - self.epoch).total_seconds() // 60)

    def free(self, spans: Iterable[Span]) -> tuple[Interval, ...]:
        """Rounded inwards, empty ones dropped."""
        pairs = ((self.ceil(s.start), self.floor(s.end)) for s in spans)
        return tuple((a, b) for a, b in pairs if a < b)

    def taken(self, span: Span) -> Interval:
        """Rounded outwards."""
        return self.floor(span.start), self.ceil(span.end)

    def instant(self, minute: int) -> datetime:
        return self.epoch + timedelta(minutes=minute)

    def span(self, start: int, minutes: int) -> Span:
        return Span(self.instant(start), self.instant(start + minutes))


def people(picture: Picture, scale: Scale, sessions: Sessions) -> tuple[Somebody, ...]:
    """The people of a loop's roster with their hours, calendars and caps."""
    diaries = _Diaries(picture, scale, sessions)
    return tuple(diaries.of(person) for person in picture.roster.people.values())


class _Diaries:
    """What is asked for person after person is found once: hundreds of people keep a handful of working hours, and
    what other loops hold is looked up by whom it is of."""

    def __init__(self, picture: Picture, scale: Scale, sessions: Sessions) -> None:
        self._picture, self._scale, self._sessions = picture, scale, sessions
        self._others = _by_subject((o.subject, o) for o in picture.others)
        self._blocked = _by_subject(picture.loop.blocked)
        self._soft = _by_subject(picture.soft)
        self._hours: dict[tuple[object, ...], tuple[list[Span], Rows]] = {}
        self._lunches: dict[tuple[object, ...], list[Interval]] = {}
        self._kinds: dict[Verdict, BusyKind] = {}

    def of(self, person: Person) -> Somebody:
        picture, scale = self._picture, self._scale
        subject = Subject.person(person.id)
        held = sorted(i.span for i in picture.held.get(person.id, ()))  # touching ones are two for a cap
        own, pinned = picture.own(subject), self._sessions.pinned_spans(person.id)
        # unknown is never free: who cannot be read keeps what they have and gets nothing new
        known = isinstance(picture.availability.get(subject), Known)
        free, work = self._working(person) if known else (own, ())
        return Somebody(
            id=person.id,
            site=person.site,
            tz=person.zone,
            work=scale.free(merged([*free, *pinned])) if pinned or not known else work,
            busy=self._busy(person, subject, own, pinned),
            max_day=person.max_day,
            max_week=person.max_week,
            prior=picture.load.get(person.id, 0),
            skills=person.skills,
            held=tuple(scale.taken(s) for s in held),
        )

    def _working(self, person: Person) -> tuple[list[Span], Rows]:
        """When somebody works, as spans and in minutes."""
        key = (person.hours, person.zone, person.site, person.pauses)
        if key not in self._hours:
            site = self._picture.sites.get(person.site)
            free = worktime.working(person, site, self._picture.span)
            self._hours[key] = free, self._scale.free(free)
        return self._hours[key]

    def _lunch(self, person: Person) -> list[Interval]:
        if not person.lunch:
            return []
        key = (person.lunch, person.zone)
        if key not in self._lunches:
            (first, last), tz = person.lunch, zone(person.zone)
            spans = ((at(day, first, tz), at(day, last, tz)) for day in days_of(self._picture.span, tz))
            self._lunches[key] = [self._scale.taken(Span(a, b)) for a, b in spans if a < b]
        return self._lunches[key]

    def _busy(
        self, person: Person, subject: Subject, own: Sequence[Span], pinned: Sequence[Span]
    ) -> tuple[Busy, ...]:
        """Their calendar by verdict and what other loops hold, with the buffer beside both, times found
        taken, and their usual lunch.

        What already is settled (``pinned``) is not judged again: blocks are left out as far as they lie over it.
        """
        scale = self._scale
        rows = {(*scale.taken(span), kind) for span, kind in self._blocks(person, subject, own, pinned)}
        rows |= {(*minutes, BusyKind.LUNCH) for minutes in self._lunch(person)}
        settled = [scale.taken(s) for s in pinned]
        return tuple(
            Busy(left, right, kind)
            for start, end, kind in sorted(rows)
            for left, right in buffers.beside(start, end, settled, whole=kind is BusyKind.LUNCH)
        )

    def _blocks(
        self, person: Person, subject: Subject, own: Sequence[Span], pinned: Sequence[Span]
    ) -> Iterator[tuple[Span, BusyKind]]:
        picture = self._picture
        buffer = buffers.buffer_of(picture.loop, picture.application)(subject)
        settled = [*own, *pinned]
        state = picture.availability.get(subject)
        if isinstance(state, Known):
            for block in without_own(state, picture.prefix, own):
                kind = self._kind(block.verdict)
                for span in buffers.guarded(Span(block.start, block.end), buffer, settled):
                    yield span, kind
        for other in self._others.get(subject, ()):
            for span in buffers.guarded(other.span, max(buffer, other.buffer), settled):
                yield span, BusyKind.HARD
        for span in self._blocked.get(subject, ()):
            yield span, BusyKind.HARD
        if person.id in self._sessions.on_site:
            for span in _elsewhere(picture, state):
                yield span, BusyKind.HARD
        for span in self._soft.get(subject, ()):
            yield span, BusyKind.TENTATIVE
        # what they would rather keep free costs what their focus time costs
        for span in worktime.hours(person.avoid, zone(person.zone), picture.span) if person.avoid else ():
            yield span, BusyKind.FOCUS

    def _kind(self, verdict: Verdict) -> BusyKind:
        if verdict not in self._kinds:
            picture = self._picture
            hard = meaning(verdict, picture.loop.mode, picture.policy, Claim.WANTED) is Meaning.HARD
            softer = BusyKind.FOCUS if verdict is Verdict.FOCUS else BusyKind.TENTATIVE
            self._kinds[verdict] = BusyKind.HARD if hard else softer
        return self._kinds[verdict]


def _by_subject(pairs: Iterable[tuple[Subject, _T]]) -> dict[Subject, list[_T]]:
    found: dict[Subject, list[_T]] = {}
    for subject, one in pairs:
        found.setdefault(subject, []).append(one)
    return found


def _elsewhere(picture: Picture, state: Known | object) -> list[Span]:
    """When somebody who is wanted on site says that they work elsewhere, inside the candidate's windows:
    a debrief by video at another time is still possible."""
    if not isinstance(state, Known):
        return []
    away = merged(Span(p.start, p.end) for p in state.places if p.where != OFFICE)
    return intersection(away, merged(picture.loop.windows))
