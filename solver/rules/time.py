"""Hard rules of one loop about time: when its sessions and its debrief may start.

Every rule takes a placed loop and yields what breaks it. In the formulas: sessions ``s, t`` of the
loop, ``a(s)`` start, ``e(s)`` = a(s) + dur(s) end, ``E`` = max e(s), ``d`` the debrief's start.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from solver.problem.plan import DEBRIEF, Violation
from solver.problem.values import LongestRun
from solver.rules.view import Meeting, Placed, Spans


def grid(placed: Placed) -> Iterator[Violation]:
    """a(s) mod grid = 0, d mod grid = 0."""
    step = placed.look.problem.grid
    starts: list[tuple[str | None, str, int]] = [(m.id, "", m.start) for m in placed.meetings]
    if placed.loop.debrief is not None and placed.plan.debrief is not None:
        starts.append((None, DEBRIEF, placed.plan.debrief))
    for session, part, start in starts:
        if start % step:
            text = f"starts at {start}, which is no multiple of {step}"
            yield Violation("grid", placed.loop.id, session, text, part)


def horizon(placed: Placed) -> Iterator[Violation]:
    """0 ≤ a(s), e(s) ≤ horizon. The debrief is not bound by it."""
    end = placed.look.problem.horizon
    for m in placed.meetings:
        if m.start < 0 or m.end > end:
            yield Violation("horizon", placed.loop.id, m.id, f"{m.start}–{m.end} is not within 0–{end}")


def availability(placed: Placed) -> Iterator[Violation]:
    """∃ i ∈ availability: [a(s), e(s)) ⊆ i."""
    offered = placed.look.spans(placed.loop, "availability")
    for m in placed.meetings:
        if offered.index(m.start, m.end) is None:
            text = f"{m.start}–{m.end} is not inside one time that the candidate offered"
            yield Violation("availability", placed.loop.id, m.id, text)


def window(placed: Placed) -> Iterator[Violation]:
    """window(s) = ∅ or ∃ w ∈ window(s): [a(s), e(s)) ⊆ w."""
    for m in placed.meetings:
        if m.session.window and Spans(m.session.window).index(m.start, m.end) is None:
            text = f"{m.start}–{m.end} is not inside one of its windows"
            yield Violation("window", placed.loop.id, m.id, text)


def lock(placed: Placed) -> Iterator[Violation]:
    """a(s) = lock.start, people(s) = lock.people seat by seat in any order, room(s) = lock.room; d = lock."""
    for m in placed.meetings:
        pin = m.session.lock
        if pin is None:
            continue
        loop, got = placed.loop.id, m.got
        if pin.start is not None and m.start != pin.start:
            yield Violation("lock", loop, m.id, f"is {m.start}, pinned to {pin.start}", "start")
        if pin.people is not None and _seats(got.people) != _seats(pin.people):
            yield Violation("lock", loop, m.id, f"are {got.people}, pinned to {pin.people}", "people")
        if pin.room is not None and got.room != pin.room:
            yield Violation("lock", loop, m.id, f"is {got.room}, pinned to {pin.room}", "room")
    debrief, start = placed.loop.debrief, placed.plan.debrief
    if debrief is not None and start is not None and debrief.lock not in (None, start):
        yield Violation("lock", placed.loop.id, None, f"starts at {start}, pinned to {debrief.lock}", DEBRIEF)


def _seats(people: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    return [sorted(seat) for seat in people]


def breaks(placed: Placed) -> Iterator[Violation]:
    """Consecutive s, t by start: a(t) ≥ e(s) + min_break."""
    least = placed.loop.min_break
    latest = -1
    for at, m in enumerate(placed.meetings):
        if at and m.start < latest + least:
            text = f"starts at {m.start}; the session before it ends at {latest}, the least break is {least}"
            yield Violation("breaks", placed.loop.id, m.id, text)
        latest = max(latest, m.end) if at else m.end


def order(placed: Placed) -> Iterator[Violation]:
    """t ∈ after(s) ⇒ a(s) ≥ e(t) + min_break."""
    for m in placed.meetings:
        for name in m.session.after:
            before = placed.by_id.get(name)
            if before is not None and m.start < before.end + placed.loop.min_break:
                text = f"starts at {m.start}, before the end of {name} at {before.end} and the least break"
                yield Violation("order", placed.loop.id, m.id, text)


def gap(placed: Placed) -> Iterator[Violation]:
    """(s, t, least, greatest) ∈ gaps ⇒ least ≤ a(t) − e(s) ≤ greatest."""
    for rule in placed.loop.gaps:
        first, then = placed.by_id.get(rule.first), placed.by_id.get(rule.then)
        if first is None or then is None:
            continue
        minutes = then.start - first.end
        if minutes < rule.least or (rule.greatest is not None and minutes > rule.greatest):
            most = "any" if rule.greatest is None else rule.greatest
            text = f"starts {minutes} minutes after {rule.first} ends; {rule.least} to {most} are allowed"
            yield Violation("gap", placed.loop.id, then.id, text)


def travel(placed: Placed) -> Iterator[Violation]:
    """a(s) ≤ a(t), site(s) ≠ site(t) ⇒ a(t) ≥ e(s) + travel(site(s), site(t))."""
    if not placed.look.travel:
        return
    for first, then in combinations(placed.meetings, 2):
        least = placed.look.travel.get((first.site, then.site), 0)
        if first.site != then.site and then.start < first.end + least:
            text = (
                f"starts at {then.start}; from {first.id}, which ends at {first.end}, the way takes {least}"
            )
            yield Violation("travel", placed.loop.id, then.id, text)


def day(placed: Placed) -> Iterator[Violation]:
    """∃ i ∈ days: [a(s), e(s)) ⊆ i."""
    for m in placed.meetings:
        if m.day is None:
            yield Violation("day", placed.loop.id, m.id, f"{m.start}–{m.end} is not inside one day")


def max_days(placed: Placed) -> Iterator[Violation]:
    """|{day(s)}| ≤ max_days."""
    used, most = len(placed.used_days), placed.loop.max_days
    if used > most:
        yield Violation("max_days", placed.loop.id, None, f"uses {used} days of at most {most}")


def max_span(placed: Placed) -> Iterator[Violation]:
    """Per day: max e(s) − min a(s) ≤ max_span."""
    most = placed.loop.max_span
    for meetings in placed.used_days.values():
        minutes = span(meetings)
        if minutes > most:
            text = f"its day lasts {minutes} minutes of at most {most}"
            yield Violation("max_span", placed.loop.id, meetings[0].id, text)


def span(meetings: list[Meeting]) -> int:
    """Minutes from the first start to the last end."""
    return max(m.end for m in meetings) - min(m.start for m in meetings)


def same_day(placed: Placed) -> Iterator[Violation]:
    """s, t in one group of same_day ⇒ day(s) = day(t)."""
    for names in placed.loop.same_day:
        days = {placed.by_id[name].day for name in names if name in placed.by_id}
        if len(days) > 1:
            text = f"{', '.join(names)} belong on one day"
            yield Violation("same_day", placed.loop.id, None, text)


def different_day(placed: Placed) -> Iterator[Violation]:
    """s ≠ t in one group of different_day ⇒ day(s) ≠ day(t)."""
    for names in placed.loop.different_day:
        days = [placed.by_id[name].day for name in names if name in placed.by_id]
        if len(set(days)) < len(days):
            text = f"{', '.join(names)} belong on different days"
            yield Violation("different_day", placed.loop.id, None, text)


def day_minutes(placed: Placed) -> Iterator[Violation]:
    """Per day: Σ dur(s) over its interviews ≤ max_day_minutes (lunch does not count)."""
    most = placed.loop.max_day_minutes
    if most is None:
        return
    for meetings in placed.used_days.values():
        minutes = sum(m.session.dur for m in meetings if m.interview)
        if minutes > most:
            text = f"its day has {minutes} minutes of interviews, at most {most} are allowed"
            yield Violation("day_minutes", placed.loop.id, meetings[0].id, text)


def longest_run(placed: Placed) -> Iterator[Violation]:
    """If it is hard: every run is at most ``minutes`` long (runs: see `runs`)."""
    limit = placed.loop.longest_run
    if limit is None or not limit.hard:
        return
    for run in runs(placed, limit):
        if span(run) > limit.minutes:
            text = f"a run of {span(run)} minutes without a break begins here, at most {limit.minutes} is allowed"
            yield Violation("longest_run", placed.loop.id, run[0].id, text)


def runs(placed: Placed, limit: LongestRun) -> list[list[Meeting]]:
    """Maximal chains of interviews of one day with less than ``rest`` minutes between neighbours.

    A lunch ends a run and belongs to none.
    """
    found: list[list[Meeting]] = []
    for meetings in placed.used_days.values():
        found.append([])
        for before, m in pairwise([None, *meetings]):
            if before is not None and m is not None and m.start - before.end >= limit.rest:
                found.append([])
            if m is None or not m.interview:
                found.append([])
            else:
                found[-1].append(m)
    return [run for run in found if run]


def debrief(placed: Placed) -> Iterator[Violation]:
    """d is given ⇔ the loop wants a debrief."""
    wanted, given = placed.loop.debrief is not None, placed.plan.debrief is not None
    if wanted and not given:
        yield Violation("debrief", placed.loop.id, None, "the loop wants a debrief and has none", DEBRIEF)
    if given and not wanted:
        yield Violation("debrief", placed.loop.id, None, "the loop wants no debrief and has one", DEBRIEF)


def debrief_after(placed: Placed) -> Iterator[Violation]:
    """d ≥ E + least."""
    wanted, start, end = placed.loop.debrief, placed.plan.debrief, placed.last_end
    if wanted is None or start is None or end is None or start >= end + wanted.least:
        return
    text = f"starts at {start}; the last session ends at {end}, the least distance is {wanted.least}"
    yield Violation("debrief_after", placed.loop.id, None, text, DEBRIEF)


def debrief_within(placed: Placed) -> Iterator[Violation]:
    """|[E, d) ∩ calendar| ≤ within."""
    wanted, start, end = placed.loop.debrief, placed.plan.debrief, placed.last_end
    if wanted is None or start is None or end is None:
        return
    hours = placed.look.calendar(wanted.calendar or placed.loop.site)
    minutes = hours.minutes(end, start)
    if minutes > wanted.within:
        text = (
            f"starts {minutes} business minutes after the last session, at most {wanted.within} are allowed"
        )
        yield Violation("debrief_within", placed.loop.id, None, text, DEBRIEF)
