"""Graph's events as our values and back. Pure; field names as in Microsoft's published metadata (v1.0).

An event of ours carries single-value extended properties under one fixed GUID. They live in the
organizer's copy only, can be filtered by, and hold the key, the fingerprint of what was asked for, a
digest of the text, and the intent's tags.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import Invalid, UnknownZone, Unreadable
from connectors.guests import note
from connectors.intents import clean_line, clean_text
from connectors.outlook import attendees
from connectors.outlook.zones import first_known, instant, local_date, local_stamp, utc_stamp, zone_of
from connectors.protocol import digest, fingerprint
from connectors.types import Booked, Event, EventIntent, EventRef, Window
from connectors.zones import day_span

_GUID = "{d5a1e2b4-8c53-4f0e-9a67-2b7c41f3e086}"  # never changes: it is how our events are found again
KEY = f"String {_GUID} Name LoopwrightKey"
FINGERPRINT = f"String {_GUID} Name LoopwrightFingerprint"
TEXT = f"String {_GUID} Name LoopwrightText"
TAGS = f"String {_GUID} Name LoopwrightTags"
GUESTS = f"String {_GUID} Name LoopwrightGuests"
CANCELLED = f"String {_GUID} Name LoopwrightCancelled"
_PROPERTIES = (KEY, FINGERPRINT, TEXT, TAGS, GUESTS, CANCELLED)

EXPAND = "singleValueExtendedProperties($filter=" + " or ".join(f"id eq '{p}'" for p in _PROPERTIES) + ")"
SELECT = (
    "id,changeKey,createdDateTime,transactionId,type,start,end,isAllDay,isCancelled,isOrganizer,attendees,"
    "isOnlineMeeting,onlineMeeting,onlineMeetingUrl,originalStartTimeZone,originalEndTimeZone"
)
SELECT_FOR_WRITING = SELECT + ",subject,body,location,reminderMinutesBeforeStart,isReminderOn"

MOST_ATTENDEES = 500
"""Of an event in Exchange Online (event resource)."""
_LONGEST_LINE = 255
"""Characters of a subject or a location that Exchange keeps."""
_LONGEST_REMINDER = 40_320  # minutes: four weeks
_LONGEST_TAGS = 4_000  # characters of all tags together

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_BLOB_LINE = re.compile(r"_{20,}")

_MARK_START = datetime(2001, 1, 1, tzinfo=UTC)
_MARK_END = _MARK_START + timedelta(minutes=5)


# --- ours to theirs ----------------------------------------------------------------------------


def event_body(intent: EventIntent, *, in_utc: bool = False) -> dict[str, Any]:
    """What creates the event. Raises `Invalid`."""
    if len(intent.attendees) > MOST_ATTENDEES:
        raise Invalid(f"attendees of {intent.key}: at most {MOST_ATTENDEES}")
    body: dict[str, Any] = {
        "subject": _line(intent.title),
        "body": {"contentType": "html", "content": html_of(intent.description)},
        "location": {"displayName": _line(intent.location)},
        "showAs": "busy",
        "responseRequested": True,
        "attendees": [attendees.guest(a) for a in intent.attendees],
        "transactionId": transaction(intent.key),
        "singleValueExtendedProperties": _properties(intent),
        **_span(intent, in_utc=in_utc),
        **_reminder(intent),
    }
    if intent.conference:
        body |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    return body


def change_body(current: Mapping[str, Any], intent: EventIntent, *, in_utc: bool = False) -> dict[str, Any]:
    """What makes the event that is there the one that is wanted: only fields that differ.

    Leaving the rest out is what keeps answers (attendees), the meeting link (text) and everybody's
    inbox in order: an update of the attendees alone is sent to those who changed. Raises `Invalid`.
    """
    if len(intent.attendees) > MOST_ATTENDEES:
        raise Invalid(f"attendees of {intent.key}: at most {MOST_ATTENDEES}")
    body: dict[str, Any] = {"singleValueExtendedProperties": _properties(intent), **_reminder(intent)}
    moved = span_of(current) != (intent.start.astimezone(UTC), intent.end.astimezone(UTC))
    if moved or current.get("isAllDay"):
        body |= {"isAllDay": False, **_span(intent, in_utc=in_utc)}
    if current.get("subject") != _line(intent.title):
        body["subject"] = _line(intent.title)
    if str((current.get("location") or {}).get("displayName") or "") != _line(intent.location):
        body["location"] = {"displayName": _line(intent.location)}
    guests = attendees.changed(current, intent, _property(current, GUESTS), moved=moved)
    if attendees.roles(current.get("attendees")) != attendees.roles(guests):
        body["attendees"] = guests
    if _property(current, TEXT) != _text_digest(intent.description):
        body["body"] = {"contentType": "html", "content": _merged(current, html_of(intent.description))}
    if intent.conference and not current.get("isOnlineMeeting"):
        body |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    return body


def mark_body(event: Event) -> dict[str, Any]:
    """The note that a key is used up: a free, private five minutes long ago in the organizer's calendar.

    Exchange forgets a cancelled event (it moves to Deleted Items, where calendar permissions do not
    reach), and the same ``transactionId`` would make a new one.
    """
    kept = {"id": event.ref.id, "start": event.start.isoformat(), "end": event.end.isoformat()}
    return {
        "subject": "Cancelled booking (kept by Loopwright)",
        "body": {"contentType": "text", "content": "Keeps a cancelled interview from being booked twice."},
        "start": utc_stamp(_MARK_START),
        "end": utc_stamp(_MARK_END),
        "showAs": "free",
        "sensitivity": "private",
        "isReminderOn": False,
        "transactionId": transaction(f"{event.key}#cancelled"),
        "singleValueExtendedProperties": [
            {"id": KEY, "value": event.key},
            {"id": FINGERPRINT, "value": event.fingerprint},
            {"id": CANCELLED, "value": json.dumps(kept)},
        ],
    }


def transaction(key: str) -> str:
    """The ``transactionId`` of a key: its digest in hex."""
    return digest(key).hex()


def by_key(key: str) -> str:
    """The ``$filter`` for events with that key (Exchange compares without case: look again)."""
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{_quoted(key)}')"


def ours() -> str:
    """The ``$filter`` for events of ours."""
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value ne '')"


def ours_between(window: Window) -> str:
    """The ``$filter`` for events of ours that touch the window."""
    start, end = (utc_stamp(m)["dateTime"] for m in (window.start, window.end))
    return f"start/dateTime lt '{end}' and end/dateTime gt '{start}' and {ours()}"


def html_of(text: str) -> str:
    """Our text as HTML: everything escaped, lines kept, links to follow."""
    parts: list[str] = []
    at = 0
    clean = clean_text(text)
    for match in _LINK.finditer(clean):
        parts.append(html.escape(clean[at : match.start()]))
        link = html.escape(match.group(0))
        parts.append(f'<a href="{link}">{link}</a>')
        at = match.end()
    parts.append(html.escape(clean[at:]))
    return "<div>" + "".join(parts).replace("\n", "<br>\n") + "</div>"


def _span(intent: EventIntent, *, in_utc: bool) -> dict[str, Any]:
    """Start and end in the interview's own zone where that is certain, else both in UTC."""
    start, end = local_stamp(intent.start, intent.zone), local_stamp(intent.end, intent.zone)
    if in_utc or start is None or end is None:
        start, end = utc_stamp(intent.start), utc_stamp(intent.end)
    return {"start": start, "end": end}


