"""From a plan that needed a group lifted to the least change that allows it.

`changes` reads off a witness how much of a group it used: which hour of whose calendar, which limit
and how far. `solver.why.amend` makes exactly these changes, so a fix can be tried, shown and accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from solver.problem.values import (
    BusyKind,
    Interval,
    Person,
)
from solver.rules.time import lock as lock_rule
from solver.rules.time import runs, span
from solver.rules.view import Book, Diary, Meeting, Placed, Spans
from solver.why.groups import FREE, Group, Kind, spare_name, stand_ins

CAPS = ("max_day", "max_week", "max_day_minutes", "max_week_minutes")


@dataclass(frozen=True, slots=True)
class NeededChange:
    """One thing to change about a loop, as small as a plan needs it."""

    kind: Kind
    loop: str
    sessions: tuple[str, ...] = ()
    """The sessions it is about; for an order or a gap, the later one first."""
    people: tuple[str, ...] = ()
    times: tuple[Interval, ...] = ()
    """When somebody or a room has to be free, the candidate available, or a window open."""
    site: str | None = None
    limits: tuple[tuple[str, int], ...] = ()
    """Names of limits and the values they need."""
    effort: int = 0
    """How hard it is to get, for ranking."""


def changes(group: Group, placed: Placed, book: Book) -> tuple[NeededChange, ...]:
    """What a witness uses of a group; ``placed`` looks at the problem with nothing lifted."""
    return tuple(_FOUND[group.kind](group, placed, book))


def _change(group: Group, placed: Placed, **about: object) -> NeededChange:
    base = list(Kind).index(group.kind) * 10
    effort = base + int(about.pop("effort", 0))  # type: ignore[call-overload]
    return NeededChange(group.kind, placed.loop.id, effort=effort, **about)  # type: ignore[arg-type]


# -- what was used --------------------------------------------------------------------------------


def _person(group: Group, placed: Placed, book: Book) -> Iterable[NeededChange]:
    """When they cannot be there, or hold an interview too many; off hours are harder than a meeting."""
    diary = placed.look.diary(group.name)
    if diary is None:
        return
    effort, times = 0, []
    for event in book.people.get(group.name, []):
        if event.loop != placed.loop.id:
            continue
        away = diary.work.index(event.start, event.end) is None
        if away or _taken(diary, event.start, event.end, event.kind, placed.look.problem.buffer):
            times.append((event.start, event.end))
            effort += 8 if away else 3
    given_up = _given_up(diary.person, times, placed, book)
    times += given_up
    effort += 5 * len(given_up)
    if times:
        yield _change(group, placed, people=(group.name,), times=tuple(sorted(times)), effort=effort)


def _given_up(person: Person, times: list[Interval], placed: Placed, book: Book) -> list[Interval]:
    """Held interviews, apart from those in the way, without which their day or week is within the caps."""
    buffer = placed.look.problem.buffer
    held = [one for one in person.held if not clashes(one, times, buffer)]
    gone: list[Interval] = []
    while held and any(True for _ in _overload(replace(person, held=tuple(held)), placed, book)):
        events = [event.start for event in book.people[person.id] if event.loop == placed.loop.id]
        last = max(held, key=lambda one: -min(abs(one[0] - start) for start in events))
        held.remove(last)
        gone.append(last)
    return gone


def clashes(held: Interval, times: Iterable[Interval], buffer: int) -> bool:
    """Whether a held interview is too close to one of these times."""
    return any(start < held[1] + buffer and held[0] < end + buffer for start, end in times)


def _taken(diary: Diary, start: int, end: int, kind: str, buffer: int) -> bool:
    return (
        diary.blocks[BusyKind.HARD].overlaps(start, end)
        or (kind != "lunch" and diary.blocks[BusyKind.LUNCH].overlaps(start, end))
        or any(start < last + buffer and first < end + buffer for first, last in diary.held)
    )


def _pool(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    """Places that stand-ins took."""
    m = placed.by_id[group.name]
    hired = set(stand_ins(placed.loop, group.name))
    extra = [who for who in m.seated if who in hired]
    events = {(one.start, one.end) for who, one in placed.bookings if who in extra}
    if not extra:
        return
    known = tuple(dict.fromkeys(who for seat in m.session.seats for who in seat.pool))
    yield _change(
        group,
        placed,
        sessions=(group.name,),
        people=known,
        times=tuple(sorted(events)),
        limits=(("people", len(extra)),),
        effort=3 * len(extra),
    )


def _caps(group: Group, placed: Placed, book: Book) -> Iterable[NeededChange]:
    """Everybody whose day or week is fuller than their caps."""
    for who in sorted({who for who, _ in placed.bookings}):
        diary = placed.look.diary(who)
        limits = () if diary is None else tuple(_overload(diary.person, placed, book))
        if limits:
            yield _change(group, placed, people=(who,), limits=limits)


def _overload(person: Person, placed: Placed, book: Book) -> Iterable[tuple[str, int]]:
    events = [(e.start, e.end) for e in book.people[person.id] if e.kind in ("interview", "shadow")]
    for cap in CAPS:
        most = getattr(person, cap)
        period = placed.look.local_day if "day" in cap else placed.look.local_week
        load: dict[int | None, int] = {}
        for start, end in [*events, *person.held]:
            at = period(person.tz, start)
            load[at] = load.get(at, 0) + (end - start if "minutes" in cap else 1)
        used = {period(person.tz, start) for start, _ in events}
        heaviest = max((load[at] for at in used), default=0)
        if most is not None and heaviest > most:
            yield cap, heaviest


def _rooms(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    """Sessions that had to use the spare room."""
    homeless = [m for m in placed.meetings if m.got.room == spare_name(group.name)]
    if not homeless:
        return
    yield _change(
        group,
        placed,
        sessions=tuple(m.id for m in homeless),
        times=tuple((m.start, m.end) for m in homeless),
        site=group.name,
        limits=(("cap", max((1 + len(m.present) for m in homeless), default=1)),),
        effort=len(homeless),
    )


def _buffer(group: Group, placed: Placed, book: Book) -> Iterable[NeededChange]:
    """The least pause of anybody."""
    pauses = [FREE]
    for who in {who for who, _ in placed.bookings}:
        diary = placed.look.diary(who)
        held = () if diary is None else diary.held
        events = sorted([*((e.start, e.end) for e in book.people[who]), *held])
        pauses += [then[0] - first[1] for first, then in pairwise(events)]
    if min(pauses) < placed.look.problem.buffer:
        yield _change(group, placed, limits=(("buffer", max(0, min(pauses))),))


def _order(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    m = placed.by_id[group.name]
    least = placed.loop.min_break
    early = tuple(name for name in m.session.after if m.start < placed.by_id[name].end + least)
    if early:
        yield _change(group, placed, sessions=(group.name, *early), effort=len(early))


def _gap(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    first, then = group.name, group.then
    minutes = placed.by_id[then].start - placed.by_id[first].end
    kept = [rule for rule in placed.loop.gaps if (rule.first, rule.then) == (first, then)]
    if all(rule.least <= minutes <= (FREE if rule.greatest is None else rule.greatest) for rule in kept):
        return
    yield _change(group, placed, sessions=(then, first), limits=(("minutes", minutes),))


def _breaks(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    pauses = [then.start - m.end for m, then in pairwise(placed.meetings)]
    least = max(0, min(pauses, default=FREE))
    if least < placed.loop.min_break:
        yield _change(group, placed, limits=(("min_break", least),))


def _run(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    limit = placed.loop.longest_run
    longest = 0 if limit is None else max((span(run) for run in runs(placed, limit)), default=0)
    if limit is not None and longest > limit.minutes:
        yield _change(group, placed, limits=(("minutes", longest),))


def _span(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    longest = max(span(meetings) for meetings in placed.used_days.values())
    if longest > placed.loop.max_span:
        yield _change(group, placed, limits=(("max_span", longest),))


def _day_minutes(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    days = placed.used_days.values()
    most = max(sum(m.session.dur for m in meetings if m.interview) for meetings in days)
    if placed.loop.max_day_minutes is not None and most > placed.loop.max_day_minutes:
        yield _change(group, placed, limits=(("max_day_minutes", most),))


def _days(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    if len(placed.used_days) > placed.loop.max_days:
        yield _change(group, placed, limits=(("max_days", len(placed.used_days)),))


def _same_day(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    for names in placed.loop.same_day:
        if len({placed.by_id[name].day for name in names}) > 1:
            yield _change(group, placed, sessions=names)


def _different_day(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    for names in placed.loop.different_day:
        if len({placed.by_id[name].day for name in names}) < len(names):
            yield _change(group, placed, sessions=names)


def _debrief(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    wanted, start, end = placed.loop.debrief, placed.plan.debrief, placed.last_end
    if wanted is not None and start is not None and end is not None:
        waited = placed.look.calendar(wanted.calendar or placed.loop.site).minutes(end, start)
        if waited > wanted.within:
            yield _change(group, placed, limits=(("within", waited),))


def _same_people(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    m = placed.by_id[group.name]
    other = placed.by_id[m.session.same_people_as or group.name]
    if [sorted(seat) for seat in m.got.people] != [sorted(seat) for seat in other.got.people]:
        yield _change(group, placed, sessions=(group.name, other.id))


def _barred(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    seated = {who for m in placed.meetings if m.interview for who in m.seated}
    if seated & placed.loop.barred:
        yield _change(group, placed, people=tuple(sorted(seated & placed.loop.barred)))


def _travel(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    yield _change(group, placed)


def _window(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    m = placed.by_id[group.name]
    if Spans(m.session.window).index(m.start, m.end) is None:
        yield _change(group, placed, sessions=(group.name,), times=((m.start, m.end),))


def _lock(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    """Where it goes instead; what of the pin still holds stays pinned."""
    if group.name == placed.loop.id:
        wanted, start = placed.loop.debrief, placed.plan.debrief
        if wanted is not None and start is not None and start != wanted.lock:
            yield _change(group, placed, times=((start, start + wanted.dur),))
        return
    m = placed.by_id[group.name]
    if all(fault.session != m.id for fault in lock_rule(placed)):
        return
    yield _change(group, placed, sessions=(group.name,), times=((m.start, m.end),), people=m.seated)


def _availability(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    """Per day, from the first to the last session that was not offered."""
    offered = placed.look.spans(placed.loop, "availability")
    missing: dict[int | None, list[Meeting]] = {}
    for m in placed.meetings:
        if offered.index(m.start, m.end) is None:
            missing.setdefault(m.day, []).append(m)
    hulls = [(min(m.start for m in day), max(m.end for m in day)) for day in missing.values()]
    if hulls:
        yield _change(group, placed, times=tuple(sorted(hulls)), effort=len(hulls))


def _loop(group: Group, placed: Placed, _: Book) -> Iterable[NeededChange]:
    yield _change(group, placed, limits=((group.name, 0),))


_FOUND = {
    Kind.PERSON: _person,
    Kind.POOL: _pool,
    Kind.CAPS: _caps,
    Kind.ROOMS: _rooms,
    Kind.BUFFER: _buffer,
    Kind.ORDER: _order,
    Kind.GAP: _gap,
    Kind.BREAKS: _breaks,
    Kind.LONGEST_RUN: _run,
    Kind.SPAN: _span,
    Kind.DAY_MINUTES: _day_minutes,
    Kind.DAYS: _days,
    Kind.SAME_DAY: _same_day,
    Kind.DIFFERENT_DAY: _different_day,
    Kind.DEBRIEF: _debrief,
    Kind.SAME_PEOPLE: _same_people,
    Kind.BARRED: _barred,
    Kind.TRAVEL: _travel,
    Kind.WINDOW: _window,
    Kind.LOCK: _lock,
    Kind.AVAILABILITY: _availability,
    Kind.LOOP: _loop,
}
