"""What one plan does otherwise than another, in the viewer's language and on their clock.

What differs is the services' to say (`scheduler.services.booking.compare`); here are the words alone.

Told by `tests/scheduler/web/planning/test_plans.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler.services.booking.compare import Compared
from scheduler.services.booking.offers import Told
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.words import N_, Words


@dataclass(frozen=True, slots=True)
class Different:
    """``interviews`` are the template's ids of those that are not the same; ``cost`` how much more it costs."""

    texts: tuple[str, ...]
    interviews: frozenset[str]
    cost: int
    price: Mapping[str, int]


def told(found: Compared, a: Sequence[Told], b: Sequence[Told], when: Clock, words: Words) -> Different:
    """Every difference of ``b`` from ``a``, the interviews in their order."""
    then, now = ({t.planned.interview: t for t in plan} for plan in (a, b))
    texts = [
        _text(c.kind, then.get(c.interview), now.get(c.interview), when, words)
        for c in found.changes
        if c.interview
    ]
    changed = frozenset(c.interview for c in found.changes if c.interview)
    return Different(tuple(texts), changed, found.b.cost - found.a.cost, found.price)


def _text(kind: str, a: Told | None, b: Told | None, when: Clock, words: Words) -> str:
    one = b or a
    assert one is not None  # a change names an interview of one of the two
    if kind == "only_a" or b is None:
        return words(N_("%(title)s is left out"), title=one.title)
    if kind == "only_b" or a is None:
        return words(N_("%(title)s is there too"), title=one.title)
    if kind == "time":
        same = when.day_of(a.planned.span.start) == when.day_of(b.planned.span.start)
        say = when.time if same else when.moment
        return words(
            N_("%(title)s: %(now)s instead of %(then)s"),
            title=one.title,
            now=say(b.planned.span.start),
            then=say(a.planned.span.start),
        )
    if kind == "room":
        return words(
            N_("%(title)s: %(now)s instead of %(then)s"),
            title=one.title,
            now=b.room_name or words(N_("no room")),
            then=a.room_name or words(N_("no room")),
        )
    return _people(a, b, words)


def _people(a: Told, b: Told, words: Words) -> str:
    before, after = ({s.person: s.name for s in t.seats} for t in (a, b))
    left = ", ".join(name for id, name in before.items() if id not in after)
    come = ", ".join(name for id, name in after.items() if id not in before)
    if left and come:
        return words(N_("%(title)s: %(now)s instead of %(then)s"), title=b.title, now=come, then=left)
    if come:
        return words(N_("%(title)s: %(who)s too"), title=b.title, who=come)
    return words(N_("%(title)s: without %(who)s"), title=b.title, who=left)
