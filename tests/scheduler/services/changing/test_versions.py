"""A version is read as it was written, and nothing else is taken for one."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.time import Span
from scheduler.services.changing import versions
from scheduler.services.changing.versions import Version

NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
PLAN = (PlannedInterview("tech", Span(NOW, NOW + timedelta(hours=1)), (("anna",), ()), "emma", "oak"),)
VERSION = Version("lp_1", NOW, 2, "pr_1", "0" * 32, PLAN, PLAN)


def test_it_is_read_as_it_was_written() -> None:
    assert versions.read(VERSION.text()) == VERSION


def test_a_changed_letter_is_noticed() -> None:
    text = VERSION.text()
    for at in range(0, len(text), 7):
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(BadInput):
            versions.read(other)
    for cut in range(len(text)):
        with pytest.raises(BadInput):
            versions.read(text[:cut])


def test_what_grows_beyond_measure_is_not_unpacked() -> None:
    bomb = b"\0" * 9 + zlib.compress(b" " * 50_000_000, 9)
    with pytest.raises(BadInput):
        versions.read(base64.urlsafe_b64encode(bomb).decode())
    assert len(VERSION.text()) < versions.LONGEST