def _properties(intent: EventIntent) -> list[dict[str, str]]:
    tags = json.dumps(dict(intent.tags), ensure_ascii=False)
    if len(tags) > _LONGEST_TAGS:
        raise Invalid(f"tags of {intent.key}: longer than {_LONGEST_TAGS} characters together")
    return [
        {"id": KEY, "value": intent.key},
        {"id": FINGERPRINT, "value": fingerprint(intent)},
        {"id": TEXT, "value": _text_digest(intent.description)},
        {"id": TAGS, "value": tags},
        {"id": GUESTS, "value": note(a.address for a in intent.attendees)},
    ]


def guests_body(intent: EventIntent, more: Iterable[str]) -> dict[str, Any]:
    """The note of whom we invited, with further addresses of the same people."""
    noted = note([*(a.address for a in intent.attendees), *more])
    return {"singleValueExtendedProperties": [{"id": GUESTS, "value": noted}]}


def renamed(answer: Mapping[str, Any], intent: EventIntent, current: Mapping[str, Any]) -> list[str]:
    """Addresses under which Exchange holds people whom we named by another (an alias): who is there, not by
    our name, and was not added by a colleague before (``current``)."""
    return attendees.others(answer, intent, current, _property(current, GUESTS))


def _reminder(intent: EventIntent) -> dict[str, Any]:
    """Outlook has one reminder: the last one before the start. None asked for: the mailbox's own habit."""
    if not intent.reminders:
        return {}
    if max(intent.reminders) > _LONGEST_REMINDER:
        raise Invalid(f"reminders of {intent.key}: at most {_LONGEST_REMINDER} minutes before the start")
    return {"isReminderOn": True, "reminderMinutesBeforeStart": min(intent.reminders)}


