"""What somebody's calendar says about their time, from Graph's two ways of telling it. Pure.

`getSchedule` tells blocks with a status; `calendarView` tells events, of which only the fields that
decide the verdict are asked for (`SELECT`). Nothing else of a foreign event is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, Unreadable
from connectors.outlook.failures import schedule_error
from connectors.outlook.wire import span_of, transaction
from connectors.outlook.zones import first_known, local_date, utc_stamp
from connectors.types import Availability, Busy, Known, Place, Unknown, Verdict, Window
from connectors.zones import day_span

CHUNK = 20
"""Addresses of one getSchedule, members of lists counted."""
LONGEST = timedelta(days=61)
"""A getSchedule must ask for less than 62 days."""

SELECT = (
    "start,end,showAs,isAllDay,isCancelled,isOrganizer,responseStatus,"
    "originalStartTimeZone,originalEndTimeZone,transactionId,id"
)

_STATUSES = {
    "free": None,
    "workingelsewhere": None,
    "tentative": Verdict.UNANSWERED,
    "oof": Verdict.OUT_OF_OFFICE,
}
"""What getSchedule calls tentative may be an invitation that nobody answered: Exchange shows those so by itself,
and the answer is not told. The harder of the two counts."""
_ELSEWHERE = "elsewhere"


def segments(window: Window) -> list[Window]:
    """The window in parts that getSchedule takes."""
    parts = []
    start = window.start
    while start < window.end:
        end = min(start + LONGEST, window.end)
        parts.append(Window(start, end))
        start = end
    return parts


def chunks(addresses: Sequence[str]) -> list[Sequence[str]]:
    return [addresses[i : i + CHUNK] for i in range(0, len(addresses), CHUNK)]


def schedule_body(addresses: Sequence[str], window: Window) -> dict[str, Any]:
    """What getSchedule wants. The interval only shapes a summary that is not used: as short as it gets."""
    return {
        "Schedules": list(addresses),
        "StartTime": utc_stamp(window.start),
        "EndTime": utc_stamp(window.end),
        "AvailabilityViewInterval": 1440,
    }


def schedules(
    answer: Mapping[str, Any], addresses: Sequence[str], window: Window, as_of: datetime
) -> dict[str, Availability]:
    """One entry per address: its blocks, or why it is unknown. A silent answer is unknown too.

    Raises what `wire.reading` understands where the answer is no list of schedules.
    """
    told: dict[str, Mapping[str, Any]] = {}
    for item in answer["value"]:
        told.setdefault(str(item.get("scheduleId") or "").casefold(), item)
    found: dict[str, Availability] = {}
    for address in addresses:
        entry = told.get(address.casefold())
        found[address] = (
            Unknown(Unreadable.code, "Exchange's answer says nothing about this address")
            if entry is None
            else _schedule(entry, window, as_of)
        )
    return found


def _schedule(entry: Mapping[str, Any], window: Window, as_of: datetime) -> Availability:
    items = entry.get("scheduleItems")
    if entry.get("error") or not isinstance(items, list):
        return Unknown(*schedule_error(entry.get("error")))
    try:
        blocks = [(span_of(item), str(item.get("status") or "").casefold()) for item in items]
    except ConnectorError as error:
        return Unknown(error.code, str(error))
    return known(
        (
            (span, _STATUSES.get(word, Verdict.BUSY), word == "workingelsewhere", None)
            for span, word in blocks
        ),
        window,
        as_of,
        typed=False,
    )


def verdict(item: Mapping[str, Any]) -> Verdict | None:
    """What an event says about its calendar's time; ``None``: it takes none.

    Exchange shows an invitation nobody answered as tentative by itself: the missing answer counts, not
    that status. Who organizes a meeting has accepted it. A status of tomorrow counts as busy.
    """
    status = str(item.get("showAs") or "").casefold()
    reply = str((item.get("responseStatus") or {}).get("response") or "").casefold()
    if item.get("isOrganizer") is True:
        reply = "organizer"
    if item.get("isCancelled") or reply == "declined" or status in ("free", "workingelsewhere"):
        return None
    if status == "oof":
        return Verdict.OUT_OF_OFFICE
    if reply in ("none", "notresponded"):
        return Verdict.UNANSWERED
    if reply == "tentativelyaccepted" or status == "tentative":
        return Verdict.TENTATIVE
    return Verdict.BUSY


def needs_zone(items: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an all-day event that matters is among them: only then the mailbox's zone is needed."""
    return any(item.get("isAllDay") and _matters(item) for item in items)


