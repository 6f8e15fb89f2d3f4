"""The common fields of an entry of the company file, each by its path in it; all else of the entry stays as it is.

Told by `tests/scheduler/web/days/test_company_fields.py`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from scheduler.web.frame.words import N_
from scheduler.web.people.forms import short_hours

TEXT, NUMBER, COMMAS, LINES, PEOPLE, SITE, YES = "text", "number", "commas", "lines", "people", "site", "yes"
"""Kinds of fields: how they are typed. The people are typed by id or by name, with commas."""
PREFIX = "f:"
"""What the names of the fields begin with where they are sent."""
_STEP = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class FieldOf:
    """``path`` as the checks of the file name it: ``name``, ``interviews[0].minutes``; ``of`` is whose step it is."""

    path: str
    label: str
    kind: str = TEXT
    of: str = ""
    hint: str = ""

    @property
    def id(self) -> str:
        """A name for it in the page."""
        return "f-" + re.sub(r"[^a-z0-9_]+", "-", self.path)


_ID = FieldOf("id", N_("Short name"), hint=N_("such as anna; it stays"))
_FIELDS: Mapping[str, Sequence[FieldOf]] = {
    "pools": (
        FieldOf("name", N_("Name")),
        FieldOf("qualified", N_("Qualified"), PEOPLE, hint=N_("short names or names, with commas")),
        FieldOf("reverse_shadowing", N_("Lead while somebody observes them"), PEOPLE),
        FieldOf("shadowing", N_("Observe"), PEOPLE),
        FieldOf("trainee", N_("Trainees"), PEOPLE),
    ),
    "rooms": (
        FieldOf("name", N_("Name")),
        FieldOf("site", N_("Site"), SITE),
        FieldOf("capacity", N_("People it holds, the candidate included"), NUMBER),
        FieldOf("calendar.address", N_("Calendar")),
        FieldOf("features", N_("What it has"), COMMAS, hint=N_("with commas: accessible, video")),
    ),
    "sites": (
        FieldOf("name", N_("Name")),
        FieldOf("zone", N_("Clock")),
        FieldOf("hours", N_("Opening hours"), LINES, hint=N_("one stretch on a line: mon-fri 09:00-17:30")),
        FieldOf("country", N_("Country"), hint=N_("its public holidays are closed days: DE, DE-BE, US")),
        FieldOf("address", N_("Street and place")),
    ),
    "templates": (
        FieldOf("title", N_("Title")),
        FieldOf("notice_hours", N_("Hours of notice"), NUMBER),
        FieldOf("horizon_days", N_("Days within which it takes place"), NUMBER),
        FieldOf("max_days", N_("Most days"), NUMBER),
        FieldOf("min_break", N_("Least break between interviews, minutes"), NUMBER),
        FieldOf("buffer", N_("Buffer beside other meetings, minutes"), NUMBER),
    ),
    "policy": (
        FieldOf("hold_minutes", N_("Times are held for, minutes"), NUMBER),
        FieldOf("undo_minutes", N_("A person can undo within, minutes"), NUMBER),
        FieldOf("alternatives", N_("Plans that are offered, at most"), NUMBER),
        FieldOf("offer_hours", N_("An offer keeps its times free for, hours"), NUMBER),
        FieldOf("freeze_hours", N_("Nothing moves by itself before it begins, hours"), NUMBER),
        FieldOf("max_replans", N_("Times a lost plan is made anew"), NUMBER),
        FieldOf("approve_moves", N_("A person says yes to each move"), YES),
        FieldOf("allow_focus", N_("Focus time may be booked over"), YES),
    ),
}


def fields_of(section: str, entry: Mapping[str, Any], new: bool = False) -> list[FieldOf]:
    """The fields of an entry; those of a template have title and minutes of each of its steps."""
    found = [_ID, *_FIELDS[section]] if new else list(_FIELDS[section])
    steps = entry.get("interviews") if section == "templates" else None
    for n, step in enumerate(steps if isinstance(steps, list) else ()):
        title = str(step.get("title") or step.get("id"))
        found.append(FieldOf(f"interviews[{n}].title", N_("Title"), of=title))
        if step.get("minutes") is not None:
            found.append(FieldOf(f"interviews[{n}].minutes", N_("Minutes"), NUMBER, of=title))
    return found


def steps(fields: Iterable[FieldOf]) -> list[tuple[str, list[FieldOf]]]:
    """The fields of the steps, step by step in their order, each with its title."""
    grouped = groupby((f for f in fields if f.of), lambda f: (f.path.partition(".")[0], f.of))
    return [(title, list(group)) for (_, title), group in grouped]


def shown(fields: Iterable[FieldOf], entry: Mapping[str, Any]) -> dict[str, str]:
    """What stands in each field, by its path."""
    return {field.path: _typed(field, _get(entry, _parts(field.path))) for field in fields}


def put(
    fields: Iterable[FieldOf],
    entry: Mapping[str, Any],
    typed: Mapping[str, str],
    seen: Mapping[str, str],
    people: Mapping[str, str],
) -> dict[str, Any]:
    """The entry with what was typed. A field that says what its page showed (``seen``) was not touched, and stays as it is
    in the entry; one left empty is left out. ``people`` maps names in small letters to ids."""
    found: dict[str, Any] = copy.deepcopy(dict(entry))
    for field in fields:
        text = typed.get(field.path, "")
        if _plain(text) != _plain(seen.get(field.path, "")):
            _set(found, _parts(field.path), _meant(field, text, people))
    return found


def beside(fields: Sequence[FieldOf], path: str) -> str:
    """The field that a fault belongs to, by its path; empty where it is none of them."""
    there = [f.path for f in fields if path == f.path or path.startswith((f"{f.path}[", f"{f.path}."))]
    whole = [
        f.path for f in fields if f.path.startswith(f"{path}.")
    ]  # a calendar, where its address is typed
    return max(there, key=len, default=whole[0] if whole else "")


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _parts(path: str) -> list[str | int]:
    dotted = _STEP.sub(r".\1", path).split(".")
    return [int(part) if part.isdigit() else part for part in dotted]


def _get(entry: Any, parts: Sequence[str | int]) -> Any:
    for part in parts:
        try:
            entry = entry[part]
        except (KeyError, IndexError, TypeError):
            return None
    return entry


def _set(entry: Any, parts: Sequence[str | int], value: Any) -> None:
    *way, last = parts
    for part in way:
        if isinstance(part, str) and not isinstance(entry.get(part), dict | list):
            entry[part] = {}
        entry = entry[part]
    if value is None:
        entry.pop(last, None)
    else:
        entry[last] = value


def _typed(field: FieldOf, value: Any) -> str:
    if field.kind == YES:
        return "yes" if value else ""
    if value is None:
        return ""
    if isinstance(value, list):
        texts = list(map(str, value))
        return "\n".join(short_hours(texts)) if field.kind == LINES else ", ".join(texts)
    return str(value)


def _meant(field: FieldOf, text: str, people: Mapping[str, str]) -> Any:
    if field.kind == YES:
        return bool(text)
    if not text.strip():
        return None
    if field.kind == NUMBER:
        return int(text) if re.fullmatch(r"\d{1,7}", text.strip()) else text
    if field.kind == LINES:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind in (COMMAS, PEOPLE):
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [people.get(part.casefold(), part) for part in parts] if field.kind == PEOPLE else parts
    return text.strip()
