"""Google's payloads as our values and back. Pure; field names as in the Calendar API v3 reference.

Of an event that does not carry our key only times and what they mean are looked at: `BUSY_FIELDS`
asks Google for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors import guests
from connectors.errors import Invalid, Unreadable
from connectors.intents import clean_line, clean_text
from connectors.protocol import event_id, fingerprint
from connectors.types import (
    Attendee,
    Booked,
    Busy,
    Event,
    EventIntent,
    EventRef,
    Place,
    Reply,
    Role,
    RoomInfo,
    Verdict,
    Window,
)
from connectors.zones import first_instant, zone

MARK = "loopwright"
"""Private property of every event of ours; its value is ``1``."""
KEY = "loopwright_key"
"""The key: private, to find the event; shared too, so that invited people's copies show it is ours."""
FINGERPRINT = "loopwright_fingerprint"
GUESTS = "loopwright_guests"
"""Private: whom we invited (see `connectors.guests`)."""

EVENT_FIELDS = (
    "id,etag,status,start,end,recurringEventId,originalStartTime,hangoutLink,extendedProperties/private,"
    "attendees(email,displayName,optional,resource,responseStatus,comment,additionalGuests),"
    "conferenceData(entryPoints(entryPointType,uri),createRequest/status)"
)
BUSY_FIELDS = (
    "accessRole,timeZone,nextPageToken,items(status,start,end,transparency,eventType,"
    "organizer/self,attendees(self,organizer,responseStatus),extendedProperties/shared,workingLocationProperties/type)"
)
ROOM_FIELDS = (
    "nextPageToken,items(resourceEmail,resourceName,generatedResourceName,capacity,buildingId,"
    "resourceCategory,featureInstances)"
)

_DAY = timedelta(days=1)
_MOST_REMINDERS = 5
_LONGEST_REMINDER = 40_320  # minutes: four weeks
_LONGEST_PROPERTY = (44, 1024)  # characters of name and value
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_REPLIES = {
    "needsAction": Reply.NEEDS_ACTION,
    "accepted": Reply.ACCEPTED,
    "tentative": Reply.TENTATIVE,
    "declined": Reply.DECLINED,
}
_RESPONSES = {reply: word for word, reply in _REPLIES.items()}
_PLACES = {"homeOffice": "home", "officeLocation": "office"}


# --- times -------------------------------------------------------------------------------------


