"""The directory of rooms as Graph's places tell it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.types import RoomInfo

PATH = "/places/microsoft.graph.room"
PAGE = "100"

_DEVICES = {"videoDeviceName": "video", "audioDeviceName": "audio", "displayDeviceName": "display"}


def rooms_of(items: Iterable[Mapping[str, Any]]) -> list[RoomInfo]:
    """Rooms with an address; one without a mailbox cannot be invited."""
    return [
        RoomInfo(
            str(item["emailAddress"]),
            str(item.get("displayName") or item["emailAddress"]),
            _capacity(item.get("capacity")),
            str(item.get("building") or ""),
            _features(item),
        )
        for item in items
        if item.get("emailAddress")
    ]


def _capacity(value: object) -> int | None:
    """Seats; Microsoft's own example writes them as text."""
    try:
        seats = int(str(value))
    except ValueError:
        return None
    return seats if seats > 0 else None


def _features(item: Mapping[str, Any]) -> tuple[str, ...]:
    found = {str(tag).strip().casefold() for tag in item.get("tags") or ()}
    found |= {word for name, word in _DEVICES.items() if item.get(name)}
    if item.get("isWheelChairAccessible") or item.get("isWheelchairAccessible"):  # both are written
        found.add("accessible")
    return tuple(sorted(found - {""}))
