"""What the solver says of a loop, and what would help it, as sentences that are data (`scheduler.domain.fixes.saying`).

Told by `tests/scheduler/web/test_saying.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import solver
from scheduler.domain.fixes import saying
from scheduler.domain.fixes.fix import BUFFER, CAPS, HOLIDAY, HORIZON, LOCK, Change, Fix
from scheduler.domain.fixes.saying import Said, listed, said
from scheduler.domain.time import Span, days_of, merged, zone

MANY = 4
"""Beyond this many, people and sessions are counted instead of named."""
_HELPS = {"person": "people", "loop": "candidates"}


@dataclass(frozen=True, slots=True)
class Names:
    """What people, interviews, sites and other loops are called, by their ids; whose loop it is, and its clock."""

    person: Callable[[str], str]
    interview: Callable[[str], str]
    site: Callable[[str], str]
    candidate: str
    zone: str


def of_gap(gap: solver.AvailabilityGap, name: Callable[[str], str], candidate: str) -> Said:
    """A gap; ``name`` says what any id of the problem is called."""
    one = gap.lack.value == "people" and len(gap.people) == 1
    many = len(gap.people) > MANY and gap.lack.value in ("pool", "people", "different")
    return said(
        f"gap.{gap.lack.value}{'_one' if one else ''}",
        candidate=candidate,
        session=name(gap.session) if gap.session is not None else "",
        sessions=listed(map(name, gap.sessions)),
        people=said("several", number=len(gap.people)) if many else listed(map(name, gap.people)),
        wanted=gap.wanted,
        length=saying.minutes(gap.wanted),
        site=name(gap.site or ""),
        helps=_helping(gap.helps, name, candidate),
    )


def _helping(
    groups: Iterable[solver.Group], name: Callable[[str], str], candidate: str
) -> dict[str, Any] | str:
    """What any one change to would be enough, by kind; long lists as a number."""
    parts, order = [], [kind.value for kind in solver.Kind]
    by_kind = dict[str, list[solver.Group]]()
    for group in sorted(groups, key=lambda one: (order.index(one.kind.value), one.label)):
        by_kind.setdefault(group.kind.value, []).append(group)
    for kind, whose in by_kind.items():
        names: Any = listed((listed(map(name, one.names)) for one in whose), "or")
        if len(whose) > MANY:
            names = said(f"any_{_HELPS.get(kind, 'sessions')}", number=len(whose))
        elif kind == "availability":
            names = candidate
        parts.append(said(f"group.{kind}", name=names))
    return saying.part(said("in_the_way", parts=listed(parts))) if parts else ""


def of_fix(fix: Fix, names: Names) -> Said:
    """A fix: what would have to be otherwise."""
    return said("fix", changes=listed(_change(change, names) for change in fix.changes))


def _change(change: Change, names: Names) -> Said:
    limits = dict(change.limits)
    number = next(iter(limits.values()), 0)
    titles = [names.interview(id) for id in change.interviews]
    values: dict[str, Any] = {
        "first": titles[0] if titles else said("the_debrief"),
        "rest": listed(titles[1:]),
        "sessions": listed(titles),
        "people": listed(map(names.person, change.people)),
        "site": names.site(change.site) if change.site else "",
        "candidate": names.candidate,
        "at": saying.times(merged(change.spans), names.zone),
        "number": number,
        "length": saying.minutes(number),
        "caps": listed(_caps(limits)) if change.kind == CAPS else "",
        "loops": listed(limits) if change.kind == "loop" else "",
        "days": listed(_days(change.spans, names.zone)) if change.kind == HOLIDAY else "",
    }
    return said(f"change.{_variant(change, number)}", **values)


def _variant(change: Change, number: int) -> str:
    """The kind, and whether the time, or another one of it, is told."""
    kind = change.kind
    if kind == BUFFER and not number:
        return "no_buffer"
    if kind == "pool":
        kind = "pool_one" if number == 1 else "pool"
    timed = bool(change.spans) and kind not in (HOLIDAY, HORIZON)
    return f"{kind}.at" if timed and kind in (*_TIMED, LOCK) else kind


_TIMED = ("rooms", "person", "pool", "pool_one", "window", "availability")


def _caps(limits: Mapping[str, int]) -> list[Said]:
    return [said(f"cap.{cap}", number=value, length=saying.minutes(value)) for cap, value in limits.items()]


def _days(spans: Iterable[Span], zone_name: str) -> list[dict[str, str]]:
    return [saying.day(day) for span in spans for day in days_of(span, zone(zone_name))]
