"""Sentences as data: a code and what stands in it, to be said in whichever language somebody reads.

What is kept beside a text in English (`scheduler.domain.loops.Reason`) is said anew where it is shown; a code that nobody
there knows is shown as that text.

Told by `tests/scheduler/web/test_saying.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scheduler.domain.time import Span


@dataclass(frozen=True, slots=True)
class Said:
    """``values`` are texts, numbers, and what the functions below make: plain JSON, so that it is kept as it is."""

    code: str
    values: Mapping[str, Any]


def said(code: str, **values: Any) -> Said:
    """A sentence, or a part of one."""
    return Said(code, {name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    return part(value) if isinstance(value, Said) else value


def part(one: Said) -> dict[str, Any]:
    """A sentence inside of another one."""
    return {"code": one.code, "values": dict(one.values)}


def listed(parts: Iterable[Any], last: str = "and") -> dict[str, Any]:
    """``a, b and c``; ``last`` is *and* or *or*."""
    return {"all": [_plain(one) for one in parts], "last": last}


def times(spans: Iterable[Span], zone: str) -> dict[str, Any]:
    """Stretches of time on a clock."""
    return {"spans": [[s.start.isoformat(), s.end.isoformat()] for s in spans], "zone": zone}


def moment(at: datetime, zone: str) -> dict[str, Any]:
    """An instant on a clock: a stretch that ends where it begins."""
    return {"spans": [[at.isoformat(), at.isoformat()]], "zone": zone}


def minutes(number: int) -> dict[str, int]:
    """A length of time."""
    return {"minutes": number}


def day(one: date) -> dict[str, str]:
    """A day."""
    return {"day": one.isoformat()}
