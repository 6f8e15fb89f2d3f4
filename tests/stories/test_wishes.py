"""What people pause is kept free, and what they would rather not do costs something and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.people import Hours
from scheduler.domain.time import Span, days_of, zone
from scheduler.services.company.words import hours_of
from scheduler.services.planning.worktime import working
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import ask


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def _wish(kit: Kit, ids: set[str], **wishes: Any) -> None:
    with kit.app.db.write() as tx:
        tx.people.put_all([replace(p, **wishes) for p in tx.people.list(ids)])


def _best(kit: Kit, loop: Loop) -> Any:
    with kit.app.db.read() as tx:
        return (
            tx.proposals.of_loop(loop.id)[-1]
            if len(tx.proposals.of_loop(loop.id)) == 1
            else min(tx.proposals.of_loop(loop.id), key=lambda p: p.rank)
        )


def _planned(kit: Kit, visit: str = "") -> Loop:
    return ask(kit, "short", mode=BookMode.PROPOSE, stage_visit=visit)


def _people(kit: Kit, spec: str, loop: Loop) -> set[str]:
    (found,) = (i for i in _best(kit, loop).interviews if i.interview == spec)
    return {p for seat in found.people for p in seat}


@pytest.mark.parametrize(
    ("pauses", "day", "paused"),
    [
        ({"2026-03-11"}, date(2026, 3, 11), True),
        ({"2026-03-11"}, date(2026, 3, 12), False),
        ({"2026-03-10/2026-03-12"}, date(2026, 3, 12), True),
        ({"2026-03-10/2026-03-12"}, date(2026, 3, 13), False),
        ({"2025-12-30/2026-01-02", "2026-05-01"}, date(2026, 1, 1), True),
        (set(), date(2026, 3, 11), False),
    ],
)
def test_a_pause_has_both_its_ends(kit: Kit, pauses: set[str], day: date, paused: bool) -> None:
    person = replace(kit.company.people[0], pauses=frozenset(pauses))
    assert person.pauses_on(day) is paused
    span = Span(NOW - timedelta(days=100), NOW + timedelta(days=30))
    tz = zone(person.zone)
    worked = {d for s in working(person, None, span) for d in days_of(s, tz)}
    weekdays = {h.weekday for h in person.hours}
    assert (day in worked) is (not paused and day.weekday() in weekdays)


def test_who_pauses_is_asked_for_nothing_then(kit: Kit) -> None:
    before = _planned(kit, "a")
    who = sorted(_people(kit, "talk", before))[0]
    _wish(kit, {who}, pauses=frozenset({"2026-03-11", "2026-03-12/2026-03-20"}))
    after = _planned(kit, "b")
    assert after.state is LoopState.PROPOSED
    assert all(who not in {p for seat in i.people for p in seat} for i in _best(kit, after).interviews)


def test_an_interview_that_somebody_would_rather_not_do_goes_to_another(kit: Kit) -> None:
    before = _planned(kit, "a")
    who = _people(kit, "talk", before)
    _wish(kit, who, rather_not=frozenset({"talk"}))
    after = _planned(kit, "b")
    assert not who & _people(kit, "talk", after)
    assert "rank" not in {r for r, units in _best(kit, after).price.items() if units}


def test_where_everybody_would_rather_not_it_costs_and_takes_place(kit: Kit) -> None:
    _wish(kit, {p.id for p in kit.company.people}, rather_not=frozenset({"interview"}))
    loop = _planned(kit)
    assert loop.state is LoopState.PROPOSED
    assert _best(kit, loop).price["rank"] > 0


def test_times_to_avoid_cost_what_focus_time_costs(kit: Kit) -> None:
    everybody = {p.id for p in kit.company.people}
    free = _best(kit, _planned(kit, "a"))
    whole: tuple[Hours, ...] = hours_of("mon-sun 00:00-23:59")
    _wish(kit, everybody, avoid=whole)
    loop = _planned(kit, "b")
    assert loop.state is LoopState.PROPOSED
    best = _best(kit, loop)
    assert best.price["focus"] > 0 and not free.price.get("focus")


def test_somebody_else_is_asked_where_one_would_rather_keep_the_time_free(kit: Kit) -> None:
    who = _people(kit, "talk", _planned(kit, "a"))
    _wish(kit, who, avoid=hours_of("mon-fri 00:00-23:59"))
    after = _planned(kit, "b")
    assert not who & _people(kit, "talk", after)
    assert not _best(kit, after).price.get("focus")