def _matters(item: Mapping[str, Any]) -> bool:
    return verdict(item) is not None or _is_elsewhere(item)


def _is_elsewhere(item: Mapping[str, Any]) -> bool:
    return str(item.get("showAs") or "").casefold() == "workingelsewhere" and not item.get("isCancelled")


def events(
    items: Iterable[Mapping[str, Any]],
    mailbox_zone: ZoneInfo | None,
    keys: Mapping[str, str],
    window: Window,
    as_of: datetime,
) -> Known:
    """One calendar's events as blocks.

    ``mailbox_zone`` places all-day events; where it is not known the zone they were made in does.
    ``keys`` are those of events of ours by id. Raises `UnknownZone`, `Unreadable`.
    """
    told = (
        (_placed(item, mailbox_zone), verdict(item), _is_elsewhere(item), keys.get(str(item.get("id"))))
        for item in items
        if _matters(item)
    )
    return known(told, window, as_of, typed=True)


def _placed(item: Mapping[str, Any], mailbox_zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    if not item.get("isAllDay"):
        return span_of(item)
    tz = mailbox_zone or first_known(item.get("originalStartTimeZone"), item.get("originalEndTimeZone"))
    return day_span(local_date(item.get("start")), local_date(item.get("end")), tz)


def may_be_ours(item: Mapping[str, Any]) -> bool:
    """Whether its ``transactionId`` has the form of ours: worth a look at its tag."""
    ident = str(item.get("transactionId") or "")
    return len(ident) == len(transaction("")) and all(c in "0123456789abcdef" for c in ident)


def known(
    told: Iterable[tuple[tuple[datetime, datetime], Verdict | None, bool, str | None]],
    window: Window,
    as_of: datetime,
    *,
    typed: bool,
) -> Known:
    """Blocks and places clipped to the window, each once, sorted."""
    busy: set[Busy] = set()
    places: set[Place] = set()
    for (start, end), meaning, elsewhere, key in told:
        inside = _clip(start, end, window)
        if inside is None:
            continue
        if meaning is not None:
            busy.add(Busy(*inside, meaning, key))
        elif elsewhere:
            places.add(Place(*inside, _ELSEWHERE))
    return Known(
        tuple(sorted(busy, key=lambda b: (b.start, b.end, b.verdict, b.key or ""))),
        as_of,
        tuple(sorted(places, key=lambda p: (p.start, p.end))),
        typed,
    )


def _clip(start: datetime, end: datetime, window: Window) -> tuple[datetime, datetime] | None:
    start, end = max(start, window.start), min(end, window.end)
    return (start, end) if start < end else None


def joined(parts: Sequence[Availability]) -> Availability:
    """The parts of one person's window as one answer: unknown as soon as one part is."""
    for part in parts:
        if isinstance(part, Unknown):
            return part
    return reduce(_together, (part for part in parts if isinstance(part, Known)))


def _together(one: Known, two: Known) -> Known:
    return Known(
        tuple(sorted({*one.busy, *two.busy}, key=lambda b: (b.start, b.end, b.verdict, b.key or ""))),
        min(one.as_of, two.as_of),
        tuple(sorted({*one.places, *two.places}, key=lambda p: (p.start, p.end))),
        one.typed,
    )
