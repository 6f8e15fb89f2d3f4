"""Hard rules across loops: what everybody's bookings and every room's uses must keep.

Every rule takes the book and the ids to look at, and yields what breaks it. In the formulas:
``x, y`` new events of one person p (interviews, lunches, shadowing, debriefs, over all loops),
``a`` start, ``e`` end; ``I(p)`` those of them that are interviews or shadowing.

Told by `tests/solver/test_check_shared.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from solver.problem.plan import Violation
from solver.problem.values import Interval
from solver.rules.view import Book, Booking, Lookup


def apart(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """x ≠ y, a(x) ≤ a(y) ⇒ a(y) ≥ e(x) + buffer."""
    buffer = book.look.problem.buffer
    for person in people:
        for first, then in _close(book.people[person], buffer):
            text = f"{person} is at {first.where} until {first.end}, with a buffer of {buffer}"
            yield then.broken("apart", text, people=(person,))


def _close(bookings: list[Booking], reach: int) -> Iterator[tuple[Booking, Booking]]:
    """Pairs, the earlier first, with less than ``reach`` minutes between them."""
    events = bookings if len(bookings) < 2 else sorted(bookings, key=lambda event: event.rank)
    for at, first in enumerate(events):
        for then in events[at + 1 :]:
            if then.start >= first.end + reach:
                break
            yield first, then


def held(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """h ∈ held(p): a(x) ≥ e(h) + buffer or a(h) ≥ e(x) + buffer."""
    buffer = book.look.problem.buffer
    for person in people:
        for start, end in _held(book.look, person):
            for event in book.people[person]:
                if event.start < end + buffer and start < event.end + buffer:
                    text = f"{person} holds an interview at {start}–{end}, with a buffer of {buffer}"
                    yield event.broken("held", text, people=(person,))


def _held(look: Lookup, person: str) -> tuple[Interval, ...]:
    diary = look.diary(person)
    return () if diary is None else diary.held


def travel_person(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """x, y sessions at different sites, a(x) ≤ a(y) ⇒ a(y) ≥ e(x) + travel(site(x), site(y))."""
    travel = book.look.travel
    if not travel:
        return
    for person in people:
        for first, then in _close(book.people[person], book.look.longest_travel):
            if first.site is None or then.site is None or first.site == then.site:
                continue
            least = travel.get((first.site, then.site), 0)
            if then.start < first.end + least:
                text = f"{person} is at {first.site} until {first.end}, the way takes {least}"
                yield then.broken("travel_person", text, people=(person,))


def room_once(book: Book, rooms: Iterable[str]) -> Iterator[Violation]:
    """Sessions s ≠ t in one room do not overlap."""
    for room in rooms:
        for first, then in _close(book.rooms[room], 0):
            yield then.broken("room_once", f"{room} is used by {first.where}", "room")


def max_day(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """Per local day of p: |{x ∈ I(p) ∪ held(p): a(x) in it}| ≤ max_day(p)."""
    return _capped("max_day", book, people, lambda look: look.local_day, minutes=False)


def max_week(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """Per ISO week of p: |{x ∈ I(p) ∪ held(p): a(x) in it}| ≤ max_week(p)."""
    return _capped("max_week", book, people, lambda look: look.local_week, minutes=False)


def max_day_minutes(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """Per local day of p: Σ (e(x) − a(x)) over I(p) ∪ held(p) starting in it ≤ max_day_minutes(p)."""
    return _capped("max_day_minutes", book, people, lambda look: look.local_day, minutes=True)


def max_week_minutes(book: Book, people: Iterable[str]) -> Iterator[Violation]:
    """Per ISO week of p: Σ (e(x) − a(x)) over I(p) ∪ held(p) starting in it ≤ max_week_minutes(p)."""
    return _capped("max_week_minutes", book, people, lambda look: look.local_week, minutes=True)


def _capped(
    rule: str,
    book: Book,
    people: Iterable[str],
    period_of: Callable[[Lookup], Callable[[str, int], int | None]],
    *,
    minutes: bool,
) -> Iterator[Violation]:
    """One cap of every person; a period without a new event is nobody's fault here."""
    period = period_of(book.look)
    for name in people:
        diary = book.look.diary(name)
        cap = None if diary is None else getattr(diary.person, rule)
        if diary is None or cap is None:
            continue
        tz = diary.person.tz
        load: dict[int | None, int] = {}
        last: dict[int | None, Booking] = {}
        for event in book.people[name]:
            if event.kind in ("interview", "shadow"):
                at = period(tz, event.start)
                load[at] = load.get(at, 0) + (event.end - event.start if minutes else 1)
                last[at] = max(event, last.get(at, event), key=lambda one: one.rank)
        for start, end in diary.held:
            at = period(tz, start)
            if at in load:
                load[at] += end - start if minutes else 1
        for at, total in load.items():
            if at is not None and total > cap:
                yield last[at].broken(rule, f"{name} has {total} of at most {cap}", people=(name,))
