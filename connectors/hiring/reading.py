"""Reading what a system answered: each field is there and of its kind, or the answer is unreadable.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.errors import Unreadable


def text(item: Mapping[str, Any], name: str, usual: str | None = None) -> str:
    """A text, or a whole number as text; ``usual`` where it is missing or null. Raises `Unreadable`."""
    found = item.get(name)
    if isinstance(found, str | int) and not isinstance(found, bool):
        return str(found)
    if found is None and usual is not None:
        return usual
    raise Unreadable(f"the answer has no {name}")


def inside(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within one; empty where there is none."""
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def many(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects within one; empty where there is none."""
    found = item.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def instant(item: Mapping[str, Any], name: str) -> datetime:
    """An instant with its offset, or in milliseconds since 1970. Raises `Unreadable`."""
    found = item.get(name)
    try:
        if isinstance(found, str):
            at = datetime.fromisoformat(found)
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        elif isinstance(found, int) and not isinstance(found, bool):
            return datetime.fromtimestamp(found / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise Unreadable(f"the answer has no instant {name}")


def stamp(at: datetime) -> str:
    """An instant as text in UTC, as all of them take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)
