"""Rooms of a folder: files whose calendar says ``X-LOOPWRIGHT-KIND:ROOM``.

Only the head of a file is read, so a room whose events are damaged is still a room (its time is
unknown, which `availability` says).

Told by `tests/connectors/test_local_folder.py`.
"""

from __future__ import annotations

from pathlib import Path

from connectors.errors import ConnectorError, Invalid
from connectors.local.store import Folder
from connectors.local.text import Line, unfold
from connectors.local.zones import named
from connectors.types import RoomInfo

KIND, CAPACITY = "X-LOOPWRIGHT-KIND", "X-LOOPWRIGHT-CAPACITY"
BUILDING, FEATURES = "X-LOOPWRIGHT-BUILDING", "X-LOOPWRIGHT-FEATURES"

_HEAD = 16_384
"""Characters; properties of a calendar stand before its first component."""


def check_zone(zone: str | None) -> None:
    """Raises `Invalid`."""
    if zone is not None and named(zone) is None:
        raise Invalid(f"zone: nobody knows {zone[:80]!r}; use an IANA name like Europe/Berlin")


def rooms(folder: Folder) -> tuple[RoomInfo, ...]:
    """Sorted by address."""
    found = [room for address, path in folder.calendars() if (room := _room(folder, address, path))]
    return tuple(sorted(found, key=lambda room: room.address))


def _room(folder: Folder, address: str, path: Path) -> RoomInfo | None:
    try:
        text = folder.head(path, _HEAD).decode("utf-8", errors="replace")
    except ConnectorError:
        return None
    head: dict[str, Line] = {}
    for line in unfold(text):
        if line.name == "BEGIN" and line.value.upper() != "VCALENDAR":
            break
        head.setdefault(line.name, line)
    if KIND not in head or head[KIND].value.upper() != "ROOM":
        return None
    capacity = head[CAPACITY].value if CAPACITY in head else ""
    features = head[FEATURES].plain.split(",") if FEATURES in head else []
    return RoomInfo(
        address=address,
        name=head["X-WR-CALNAME"].plain if "X-WR-CALNAME" in head else address,
        capacity=int(capacity) if capacity.isascii() and capacity.isdigit() and len(capacity) < 7 else None,
        building=head[BUILDING].plain if BUILDING in head else "",
        features=tuple(sorted({feature.strip() for feature in features if feature.strip()})),
    )