def _merged(current: Mapping[str, Any], ours: str) -> str:
    """Our new text with the part of the old one that Teams put in: without it the meeting goes offline.

    That part begins with a line of underscores. Where it cannot be made out, the old text stays below.
    """
    if not current.get("isOnlineMeeting"):
        return ours
    old = str((current.get("body") or {}).get("content") or "")
    line = _BLOB_LINE.search(old)
    if line is None:
        return f"{ours}<hr>{old}"
    begin = max(old.rfind(tag, 0, line.start()) for tag in ("<div", "<p", "<br"))
    end = old.rfind("</body>")
    return ours + old[begin if begin >= 0 else line.start() : end if end > line.start() else len(old)]


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _line(text: str) -> str:
    line = clean_line(text)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


# --- theirs to ours ----------------------------------------------------------------------------


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever shape an answer has, what comes out is `Unreadable` and never a crash."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise Unreadable(f"{what}: the answer is not what was promised") from None


def key_of(item: Mapping[str, Any]) -> str | None:
    """The key an event of ours carries; ``None`` for everybody else's."""
    return _property(item, KEY) or None


def fingerprint_of(item: Mapping[str, Any]) -> str:
    """The fingerprint of what was last asked for."""
    return _property(item, FINGERPRINT)


def event_of(calendar: str, item: Mapping[str, Any]) -> Event:
    """An event of ours as the organizer's calendar holds it. Raises `Unreadable`, `UnknownZone`."""
    with reading("an event of ours"):
        return _event_of(calendar, item)


def _event_of(calendar: str, item: Mapping[str, Any]) -> Event:
    key, ident = key_of(item), item.get("id")
    if key is None or not isinstance(ident, str):
        raise Unreadable("an event of ours has lost its key or id")
    start, end = span_of(item)
    mark = _property(item, CANCELLED)
    if mark:
        ident, start, end = _kept(mark, ident, start, end)
    return Event(
        EventRef(calendar, ident),
        key,
        str(item.get("changeKey") or ""),
        start,
        end,
        tuple(attendees.attendee(a) for a in item.get("attendees") or ()),
        bool(mark) or bool(item.get("isCancelled")),
        _property(item, FINGERPRINT),
        join_url(item),
        _zone_name(item),
    )


def booked_of(calendar: str, item: Mapping[str, Any]) -> Booked:
    """What a write answered. Raises `Unreadable`."""
    if not isinstance(item.get("id"), str) or not isinstance(item.get("changeKey"), str):
        raise Unreadable("the answer to a write holds no event")
    with reading("the answer to a write"):
        url = join_url(item)
    pending = bool(item.get("isOnlineMeeting")) and url is None
    return Booked(EventRef(calendar, item["id"]), item["changeKey"], url, pending)


def span_of(item: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Start and end of an event in UTC; an all-day one lies in the zone it was made in."""
    with reading("an event's time"):
        if item.get("isAllDay"):
            tz = first_known(item.get("originalStartTimeZone"), item.get("originalEndTimeZone"))
            return day_span(local_date(item.get("start")), local_date(item.get("end")), tz)
        start, end = item.get("start") or {}, item.get("end") or {}
        return (
            instant(start, paired=end.get("timeZone")),
            instant(end, paired=start.get("timeZone"), last=True),
        )


def join_url(item: Mapping[str, Any]) -> str | None:
    url = (item.get("onlineMeeting") or {}).get("joinUrl") or item.get("onlineMeetingUrl")
    return url if isinstance(url, str) and url.startswith("https://") else None


def oldest_first(items: Iterable[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
    """Events with one key, the one to keep in front: created by our own request, then the oldest."""
    mine = [item for item in items if key_of(item) == key]
    return sorted(
        mine,
        key=lambda i: (
            i.get("transactionId") != transaction(key),
            str(i.get("createdDateTime")),
            str(i.get("id")),
        ),
    )


def is_mark(item: Mapping[str, Any]) -> bool:
    """Whether it is the note that a key is used up."""
    return bool(_property(item, CANCELLED))


def _property(item: Mapping[str, Any], name: str) -> str:
    for entry in item.get("singleValueExtendedProperties") or ():
        if isinstance(entry, Mapping) and str(entry.get("id", "")).casefold() == name.casefold():
            return str(entry.get("value") or "")
    return ""


def _kept(mark: str, ident: str, start: datetime, end: datetime) -> tuple[str, datetime, datetime]:
    """Id and times of the event that was cancelled, out of the note about it."""
    try:
        kept = json.loads(mark)
        return str(kept["id"]), datetime.fromisoformat(kept["start"]), datetime.fromisoformat(kept["end"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ident, start, end  # edited by hand: it still says that the key is used up


def _zone_name(item: Mapping[str, Any]) -> str:
    """The IANA name of the event's own zone; empty where nobody knows it."""
    try:
        return zone_of(str(item.get("originalStartTimeZone") or "")).key
    except UnknownZone:
        return ""
