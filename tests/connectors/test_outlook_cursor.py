"""Outlook's cursors: what they say, and what is no cursor of ours."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import (
    CursorExpired,
)
from connectors.outlook import cursor
from connectors.types import (
    Window,
)

START = datetime(2026, 10, 21, 8, tzinfo=UTC)
WINDOW = Window(START - timedelta(days=1), START + timedelta(days=10))


def test_a_cursor_says_where_it_was_and_what_it_covers() -> None:
    frozen = cursor.frozen(WINDOW)
    text = cursor.Cursor("O@b.c", "/users/o@b.c/calendarView/delta?$deltatoken=x", frozen).text()
    later = Window(WINDOW.start + timedelta(days=6), WINDOW.end + timedelta(days=6))
    assert cursor.read(text, "o@B.C", later).link.endswith("$deltatoken=x")
    with pytest.raises(CursorExpired, match="moved out"):
        cursor.read(text, "o@b.c", Window(WINDOW.start, WINDOW.end + timedelta(days=8)))
    with pytest.raises(CursorExpired, match="moved out"):
        cursor.read(text, "o@b.c", Window(WINDOW.start - timedelta(days=1), WINDOW.end))
    with pytest.raises(CursorExpired, match="another calendar"):
        cursor.read(text, "p@b.c", WINDOW)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"v": 2},
        {"v": 1, "l": "https://evil.example/x"},
        {"v": 1, "l": 5},
        {"v": 1, "l": "/x", "s": "2026-01-01", "e": "2027-01-01"},
    ],
)
def test_a_cursor_that_was_tampered_with_is_expired(fields: Any) -> None:
    text = cursor.Cursor("o@b.c", "/x", cursor.frozen(WINDOW)).text()
    good = json.loads(base64.urlsafe_b64decode(text))
    broken = {**good, **fields} if fields and isinstance(fields, dict) else fields
    with pytest.raises(CursorExpired):
        cursor.read(base64.urlsafe_b64encode(json.dumps(broken).encode()).decode(), "o@b.c", WINDOW)
