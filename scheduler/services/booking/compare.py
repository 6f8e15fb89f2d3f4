"""What is different between two plans of a loop, as a person would say it.

Told by `tests/scheduler/api/test_compare.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.proposals import Proposal
from scheduler.services.booking import offers
from scheduler.services.booking.offers import Told
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that ``b`` does otherwise than ``a``; ``kind`` is ``time``, ``people``, ``room``, ``only_a``, ``only_b``, ``days`` or
    ``price``, and ``interview`` the template's id of what it is about, or empty."""

    kind: str
    interview: str
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """``price`` is what ``b`` costs more than ``a`` (less, if negative), per rule that differs."""

    a: Proposal
    b: Proposal
    changes: tuple[Change, ...]
    price: Mapping[str, int]


def compare(tx: Tx, a: str, b: str) -> Compared:
    """Two plans of one loop. Raises `Missing`, and `BadInput` where they are the same or of two loops."""
    if a == b:
        raise BadInput("b", "is the same plan as a", "give two plans")
    found = [tx.proposals.get(id) for id in (a, b)]
    for id, proposal in zip((a, b), found, strict=True):
        if proposal is None:
            raise Missing("proposal", id)
    first, second = (p for p in found if p is not None)
    if first.loop != second.loop:
        raise BadInput("b", "is a plan of another loop", "give two plans of one loop")
    (_, one), (_, other) = offers.told(tx, [first, second])
    price = {
        rule: cost
        for rule in sorted(first.price.keys() | second.price.keys())
        if (cost := second.price.get(rule, 0) - first.price.get(rule, 0))
    }
    changes = (*_days(one, other), *_interviews(one, other), *_cost(first, second, price))
    return Compared(first, second, changes, price)


def _days(a: Sequence[Told], b: Sequence[Told]) -> Iterator[Change]:
    before, after = ({t.start.date() for t in plan} for plan in (a, b))
    if len(before) != len(after):
        yield Change("days", "", f"{_many(len(after), 'day')} instead of {_many(len(before), 'day')}")


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _interviews(a: Sequence[Told], b: Sequence[Told]) -> Iterator[Change]:
    then = {t.planned.interview: t for t in a}
    now = {t.planned.interview: t for t in b}
    for id, told in then.items():
        if id not in now:
            yield Change("only_a", id, f"{told.title} is left out")
    for id, told in sorted(now.items(), key=lambda item: (item[1].planned.span.start, item[0])):
        if id not in then:
            yield Change("only_b", id, f"{told.title} is there too, {_when(told)}")
            continue
        yield from _one(id, then[id], told)


def _one(id: str, a: Told, b: Told) -> Iterator[Change]:
    if a.planned.span != b.planned.span:
        yield Change("time", id, f"{b.title} is {_moved(a, b)}")
    gone, new = _people(a), _people(b)
    left = [name for person, name in gone.items() if person not in new]
    come = [name for person, name in new.items() if person not in gone]
    if left or come:
        yield Change("people", id, f"{b.title}: {_swapped(left, come)}")
    if a.planned.room != b.planned.room:
        rooms = [t.room_name or "no room" for t in (b, a)]
        yield Change("room", id, f"{b.title} is in {rooms[0]} instead of {rooms[1]}")


def _moved(a: Told, b: Told) -> str:
    if (a.start.date(), a.zone) == (b.start.date(), b.zone):
        return f"at {b.start:%H:%M} instead of {a.start:%H:%M} ({b.zone})"
    return f"{_when(b)} instead of {_when(a)}"


def _when(told: Told) -> str:
    return f"on {told.start:%A %d %B, %H:%M} ({told.zone})"


def _people(told: Told) -> dict[str, str]:
    return {s.person: s.name for s in told.seats}


def _swapped(left: Sequence[str], come: Sequence[str]) -> str:
    if left and come:
        return f"{_and(come)} instead of {_and(left)}"
    return f"{_and(come)} too" if come else f"without {_and(left)}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _cost(a: Proposal, b: Proposal, price: Mapping[str, int]) -> Iterator[Change]:
    if not price:
        return
    parts = ", ".join(f"{rule.replace('_', ' ')} {cost:+}" for rule, cost in price.items())
    total = b.cost - a.cost
    text = f"costs {abs(total)} {'more' if total > 0 else 'less'}" if total else "costs the same"
    yield Change("price", "", f"{text}: {parts}")
