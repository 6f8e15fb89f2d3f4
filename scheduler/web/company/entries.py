"""Entries of the company file as they are written and read: without what is empty, in the file's own form.

Told by `tests/scheduler/web/days/test_company.py`.
"""

from __future__ import annotations

import difflib
from typing import Any

import yaml

from scheduler.domain.errors import Missing
from scheduler.services.company.edit import company_file
from scheduler.services.company.text import parsed
from scheduler.storage.database import Tx

SECTIONS = ("pools", "rooms", "templates", "sites", "policy")
_MEANT = frozenset({"longest_run"})
"""Fields of which nothing says something else than leaving it out."""


def written(value: Any) -> str:
    """An entry as YAML."""
    return str(yaml.safe_dump(_short(value), sort_keys=False, allow_unicode=True, width=110))


def read(text: str) -> dict[str, Any]:
    """What a text says. Raises `BadInputs` naming the line."""
    return parsed(text, "yaml", "entry")


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _short(v) for name, v in value.items() if v is not None or name in _MEANT}
        return {name: v for name, v in kept.items() if v not in ([], {}, "")}
    if isinstance(value, list):
        return [_short(v) for v in value]
    return str(value) if isinstance(value, str) else value  # a name of ours is its text


def entries(tx: Tx, section: str) -> list[dict[str, Any]]:
    """The entries of a section; those of the policy are one. Raises `Missing`."""
    if section not in SECTIONS:
        raise Missing("section", section)
    found = company_file(tx)[section]
    return [found] if isinstance(found, dict) else found


def text_of(tx: Tx, section: str, id: str) -> str:
    """An entry as it is now; empty for a new one. Raises `Missing`."""
    if not id:
        return ""
    for entry in entries(tx, section):
        if section == "policy" or entry["id"] == id:
            return written(entry)
    raise Missing("entry", id)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def differs(before: str, now: str) -> list[str]:
    """The lines that went and came, each with its mark."""
    found = difflib.unified_diff(lines(before), lines(now), n=0, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]
