"""Where an interview could be instead, and who could take a seat: told without a trace, and what is told can be done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode
from scheduler.domain.time import Span
from scheduler.services.changing import asked, places
from scheduler.services.changing.places import FITS, NO, PRICED
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import ask, booked, look
from tests.stories.test_changing import applied, confirmed, everything, files, sound, tentative, tried


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


WEEK = Span(NOW - timedelta(hours=7), NOW + timedelta(days=5))


def test_every_start_of_a_week_has_its_answer(kit: Kit) -> None:
    loop = confirmed(kit)
    then, written = everything(kit), files(kit)
    found = places.starts(kit.app, loop.id, "manager", WEEK).starts
    assert everything(kit) == then and files(kit) == written
    assert [s.at for s in found] == [WEEK.start + n * timedelta(minutes=15) for n in range(len(found))]
    assert found[-1].at < WEEK.end <= found[-1].at + timedelta(minutes=15)
    by_start = {s.at: s.verdict for s in found}
    manager = booked(kit, loop.id)["manager"]
    assert (by_start[manager.span.start].verdict, by_start[manager.span.start].cost) == (FITS, 0)
    assert by_start[NOW - timedelta(hours=1)].refused[0].rule == "past"
    assert by_start[NOW + timedelta(hours=3)].refused[0].rule == "availability"
    lunch = booked(kit, loop.id)["lunch"]
    assert by_start[lunch.span.start].refused[0].rule in ("breaks", "order")
    assert all(v.refused and v.refused[0].text for v in by_start.values() if v.verdict == NO)


def test_what_is_busy_is_a_no_with_the_name_and_what_is_tentative_has_a_price(kit: Kit) -> None:
    loop = confirmed(kit)
    manager = booked(kit, loop.id)["manager"].span
    later = manager.start + timedelta(minutes=80)
    tentative(kit, "hana@testwerk.example", later.isoformat(), (later + timedelta(minutes=10)).isoformat())
    hard = manager.start + timedelta(minutes=110)
    occupy(kit, "hana@testwerk.example", hard.isoformat(), (hard + timedelta(minutes=10)).isoformat())
    found = {s.at: s.verdict for s in places.starts(kit.app, loop.id, "manager", WEEK).starts}
    over = found[manager.start + timedelta(minutes=45)]
    assert over.verdict == PRICED and [o.rule for o in over.overrides] == ["tentative"]
    no = found[manager.start + timedelta(minutes=75)]
    assert (no.verdict, no.refused[0].rule, no.refused[0].people) == (NO, "busy", ("hana",))
    assert "Hana Maier is busy then" in no.refused[0].text


def test_whatever_fits_is_allowed_when_it_is_tried(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    for spec in ("panel", "talk", "debrief"):
        found = places.starts(kit.app, loop.id, spec, WEEK).starts
        good = [s for s in found if s.verdict.verdict in (FITS, PRICED)]
        assert good
        for start in good[:: max(len(good) // 6, 1)]:
            again = tried(kit, loop, asked.Move(spec, start.at.isoformat()))
            assert again.verdict == "allowed", (spec, start, again.refused)
        bad = [s for s in found if s.verdict.verdict == NO and s.at > NOW]
        for start in bad[:: max(len(bad) // 6, 1)]:
            again = tried(kit, loop, asked.Move(spec, start.at.isoformat()))
            alone = [s for s in again.steps if s.interview not in (spec, "debrief") and s.what == "time"]
            assert again.verdict == "refused" or alone, "only by moving others as well"


def test_who_could_take_a_seat_and_what_they_carry(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    (now,) = [s.person for s in talk.seats]
    busy = next(p for p in ("cleo", "dirk") if p != now)
    occupy(kit, f"{busy}@testwerk.example", talk.span.start.isoformat(), talk.span.end.isoformat())
    then = everything(kit)
    found = places.substitutes(kit.app, loop.id, "talk", 0)
    assert everything(kit) == then
    assert found.holders == (now,)
    by_id = {s.person: s for s in found.others}
    assert set(by_id) == {"anna", "ben", "cleo", "dirk", "emma"} - {now}
    assert (by_id[busy].verdict.verdict, by_id[busy].verdict.refused[0].rule) == (NO, "busy")
    assert "is not qualified in its pool yet" in by_id["emma"].verdict.refused[0].text
    senior = next(s.person for s in booked(kit, loop.id)["panel"].seats if s.number == 0)
    if senior != now:
        assert by_id[senior].verdict.refused[0].rule == "once_in_loop"
        assert (by_id[senior].load.week, by_id[senior].load.interviews) == ("2026-W11", 1)
    free = [s for s in found.others if s.verdict.verdict == FITS]
    assert free and free == sorted(free, key=lambda s: s.verdict.cost)
    assert found.others[0] == free[0], "the cheapest first"
    give = asked.Give("talk", free[0].person)
    again = tried(kit, loop, give)
    assert dict(again.price) == dict(free[0].verdict.price)
    applied(kit, look(kit, loop.id), again, give)
    sound(kit)


@pytest.mark.parametrize(("minutes", "lost_too"), [(0, set()), (60, {"debrief"})])
def test_what_is_broken_already_elsewhere_is_told_apart(kit: Kit, minutes: int, lost_too: set[str]) -> None:
    """An organizer's meeting came in over one interview: the starts of another are judged by what they break."""
    loop = confirmed(kit, "short")
    was = {s.at: s.verdict for s in places.starts(kit.app, loop.id, "panel", WEEK).starts}
    talk = booked(kit, loop.id)["talk"]
    lost, long = talk.seats[0].person, talk.span.end + timedelta(minutes=minutes)
    occupy(kit, f"{lost}@testwerk.example", talk.span.start.isoformat(), long.isoformat())
    found = places.starts(kit.app, loop.id, "panel", WEEK)
    assert {(r.rule, r.people) for r in found.already} == {("busy", (lost,))}
    broken = {r.interview for r in found.already}
    assert broken == {"talk", *lost_too}
    now = {s.at: s.verdict for s in found.starts}
    assert now.keys() == was.keys()
    assert len([v for v in was.values() if v.verdict != NO]) > 8
    worse = [at for at in was if was[at].verdict != NO and now[at].verdict == NO]
    assert len(worse) < len([v for v in was.values() if v.verdict != NO]) / 2
    for verdict in (now[at] for at in worse):
        assert all(r.interview != "talk" for r in verdict.refused), "only what this change would break itself"
    kept = [at for at, v in now.items() if v.verdict in (FITS, PRICED)]
    for at in kept[:: max(len(kept) // 6, 1)]:
        again = tried(kit, loop, asked.Move("panel", at.isoformat()))
        others = {r.interview for r in again.refused}
        assert again.verdict == "allowed" or others <= broken, "only for what is broken already"
    in_the_way = places.starts(kit.app, loop.id, "talk", WEEK)
    assert {r.interview for r in in_the_way.already} == lost_too, "the other is what is asked about"
    at_once = next(s.verdict for s in in_the_way.starts if s.at == talk.span.start)
    assert at_once.verdict == NO or at_once.steps, "where it stands it does not stand well"
    seat = places.substitutes(kit.app, loop.id, "panel", 0)
    assert {r.interview for r in seat.already} == broken
    assert all(r.interview not in broken for s in seat.others for r in s.verdict.refused)


def test_a_plan_on_offer_is_looked_at_as_well(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    assert any(s.verdict.verdict == FITS for s in places.starts(kit.app, loop.id, "panel", WEEK).starts)
    assert places.substitutes(kit.app, loop.id, "talk", 0).holders


def test_what_cannot_be_asked(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    for wrong, field in (
        (lambda: places.starts(kit.app, loop.id, "nothing", WEEK), "interview"),
        (lambda: places.starts(kit.app, loop.id, "talk", Span(NOW, NOW + timedelta(days=15))), "to"),
        (lambda: places.substitutes(kit.app, loop.id, "talk", 4), "seat"),
        (lambda: places.substitutes(kit.app, loop.id, "debrief", 0), "interview"),
        (lambda: places.substitutes(kit.app, loop.id, "talk", 0, "hana"), "instead_of"),
        (lambda: places.starts(kit.app, loop.id, "talk", WEEK, "pr_1"), "proposal"),
    ):
        with pytest.raises(BadInput) as told:
            wrong()
        assert told.value.field == field and told.value.fix
