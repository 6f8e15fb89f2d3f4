"""How the stand-in lists events: windows, pages, sync tokens, and who may see what."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.connectors.servers.google_world import Item, Stored, World

_ROLES = ("none", "freeBusyReader", "reader", "writer", "owner")
_NOT_WITH_SYNC = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
_NO_TOKEN_FOR = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")
_MAY_DIFFER = ("pageToken", "syncToken", "maxResults", "timeMin", "timeMax", "alt", "prettyPrint")


class Refused(Exception):
    """An answer that is an error, as Google words them."""

    def __init__(self, status: int, reason: str, domain: str = "global") -> None:
        super().__init__(reason)
        self.status, self.reason, self.domain = status, reason, domain


def at_least(role: str, wanted: str) -> bool:
    return _ROLES.index(role) >= _ROLES.index(wanted)


def list_events(world: World, address: str, role: str, query: Mapping[str, list[str]]) -> Item:
    """`events.list`. Tokens carry the state, so that the server keeps none."""
    one = {name: values[-1] for name, values in query.items()}
    page = _read_token(one.get("pageToken"), "p", "pageToken") if "pageToken" in one else None
    sync = _read_token(one.get("syncToken"), "s", "syncToken") if "syncToken" in one else None
    shape = json.dumps({k: v for k, v in sorted(query.items()) if k not in _MAY_DIFFER})
    if sync is not None:
        if any(name in query for name in _NOT_WITH_SYNC) or one.get("showDeleted") == "false":
            raise Refused(400, "badRequest")
        if sync["of"] != address or sync["shape"] != shape:
            raise Refused(400, "badRequest")
        if sync["at"] <= world.forgotten:
            raise Refused(410, "fullSyncRequired", "calendar")
    asked = [address, shape, one.get("timeMin"), one.get("timeMax"), one.get("syncToken")]
    if page is not None and page["at"] <= world.forgotten:
        raise Refused(410, "fullSyncRequired", "calendar")
    if page is not None and page["asked"] != asked:
        raise Refused(400, "badRequest")
    now = page["at"] if page else world.version
    if sync is not None:
        items = list(_changed(world, address, sync))
        window = sync["window"]
    else:
        window = [one.get("timeMin"), one.get("timeMax")]
        items = list(_matching(world, address, query, window))
    most = int(one.get("maxAttendees", "1000"))
    items = [_trimmed(_shown(item, role), most) for item in items]
    size = min(int(one.get("maxResults", 250)), 2500, world.page_size)
    answer = _page(world, items, page, {"at": now, "asked": asked}, size)
    if "nextPageToken" not in answer and not any(name in query for name in _NO_TOKEN_FOR):
        answer["nextSyncToken"] = _token("s", {"at": now, "of": address, "shape": shape, "window": window})
    return answer | {
        "kind": "calendar#events",
        "etag": f'"p{world.version}"',
        "timeZone": world.calendars[address].zone,
        "accessRole": role,
        "defaultReminders": [],
    }


def _page(world: World, items: list[Item], page: Any, round_: Item, size: int) -> Item:
    """A part of the items. With ``empty_pages`` the first one holds none, which is allowed."""
    offset = page["from"] if page else 0
    if world.empty_pages and page is None and items:
        return {"items": [], "nextPageToken": _token("p", {"from": 0, **round_})}
    answer: Item = {"items": items[offset : offset + size]}
    if offset + size < len(items):
        answer["nextPageToken"] = _token("p", {"from": offset + size, **round_})
    return answer


def _matching(
    world: World, address: str, query: Mapping[str, list[str]], window: list[str | None]
) -> Iterator[Item]:
    """A full round: what overlaps the window (`timeMin` bounds ends, `timeMax` starts, both exclusive)."""
    start = datetime.fromisoformat(window[0] or "1900-01-01T00:00:00Z")
    end = datetime.fromisoformat(window[1] or "2200-01-01T00:00:00Z")
    if end <= start:
        raise Refused(400, "timeRangeEmpty", "calendar")
    single = query.get("singleEvents", ["false"])[-1] == "true"
    deleted = query.get("showDeleted", ["false"])[-1] == "true"
    for stored, view in world.views(address):
        if not _has_properties(view, query):
            continue
        if stored.cancelled:
            if "recurringEventId" in view and not single:
                yield _tombstone(world, stored, view)
            elif deleted and "recurringEventId" not in view:
                yield view if not world.forgets_details else _tombstone(world, stored, view)
            continue
        found = list(world.instances(address, view, start, end))
        yield from found if single else [view] * bool(found)


def _changed(world: World, address: str, sync: Mapping[str, Any]) -> Iterator[Item]:
    """An incremental round: everything newer than the token, deletions always included."""
    for stored, view in world.views(address):
        if stored.version <= sync["at"]:
            continue
        if stored.cancelled:
            yield _tombstone(world, stored, view)
            continue
        low, high = sync["window"]
        if world.delta_keeps_window and low and high:
            span = (datetime.fromisoformat(low), datetime.fromisoformat(high))
            if not list(world.instances(address, view, *span)):
                continue
        yield view


def _tombstone(world: World, stored: Stored, view: Item) -> Item:
    """All that a deleted event is sure to have; a cancelled exception also knows its series."""
    kept = ("id", "recurringEventId", "originalStartTime")
    return {"kind": "calendar#event", "etag": view["etag"], "status": "cancelled"} | {
        name: view[name] for name in kept if name in view
    }


def _has_properties(view: Item, query: Mapping[str, list[str]]) -> bool:
    for name, part in (("privateExtendedProperty", "private"), ("sharedExtendedProperty", "shared")):
        for constraint in query.get(name, ()):
            key, _, value = constraint.partition("=")
            if view.get("extendedProperties", {}).get(part, {}).get(key) != value:
                return False
    return True


def _shown(item: Item, role: str) -> Item:
    """What a reader of that role sees: of a private event, or with free/busy rights, only the times."""
    hidden = role == "freeBusyReader" or (
        item.get("visibility") in ("private", "confidential") and not at_least(role, "writer")
    )
    if not hidden:
        return item
    kept = ("kind", "id", "etag", "status", "start", "end", "recurringEventId", "originalStartTime")
    return {name: item[name] for name in kept if name in item} | {"visibility": "private"}


def _trimmed(item: Item, most: int) -> Item:
    """With more guests than asked for, only the calendar's own entry is given."""
    guests = item.get("attendees", [])
    if len(guests) <= most:
        return item
    return item | {"attendees": [g for g in guests if g.get("self")], "attendeesOmitted": True}


def _token(kind: str, content: Item) -> str:
    return base64.urlsafe_b64encode(json.dumps([kind, content]).encode()).decode()


def _read_token(text: str | None, kind: str, name: str) -> dict[str, Any]:
    try:
        found, content = json.loads(base64.urlsafe_b64decode(str(text)))
        if found != kind:
            raise ValueError
        return dict(content)
    except (ValueError, TypeError):
        if name == "syncToken":
            raise Refused(410, "fullSyncRequired", "calendar") from None
        raise Refused(400, "invalid") from None
