"""Reads a calendar file and tells what it found in a few words, for the tests beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.local import LocalCalendar
from connectors.types import Known, Unknown, Window

OWNER = "ada@acme.example"
BERLIN = "Europe/Berlin"


def window(first: str, last: str, zone: str = BERLIN) -> Window:
    """The days from ``first`` up to, not including, ``last``."""
    begin, end = (datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) for day in (first, last))
    return Window(begin, end)


def read(
    folder: Path, data: str | bytes, looked_at: Window, owner: str = OWNER, zone: str | None = None
) -> Known | Unknown:
    raw = data if isinstance(data, bytes) else data.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    (folder / f"{owner}.ics").write_bytes(raw)
    calendar = LocalCalendar(folder, zone=zone, clock=lambda: datetime(2026, 11, 1, tzinfo=UTC))
    found = calendar.availability([owner], looked_at)[owner]
    assert isinstance(found, Known) or "our reader" not in found.reason, found
    return found


def told(found: Known | Unknown, zone: str = BERLIN) -> list[str]:
    """One line for each block: verdict and local time, the day of the end where it is another one."""
    if isinstance(found, Unknown):
        return [f"UNKNOWN {found.code}"]
    lines = []
    for block in found.busy:
        start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (block.start, block.end))
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
        lines.append(f"{block.verdict} {start:%m-%d %H:%M}-{until}")
    return lines


def calendar(*events: str, head: str = f"X-WR-TIMEZONE:{BERLIN}", zones: str = "") -> str:
    """A VCALENDAR of events given by their lines."""
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    parts = [head.strip(), zones.strip()]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *(p for p in parts if p), f"{body}END:VCALENDAR\n"])


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]
