"""What is wrong with a company file, in lines a person can act on: path, fault, fix."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from scheduler.domain.errors import BadInput, BadInputs
from scheduler.services.company.text import kind

Loc = tuple[str | int, ...]
"""Where in the file: keys and list positions from the top."""

MOST = 100
"""Faults shown at once; a file with more is not a company file with slips."""

STAND_IN = "stand-in-for-a-name-"
"""Begins what is put where a name is missing or refused, so that the rest can be read on."""

OTHER_WORDS: Mapping[str, str] = {
    "duration": "minutes",
    "e-mail": "email",
    "length": "minutes",
    "location": "site",
    "mail": "email",
    "members": "qualified",
    "office": "site",
    "number": "count",
    "people": "qualified",
    "time_zone": "zone",
    "trainees": "trainee",
    "tz": "zone",
    "window": "windows",
    "working_hours": "hours",
}
"""Words that people write for ours."""


class Said(ValueError):
    """A value that a reader of one field refuses: what is wrong with it, and what to write."""

    def __init__(self, fault: str, fix: str = "") -> None:
        super().__init__(fault)
        self.fault, self.fix = fault, fix


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    loc: Loc
    fault: str
    fix: str = ""


def path(loc: Loc, data: Any = None) -> str:
    """``templates[2].interviews[1].minutes``; a single value written where a list may stand has no position."""
    shown, node = "", data
    for part in loc:
        if isinstance(part, int):
            if data is None or isinstance(node, list):
                shown += f"[{part}]"
                node = node[part] if isinstance(node, list) and part < len(node) else None
        else:
            shown += f".{part}" if shown else part
            node = node.get(part) if isinstance(node, dict) else None
    return shown


def raise_all(faults: Iterable[Fault], data: Any) -> None:
    """Raise `BadInputs` with the faults in the order of the file, each once; no fault, no error.

    After `MOST` of them a last line says that there are more.
    """
    found: dict[Fault, None] = {}
    for fault in faults:
        found[fault] = None
        if len(found) > MOST:
            break
    if not found:
        return
    lines = [BadInput(path(f.loc, data), f.fault, f.fix) for f in sorted(found, key=_Order(data))]
    if len(lines) > MOST:
        lines[MOST:] = [BadInput("and more", f"only the first {MOST} faults are shown", "mend these first")]
    raise BadInputs(lines)


class _Order:
    """Sorts faults by where they stand in the file."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.ranks: dict[int, dict[str, int]] = {}

    def __call__(self, fault: Fault) -> tuple[int, ...]:
        found, node = [], self.data
        for part in fault.loc:
            if isinstance(part, int):
                found.append(part)
                node = node[part] if isinstance(node, list) and part < len(node) else None
            else:
                found.append(self._rank(part, node))
                node = node.get(part) if isinstance(node, dict) else None
        return tuple(found)

    def _rank(self, key: str, node: Any) -> int:
        if not isinstance(node, dict):
            return 0
        ranks = self.ranks.setdefault(id(node), {}) or {k: n for n, k in enumerate(node)}
        self.ranks[id(node)] = ranks
        return ranks.get(key, len(ranks))


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'backend'?``, or the known words when none is near."""
    words = sorted(set(known))
    lowered = {w.casefold(): w for w in words}
    meant = OTHER_WORDS.get(word.casefold().replace(" ", "_"), "")
    if meant not in words:
        close = difflib.get_close_matches(word.casefold(), lowered, n=1, cutoff=0.6)
        meant = lowered[close[0]] if close else ""
    if meant:
        return f"did you mean {meant!r}?"
    if not words:
        return "none is defined"
    shown = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
    return f"known: {shown}"


def leads_nowhere(word: str, known: Collection[str]) -> bool:
    """Whether nothing has that name. While the name of one of them could not be read, nobody can tell."""
    return word not in known and not any(k.startswith(STAND_IN) for k in known)


def quoted(value: Any) -> str:
    """A value as a person wrote it, cut to a length that keeps the line readable."""
    if isinstance(value, dict | list) or value is None:
        return kind(value)
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…") if isinstance(value, str) else text


_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "list_type": "a list",
    "dict_type": "named fields",
    "model_type": "named fields",
    "model_attributes_type": "named fields",
}
_LIMITS = {
    "greater_than_equal": ("ge", "is less than {0}", "give {0} or more"),
    "greater_than": ("gt", "is not more than {0}", "give more than {0}"),
    "less_than_equal": ("le", "is more than {0}", "give {0} or less"),
}


def from_pydantic(error: ErrorDetails, loc: Loc, model: type[BaseModel] | None) -> Fault:
    """One error of a model as a fault; ``model`` is the one whose field ``loc`` ends with."""
    what, value, context = error["type"], error["input"], error.get("ctx", {})
    said = context.get("error")
    if isinstance(said, Said):
        return Fault(loc, said.fault, said.fix)
    if what == "missing":
        lacking = model.model_fields.get(str(loc[-1])) if model else None
        description = lacking.description if lacking else ""
        return Fault(loc, "missing", f"give {description}" if description else "give a value")
    if what == "extra_forbidden":
        known = model.model_fields if model else ()
        return Fault(loc, "unknown key", nearest(str(loc[-1]), known))
    if what in ("enum", "literal_error"):
        expected = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        near = nearest(value, expected) if isinstance(value, str) else ""
        fix = near if "mean" in near else "use one of these"
        return Fault(loc, f"{quoted(value)} is not one of {', '.join(expected)}", fix)
    if what in _LIMITS:
        key, fault, fix = _LIMITS[what]
        return Fault(loc, f"{quoted(value)} {fault.format(context[key])}", fix.format(context[key]))
    if what == "too_short":
        return Fault(loc, "is an empty list", "give at least one")
    if what.startswith("date"):
        return Fault(loc, f"{quoted(value)} is not a date", "write it as 2026-12-24")
    if what in _WANTED:
        hint = "put it in quotes" if what == "string_type" and isinstance(value, int | float) else ""
        plain = isinstance(value, dict | list) or value is None
        shown = f"is {kind(value)}" if plain else f"{quoted(value)} is {kind(value)}"
        return Fault(loc, f"{shown}, not {_WANTED[what]}", hint)
    return Fault(loc, error["msg"][:1].lower() + error["msg"][1:])
