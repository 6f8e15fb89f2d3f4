"""Attendees as Graph has them and back. Pure.

Told by `tests/connectors/test_outlook_writes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.guests import invited
from connectors.intents import clean_line
from connectors.types import Attendee, EventIntent, Reply, Role

_LONGEST_NAME = 255
_TYPES = {Role.REQUIRED: "required", Role.OPTIONAL: "optional", Role.ROOM: "resource"}
_ROLES = {word: role for role, word in _TYPES.items()}
_REPLIES = {
    "accepted": Reply.ACCEPTED,
    "organizer": Reply.ACCEPTED,
    "tentativelyaccepted": Reply.TENTATIVE,
    "declined": Reply.DECLINED,
}


def guest(attendee: Attendee) -> dict[str, Any]:
    """Somebody to invite."""
    address = {"address": attendee.address}
    if attendee.name:
        address["name"] = clean_line(attendee.name)[:_LONGEST_NAME]
    return {"emailAddress": address, "type": _TYPES[attendee.role]}


def attendee(item: Mapping[str, Any]) -> Attendee:
    """Somebody who is invited. Graph has the answer and its time, and no words with it (responseStatus)."""
    word = str((item.get("status") or {}).get("response") or "").casefold()
    name = str((item.get("emailAddress") or {}).get("name") or "")
    return Attendee(_address(item), name, _role(item), _REPLIES.get(word, Reply.NEEDS_ACTION))


def roles(items: Iterable[Mapping[str, Any]] | None) -> dict[str, Role]:
    return {_address(item).casefold(): _role(item) for item in items or ()}


def changed(
    current: Mapping[str, Any], intent: EventIntent, noted: str, *, moved: bool
) -> list[dict[str, Any]]:
    """The new list of attendees; who stays at the same time keeps the answer already given, and whom a
    colleague added stays (``noted``: whom we invited, see `connectors.guests`)."""
    standing = {_address(a).casefold(): a for a in current.get("attendees") or ()}
    found = []
    for wanted in intent.attendees:
        one = guest(wanted)
        before = standing.get(wanted.address.casefold())
        if before is not None and not moved and before.get("status"):
            one["status"] = before["status"]
        found.append(one)
    return found + [_again(item, moved=moved) for item in _added(current, intent, noted)]


def others(
    answer: Mapping[str, Any], intent: EventIntent, current: Mapping[str, Any], noted: str
) -> list[str]:
    """Who is in the answer to a write under an address that nobody asked for."""
    asked = {a.address.casefold() for a in intent.attendees} | set(roles(_added(current, intent, noted)))
    held = [_address(item) for item in answer.get("attendees") or ()]
    return [address for address in held if address and address.casefold() not in asked]


def _added(current: Mapping[str, Any], intent: EventIntent, noted: str) -> Iterator[Mapping[str, Any]]:
    """Whom we neither invited nor invite now."""
    ours = {a.address.casefold() for a in intent.attendees}
    for item in current.get("attendees") or ():
        address = _address(item)
        if address and address.casefold() not in ours and not invited(noted, address):
            yield item


def _again(item: Mapping[str, Any], *, moved: bool) -> dict[str, Any]:
    """An attendee as they stand; to another time nobody has said yes."""
    kept = {"emailAddress": item["emailAddress"], "type": item.get("type") or _TYPES[Role.REQUIRED]}
    return kept if moved or not item.get("status") else {**kept, "status": item["status"]}


def _address(item: Mapping[str, Any]) -> str:
    return str((item.get("emailAddress") or {}).get("address") or "")


def _role(item: Mapping[str, Any]) -> Role:
    return _ROLES.get(str(item.get("type") or "").casefold(), Role.REQUIRED)