def stamp(moment: datetime) -> str:
    """An instant as the service wants it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(value: Mapping[str, Any], calendar_zone: Callable[[], ZoneInfo]) -> datetime:
    """A start or an (exclusive) end in UTC; a date is the first instant of that day in the
    calendar's own zone. Raises `Unreadable`, `UnknownZone`."""
    try:
        if "dateTime" in value:
            moment = datetime.fromisoformat(value["dateTime"])
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=zone(value["timeZone"]))
            return moment.astimezone(UTC)
        day = date.fromisoformat(value["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        raise Unreadable("an event's time is neither a date nor an instant") from None
    return first_instant(day, calendar_zone())


def _span(item: Mapping[str, Any], calendar_zone: Callable[[], ZoneInfo]) -> tuple[datetime, datetime]:
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, Mapping) or not isinstance(end, Mapping):
        raise Unreadable("an event has no start or no end")
    begins, ends = instant(start, calendar_zone), instant(end, calendar_zone)
    if ends <= begins and "date" in start and "dateTime" not in start:
        # A whole-day event written with its own day as its end, which the API takes: the day is meant.
        return begins, first_instant(date.fromisoformat(start["date"]) + _DAY, calendar_zone())
    return begins, ends


# --- somebody's time ---------------------------------------------------------------------------


def verdict(item: Mapping[str, Any]) -> Verdict | None:
    """What an event says about its calendar's time; ``None``: it takes none.

    Who organizes a meeting has accepted it, whatever their own line among the attendees says.
    """
    own: Mapping[str, Any] = next((a for a in item.get("attendees", ()) if a.get("self")), {})
    organizes = bool(own.get("organizer") or (item.get("organizer") or {}).get("self"))
    reply = "accepted" if organizes else own.get("responseStatus")
    kind = item.get("eventType", "default")
    if (
        item.get("status") == "cancelled"
        or item.get("transparency") == "transparent"
        or kind == "workingLocation"
        or reply == "declined"
    ):
        return None
    if kind == "outOfOffice":
        return Verdict.OUT_OF_OFFICE
    if kind == "focusTime":
        return Verdict.FOCUS
    if reply == "needsAction":
        return Verdict.UNANSWERED
    if reply == "tentative" or item.get("status") == "tentative":
        return Verdict.TENTATIVE
    return Verdict.BUSY


def typed(
    items: Iterable[Mapping[str, Any]], calendar_zone: str, window: Window
) -> tuple[list[Busy], list[Place]]:
    """One page of a calendar's events as blocks and places inside the window."""

    def local() -> ZoneInfo:
        return zone(calendar_zone)

    busy: list[Busy] = []
    places: list[Place] = []
    for item in items:
        meaning = verdict(item)
        elsewhere = item.get("eventType") == "workingLocation" and item.get("status") != "cancelled"
        if meaning is None and not elsewhere:
            continue
        inside = _clip(*_span(item, local), window)
        if inside is None:
            continue
        if meaning is not None:
            shared = (item.get("extendedProperties") or {}).get("shared") or {}
            key = shared.get(KEY)
            busy.append(Busy(*inside, meaning, key if isinstance(key, str) else None))
        else:
            kind = (item.get("workingLocationProperties") or {}).get("type", "")
            places.append(Place(*inside, _PLACES.get(kind, "elsewhere")))
    return busy, places


def untyped(blocks: Iterable[Mapping[str, Any]], window: Window) -> list[Busy]:
    """The blocks of a free/busy answer: all of them plainly busy."""
    found: list[Busy] = []
    for block in blocks:
        try:
            start, end = datetime.fromisoformat(block["start"]), datetime.fromisoformat(block["end"])
            if start.tzinfo is None or end.tzinfo is None:
                raise ValueError
        except (KeyError, ValueError, TypeError):
            raise Unreadable("a busy block's time is not an instant") from None
        inside = _clip(start.astimezone(UTC), end.astimezone(UTC), window)
        if inside is not None:
            found.append(Busy(*inside, Verdict.BUSY))
    return found


def _clip(start: datetime, end: datetime, window: Window) -> tuple[datetime, datetime] | None:
    start = max(start, window.start.astimezone(UTC))
    end = min(end, window.end.astimezone(UTC))
    return (start, end) if start < end else None


# --- events of ours ----------------------------------------------------------------------------


def event_body(intent: EventIntent) -> dict[str, Any]:
    """What `insert` wants, its id included."""
    body = _content(intent) | {"id": event_id(intent.key), "attendees": [_guest(a) for a in intent.attendees]}
    if intent.conference:
        body["conferenceData"] = _conference(event_id(intent.key))
    return body


def change_body(intent: EventIntent, current: Mapping[str, Any], *, same_time: bool) -> dict[str, Any]:
    """What `patch` wants. Who stays keeps name, comment and, where the time stays, the answer; whom a
    colleague added stays."""
    standing = {str(a.get("email", "")).casefold(): a for a in current.get("attendees", ())}
    invited = []
    for attendee in intent.attendees:
        guest = _guest(attendee)
        before = standing.get(attendee.address.casefold())
        if before is not None and same_time:
            guest |= {k: before[k] for k in ("responseStatus", "comment", "additionalGuests") if k in before}
        invited.append(guest)
    invited += _added(intent, current, same_time=same_time)
    body = _content(intent) | {"attendees": invited}
    has_one = bool(current.get("conferenceData") or current.get("hangoutLink"))
    if intent.conference and not has_one:
        body["conferenceData"] = _conference(event_id(f"{intent.key}#{current.get('etag', '')}"))
    elif has_one and not intent.conference:
        body["conferenceData"] = None
    return body


def _added(intent: EventIntent, current: Mapping[str, Any], *, same_time: bool) -> Iterator[dict[str, Any]]:
    """Whom we neither invited nor invite now, as they stand."""
    noted = str(((current.get("extendedProperties") or {}).get("private") or {}).get(GUESTS, ""))
    wanted = {attendee.address.casefold() for attendee in intent.attendees}
    for item in current.get("attendees", ()):
        address = str(item.get("email", ""))
        if address and address.casefold() not in wanted and not guests.invited(noted, address):
            yield {**item} if same_time else {**item, "responseStatus": "needsAction"}


def _content(intent: EventIntent) -> dict[str, Any]:
    tz = zone(intent.zone)
    return {
        "summary": clean_line(intent.title),
        "description": clean_text(intent.description),
        "location": clean_line(intent.location),
        "start": {"dateTime": intent.start.astimezone(tz).isoformat(), "timeZone": intent.zone},
        "end": {"dateTime": intent.end.astimezone(tz).isoformat(), "timeZone": intent.zone},
        "reminders": _reminders(intent),
        "extendedProperties": {"private": _properties(intent), "shared": {KEY: intent.key}},
    }


def _properties(intent: EventIntent) -> dict[str, str]:
    longest_name, longest_value = _LONGEST_PROPERTY
    for name, value in intent.tags:
        if not name or len(name) > longest_name or name.startswith(MARK):
            raise Invalid(
                f"tags of {intent.key}: a name has 1 to {longest_name} characters and does not begin with {MARK}"
            )
        if len(value) > longest_value:
            raise Invalid(f"tags of {intent.key}: {name} is longer than {longest_value} characters")
    noted = guests.note(attendee.address for attendee in intent.attendees)
    return {
        **dict(intent.tags),
        MARK: "1",
        KEY: intent.key,
        FINGERPRINT: fingerprint(intent),
        GUESTS: noted if len(noted) <= longest_value else "",
    }


def _reminders(intent: EventIntent) -> dict[str, Any]:
    if not intent.reminders:
        return {"useDefault": True}
    if len(intent.reminders) > _MOST_REMINDERS or max(intent.reminders) > _LONGEST_REMINDER:
        raise Invalid(
            f"reminders of {intent.key}: at most {_MOST_REMINDERS}, each at most {_LONGEST_REMINDER} minutes"
        )
    return {"useDefault": False, "overrides": [{"method": "popup", "minutes": m} for m in intent.reminders]}


def _guest(attendee: Attendee) -> dict[str, Any]:
    guest: dict[str, Any] = {"email": attendee.address, "responseStatus": _RESPONSES[attendee.reply]}
    if attendee.name:
        guest["displayName"] = clean_line(attendee.name)
    if attendee.role is Role.OPTIONAL:
        guest["optional"] = True
    if attendee.role is Role.ROOM:
        guest["resource"] = True
    return guest


def _conference(request_id: str) -> dict[str, Any]:
    """A Meet link to be made; the same request id a second time is ignored by the service."""
    return {"createRequest": {"requestId": request_id, "conferenceSolutionKey": {"type": "hangoutsMeet"}}}


def key_of(item: Mapping[str, Any]) -> str | None:
    """The key an event of ours carries; ``None`` for everybody else's."""
    value = ((item.get("extendedProperties") or {}).get("private") or {}).get(KEY)
    return value if isinstance(value, str) and value else None


def event_of(
    calendar: str, item: Mapping[str, Any], calendar_zone: Callable[[], ZoneInfo], key: str | None = None
) -> Event:
    """An event of ours. ``key`` stands in where a deleted event has lost its properties.

    A deleted event may have nothing left but its id: its times are then 1970. Raises `Unreadable`.
    """
    cancelled = item.get("status") == "cancelled"
    own = key_of(item) or key
    if not own or not isinstance(item.get("id"), str):
        raise Unreadable("an event of ours has lost its key or id")
    if cancelled and not (item.get("start") and item.get("end")):
        start = end = _NEVER
    else:
        start, end = _span(item, calendar_zone)
    url, _ = conference_of(item)
    private = (item.get("extendedProperties") or {}).get("private") or {}
    return Event(
        EventRef(calendar, item["id"]),
        own,
        str(item.get("etag", "")),
        start,
        end,
        tuple(_attendee(a) for a in item.get("attendees", ())),
        cancelled,
        str(private.get(FINGERPRINT, "")),
        url,
        str((item.get("start") or {}).get("timeZone", "")),
    )


def booked_of(calendar: str, item: Mapping[str, Any]) -> Booked:
    """What a write answered. Raises `Unreadable`."""
    if not isinstance(item.get("id"), str) or not isinstance(item.get("etag"), str):
        raise Unreadable("the answer to a write holds no event")
    url, pending = conference_of(item)
    return Booked(EventRef(calendar, item["id"]), item["etag"], url, pending)


def conference_of(item: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The link to join, and whether the service is still making it."""
    data = item.get("conferenceData") or {}
    video = next(
        (e.get("uri") for e in data.get("entryPoints", ()) if e.get("entryPointType") == "video"), None
    )
    status = ((data.get("createRequest") or {}).get("status") or {}).get("statusCode")
    url = video or item.get("hangoutLink")
    return (str(url) if url else None), status == "pending" and not url


def _attendee(item: Mapping[str, Any]) -> Attendee:
    if item.get("resource"):
        role = Role.ROOM
    else:
        role = Role.OPTIONAL if item.get("optional") else Role.REQUIRED
    return Attendee(
        str(item.get("email", "")),
        str(item.get("displayName", "")),
        role,
        _REPLIES.get(str(item.get("responseStatus")), Reply.NEEDS_ACTION),
        str(item.get("comment", "")),
    )


# --- rooms -------------------------------------------------------------------------------------


def rooms_of(items: Sequence[Mapping[str, Any]]) -> list[RoomInfo]:
    """The conference rooms among a directory's resources; projectors and cars are left out."""
    return [
        RoomInfo(
            item["resourceEmail"],
            str(item.get("generatedResourceName") or item.get("resourceName") or item["resourceEmail"]),
            item.get("capacity"),
            str(item.get("buildingId") or ""),
            _features(item.get("featureInstances")),
        )
        for item in items
        if item.get("resourceCategory") != "OTHER" and isinstance(item.get("resourceEmail"), str)
    ]


def _features(instances: object) -> tuple[str, ...]:
    """Names of features; the schema leaves their shape open, so anything else is passed over."""
    found = []
    for instance in instances if isinstance(instances, list) else ():
        feature = instance.get("feature") if isinstance(instance, Mapping) else None
        name = feature.get("name") if isinstance(feature, Mapping) else None
        if isinstance(name, str) and name:
            found.append(name)
    return tuple(found)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever a payload of another shape than promised makes go wrong is `Unreadable`."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"{what} is not what was promised ({type(error).__name__})") from None
