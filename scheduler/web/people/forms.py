"""A person as a form: every field of the company file as it is typed.

Told by `tests/scheduler/web/days/test_people.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import groupby
from typing import Annotated, Any

from pydantic import Field

from scheduler.web.frame.forms import Form

Line = Annotated[str, Field(max_length=300)]
Lines = Annotated[str, Field(max_length=3000)]
LISTS = ("skills", "rather_not")
"""Written with commas."""
STRETCHES = ("hours", "avoid", "pauses")
"""Written one on a line."""
NUMBERS = ("max_day", "max_week")
PLAIN = ("name", "email", "title", "level", "site", "zone", "lunch")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PersonForm(Form):
    """``seen`` is the entry as the page showed it."""

    id: str = Field("", max_length=100)
    seen: str = Field("", max_length=20_000)
    name: Line = ""
    email: Line = ""
    title: Line = ""
    level: Line = ""
    site: Line = ""
    zone: Line = ""
    lunch: Line = ""
    calendar: Line = ""
    max_day: Line = ""
    max_week: Line = ""
    hours: Lines = ""
    avoid: Lines = ""
    pauses: Lines = ""
    skills: Lines = ""
    rather_not: Lines = ""
    active: Line = ""


def typed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields of the form show for an entry of the company file."""
    found: dict[str, Any] = {name: entry.get(name) or "" for name in PLAIN}
    found |= {name: str(entry.get(name, "")) for name in NUMBERS}
    found |= {name: ", ".join(entry.get(name, ())) for name in LISTS}
    found |= {name: "\n".join(short_hours(entry.get(name, ()))) for name in STRETCHES}
    found["calendar"] = entry.get("calendar", {}).get("address", "")
    found["active"] = "yes" if entry.get("active", True) else ""
    return found | {"id": entry.get("id", ""), "seen": json.dumps(entry, sort_keys=True, ensure_ascii=False)}


def entry(form: PersonForm, before: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of the company file that is meant; ``before`` is what it was, for what the form does not show. What is
    left empty is left out."""
    found: dict[str, Any] = {name: text for name in PLAIN if (text := getattr(form, name))}
    found["lunch"] = form.lunch or False
    found |= {name: _number(text) for name in NUMBERS if (text := getattr(form, name))}
    found |= {
        name: [part.strip() for part in getattr(form, name).split(",") if part.strip()] for name in LISTS
    }
    found |= {name: _lines(getattr(form, name)) for name in STRETCHES if _lines(getattr(form, name))}
    known = before.get("calendar", {})
    if form.calendar:
        found["calendar"] = {**known, "address": form.calendar}
    return {**found, "active": bool(form.active)}


def changed(seen: str, now: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something else now than when the page was made, as the form shows them."""
    shown, held = typed(entry_of(seen)), typed(now)
    return {name: held[name] for name in held if name != "seen" and held[name] != shown.get(name)}


def entry_of(seen: str) -> dict[str, Any]:
    """The entry that a page showed, as its form sends it back; nothing where that cannot be read."""
    try:
        found = json.loads(seen)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def short_hours(lines: list[str]) -> list[str]:
    """Days in a row that have the same hours as one line: ``mon-fri 09:00-17:00``."""
    cut = [line.split(" ", 1) for line in lines]
    if not all(len(part) == 2 and part[0] in DAYS for part in cut):
        return list(lines)
    by_day = {day: [p[1] for p in cut if p[0] == day] for day in DAYS}
    found = []
    for hours, days in groupby(DAYS, lambda d: by_day[d]):
        named = list(days)
        if hours:
            span = named[0] if len(named) == 1 else f"{named[0]}-{named[-1]}"
            found += [f"{span} {each}" for each in hours]
    return found
