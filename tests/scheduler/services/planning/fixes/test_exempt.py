"""What a loop is let off is heeded for it alone: hours, caps, holidays; unknown stays unknown, busy stays busy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.types import Unknown
from scheduler.domain.fixes.fix import CAPS, PERSON, Change, Exemption
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Closing, Site
from scheduler.domain.time import Span
from scheduler.services.planning import worktime
from scheduler.services.planning.encode import Encoded, encode
from scheduler.services.planning.fixes.exempt import opened, with_caps
from scheduler.services.planning.picture import gather
from solver import BusyKind
from tests.scheduler.kit import NOW, Kit, make
from tests.scheduler.services.asking.test_fixing import away
from tests.stories.kit import ask

NIGHT = Span(datetime(2026, 3, 11, 20, tzinfo=UTC), datetime(2026, 3, 11, 21, tzinfo=UTC))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def _exemption(change: Change) -> Exemption:
    return Exemption("lp_1", "fx_1", change, "person:rolf", "agreed", "", NOW)


def _posed(kit: Kit, *changes: Change, unknown: tuple[str, ...] = ()) -> Encoded:
    loop = ask(kit, "short", BookMode.PROPOSE, stage_visit=str(len(changes)) + "".join(unknown))
    picture = gather(kit.app, loop)
    gone: dict[Any, Any] = {s: v for s, v in picture.availability.items() if s.id not in unknown}
    gone |= {s: Unknown("forbidden", "no") for s in picture.availability if s.id in unknown}
    found = encode(replace(picture, availability=gone, exempt=tuple(map(_exemption, changes))))
    assert isinstance(found, Encoded)
    return found


def _works(posed: Encoded, person: str) -> bool:
    start, end = posed.scale.taken(NIGHT)
    one = next(p for p in posed.problem.people if p.id == person)
    return any(a <= start and end <= b for a, b in one.work)


def test_who_agreed_works_then_and_nobody_else(kit: Kit) -> None:
    asked = Change(PERSON, people=("anna",), spans=(NIGHT,))
    assert not _works(_posed(kit), "anna")
    posed = _posed(kit, asked)
    assert _works(posed, "anna") and not _works(posed, "ben")


def test_a_yes_frees_nobody_who_is_busy_or_unknown(kit: Kit) -> None:
    asked = Change(PERSON, people=("anna", "ben"), spans=(NIGHT,))
    away(kit, "anna", 11)
    posed = _posed(kit, asked, unknown=("ben",))
    assert not _works(posed, "ben")
    anna = next(p for p in posed.problem.people if p.id == "anna")
    start, end = posed.scale.taken(NIGHT)
    assert any(b.start <= start and end <= b.end and b.kind is BusyKind.HARD for b in anna.busy)


def test_a_cap_is_never_lowered(kit: Kit) -> None:
    people = {p.id: p for p in kit.company.people}
    for limit, wanted in ((5, 5), (2, 3)):
        found = with_caps(people, [_exemption(Change(CAPS, people=("anna",), limits=(("max_day", limit),)))])
        assert (found["anna"].max_day, found["anna"].max_week, found["ben"]) == (wanted, 8, people["ben"])
        posed = _posed(kit, Change(CAPS, people=("anna",), limits=(("max_day", limit),)), unknown=())
        assert next(p for p in posed.problem.people if p.id == "anna").max_day == wanted


_days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
_SITE = Site("s", "S", "Europe/Berlin", (), country="DE-BE")


@given(
    st.frozensets(_days, max_size=4),
    st.frozensets(_days, max_size=4),
    st.frozensets(_days, max_size=4),
    _days,
)
def test_an_opened_day_is_an_ordinary_one_and_the_others_stay(
    own: frozenset[date], yearly: frozenset[date], half: frozenset[date], day: date
) -> None:
    closing = Closing(
        yearly=frozenset(f"{d:%m-%d}" for d in yearly), half_days=frozenset(d.isoformat() for d in half)
    )
    site = replace(_SITE, holidays=own, closing=closing)
    now = opened(site, {day})
    assert worktime.closes(now, day) is None
    for other in own | yearly | half | {date(2026, 10, 3)}:
        if other != day:
            assert worktime.closes(now, other) == worktime.closes(site, other)
