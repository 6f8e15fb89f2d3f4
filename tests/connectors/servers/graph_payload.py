"""Events of the Graph stand-in as JSON and back, and the few OData queries that are documented for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tzlocal.windows_tz import win_tz

from tests.connectors.servers.graph_world import BLOB, Item, Mailbox, zone_of

_TICKS = ".0000000"
_ANY = r"singleValueExtendedProperties/Any\(ep: ep/id eq '(?P<id>[^']+)' and ep/value (?P<op>eq|ne) '(?P<value>(?:[^']|'')*)'\)"
_FILTER = re.compile(
    r"(?:start/dateTime lt '(?P<before>[^']+)' and end/dateTime gt '(?P<after>[^']+)' and )?" + _ANY
)
_EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=(id eq '[^']+'(?: or id eq '[^']+')*)\)")


class Refused(Exception):
    """The request is answered with this status and code."""

    def __init__(
        self, status: int, code: str, message: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def payload(box: Mailbox, item: Item, ident: str, start: datetime, end: datetime) -> dict[str, Any]:
    """One event (or one occurrence of a series) as Graph writes it, every field included."""
    kind = "singleInstance" if item.series is None else ("occurrence" if ident != item.id else "seriesMaster")
    if item.all_day:
        first, last = item.days(ident) if ident != item.id or item.series is None else _first_days(item)
        walls = (f"{first.isoformat()}T00:00:00{_TICKS}", f"{last.isoformat()}T00:00:00{_TICKS}")
    else:
        walls = tuple(f"{m.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{_TICKS}" for m in (start, end))  # type: ignore[assignment]
    created = (
        f"{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=item.created):%Y-%m-%dT%H:%M:%S}{_TICKS}Z"
    )
    found: dict[str, Any] = {
        "@odata.etag": f'W/"{item.version}"',
        "id": ident,
        "changeKey": f"CK{item.version:08d}",
        "createdDateTime": created,
        "iCalUId": item.ical,
        "subject": item.subject,
        "bodyPreview": item.subject,
        "body": {"contentType": "html", "content": item.body},
        "location": {"displayName": item.location},
        "start": {"dateTime": walls[0], "timeZone": "UTC"},
        "end": {"dateTime": walls[1], "timeZone": "UTC"},
        "originalStartTimeZone": item.zone,
        "originalEndTimeZone": item.zone if not item.zone.startswith("tzone://") else "Eastern Standard Time",
        "isAllDay": item.all_day,
        "isCancelled": item.cancelled,
        "isOrganizer": item.is_organizer,
        "showAs": item.show_as,
        "sensitivity": item.sensitivity,
        "type": kind,
        "seriesMasterId": item.id if kind == "occurrence" else None,
        "organizer": {"emailAddress": {"address": item.organizer, "name": item.organizer}},
        "responseStatus": {"response": item.response, "time": "0001-01-01T00:00:00Z"},
        "attendees": [_attendee(a) for a in item.attendees],
        "isOnlineMeeting": item.online,
        "onlineMeetingProvider": "teamsForBusiness" if item.online else "unknown",
        "onlineMeeting": {"joinUrl": f"https://teams.microsoft.com/l/meetup-join/{item.ical}"}
        if item.linked
        else None,
        "isReminderOn": item.reminder is not None,
        "reminderMinutesBeforeStart": item.reminder or 0,
    }
    if item.transaction is not None:
        found["transactionId"] = item.transaction
    return found


def _first_days(item: Item) -> Any:
    _, _, first, _, last = next(iter(item.occurrences()))
    return first, last


def _attendee(attendee: dict[str, Any]) -> dict[str, Any]:
    return {
        "emailAddress": {"address": attendee["address"], "name": attendee.get("name") or attendee["address"]},
        "type": attendee["type"],
        "status": {"response": attendee["response"], "time": "0001-01-01T00:00:00Z"},
    }


def master(box: Mailbox, item: Item) -> dict[str, Any]:
    """The event itself: of a series its master, with the times of the first occurrence."""
    _, start, end = item.spans()[0]
    return payload(box, item, item.id, start, end)


def reduced(item: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """``$select``: the fields asked for, and those that always come."""
    unknown = fields - set(item) - {"transactionId", "onlineMeetingUrl"}
    if unknown:
        raise Refused(400, "RequestBroker--ParseUri", f"Could not find a property named {sorted(unknown)}")
    return {k: v for k, v in item.items() if k in fields | {"id", "@odata.etag"}}


def expanded(found: dict[str, Any], item: Item, expand: str | None) -> dict[str, Any]:
    """``$expand=singleValueExtendedProperties($filter=id eq '…' or …)``; anything else is refused."""
    if expand is None:
        return found
    match = _EXPAND.fullmatch(expand)
    if match is None:
        raise Refused(400, "ErrorInvalidUrlQueryFilter", "this $expand is not documented")
    wanted = re.findall(r"id eq '([^']+)'", match.group(1))
    values = [{"id": name, "value": item.properties[name]} for name in wanted if name in item.properties]
    return found | ({"singleValueExtendedProperties": values} if values else {})


def condition(text: str) -> Any:
    """A predicate for ``$filter``; only the documented forms are understood. Values ignore case."""
    match = _FILTER.fullmatch(text)
    if match is None:
        raise Refused(400, "ErrorInvalidUrlQueryFilter", "this $filter is not documented")
    name, negated = match["id"], match["op"] == "ne"
    value = match["value"].replace("''", "'").casefold()
    before, after = (
        datetime.fromisoformat(t).replace(tzinfo=UTC) if t else None
        for t in (match["before"], match["after"])
    )

    def holds(item: Item) -> bool:
        if name not in item.properties:
            return False
        _, start, end = item.spans()[0]
        inside = before is None or after is None or (start < before and after < end)
        return inside and (item.properties[name].casefold() == value) is not negated

    return holds


def read_times(
    body: dict[str, Any], stale: dict[str, timedelta], unknown: dict[str, str]
) -> tuple[datetime, datetime, str]:
    """Instants and zone of a request. Only zones Exchange knows; ``stale`` shifts those with old rules,
    ``unknown`` are names that it does not know yet, and how it says so."""
    found = []
    for end in ("start", "end"):
        wall, name = body[end]["dateTime"], body[end]["timeZone"]
        if name in unknown or (name != "UTC" and name not in win_tz):
            message = f"A valid TimeZone value must be specified. This value is not supported: '{name}'."
            raise Refused(400, unknown.get(name, "TimeZoneNotSupportedException"), message)
        moment = datetime.fromisoformat(wall).replace(tzinfo=zone_of(name)).astimezone(UTC)
        found.append(moment + stale.get(name, timedelta()))
    if found[1] < found[0]:
        raise Refused(400, "ErrorCalendarEndDateIsEarlierThanStartDate")
    return found[0], found[1], body["start"]["timeZone"]


def read_attendees(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attendees of a request; an answer that is not sent along is lost."""
    return [
        {
            "address": entry["emailAddress"]["address"],
            "name": entry["emailAddress"].get("name"),
            "type": entry.get("type", "required"),
            "response": (entry.get("status") or {}).get("response", "none"),
        }
        for entry in entries
    ]


def write_fields(item: Item, body: dict[str, Any]) -> None:
    """Everything of a request but times and attendees, put into the event."""
    item.subject = body.get("subject", item.subject)
    item.show_as = body.get("showAs", item.show_as)
    item.sensitivity = body.get("sensitivity", item.sensitivity)
    item.location = (body.get("location") or {}).get("displayName", item.location)
    if any("\x00" <= c < " " and c not in "\n\t\r" for c in f"{item.subject}{item.location}"):
        raise Refused(400, "ErrorPropertyValidation", "control characters")
    if len(item.subject) > 255:
        raise Refused(400, "ErrorPropertyValidation", "the subject is too long")
    if body.get("isReminderOn") is False:
        item.reminder = None
    elif "reminderMinutesBeforeStart" in body:
        item.reminder = body["reminderMinutesBeforeStart"]
    for entry in body.get("singleValueExtendedProperties", ()):
        item.properties[entry["id"]] = entry["value"]
    if "body" in body:
        item.body = body["body"]["content"]
        if item.online and "____" not in item.body:
            item.online = item.linked = False  # the meeting's part of the text was taken out
    if body.get("isOnlineMeeting") and not item.online:
        item.online = item.linked = True
        item.body += BLOB
