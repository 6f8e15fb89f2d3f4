"""Changes made on a drawn plan, without a calendar or a solver in sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.domain.bookings import InterviewState
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode, InterviewLock, Loop, LoopState
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.templates import InterviewSpec, LoopTemplate, Modality, SeatKind, SeatSpec
from scheduler.domain.time import Span
from scheduler.services.changing import asked
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.ground import Ground
from scheduler.services.company.read import read_company
from scheduler.services.planning.panels import interviews
from tests.scheduler.kit import COMPANY, NOW
from tests.stories.kit import MARA

FIRM = read_company(COMPANY.read_text(encoding="utf-8"), "yaml", "company.yaml")
TEN = NOW + timedelta(hours=2)


def seat(*pools: str, **more: object) -> SeatSpec:
    return SeatSpec(pools=pools, **more)  # type: ignore[arg-type]


TEMPLATE = LoopTemplate(
    "t",
    "Loop",
    (
        InterviewSpec(
            "a",
            "First",
            60,
            seats=(seat("engineers"), seat("engineers", kind=SeatKind.SHADOW), seat("seniors")),
        ),
        InterviewSpec("b", "Second", 60, after=("a",), seats=(seat("engineers", count=2),)),
        InterviewSpec("c", "Third", 30, after=("b",), seats=(seat("managers"),), same_people_as="d"),
        InterviewSpec("d", "Fourth", 30, seats=(seat("managers"),), modality=Modality.VIDEO),
    ),
)


def planned(spec: str, hour: int, *people: tuple[str, ...], room: str | None = "oak") -> PlannedInterview:
    start = TEN + timedelta(hours=hour)
    return PlannedInterview(spec, Span(start, start + timedelta(hours=1)), people, None, room)


BASE = (
    planned("a", 0, ("cleo",), ("anna",)),
    planned("b", 1, ("ben", "dirk")),
    planned("c", 2, ("hana",)),
    planned("d", 3, ("hana",), room=None),
    PlannedInterview("debrief", Span(TEN + timedelta(hours=5), TEN + timedelta(hours=6)), ((),)),
)
LOOP = Loop(
    "lp_1",
    "app-1",
    TEMPLATE,
    LoopState.PROPOSED,
    BookMode.PROPOSE,
    "Europe/Berlin",
    "berlin",
    Span(NOW, NOW + timedelta(days=14)),
    (Span(NOW, NOW + timedelta(days=3)),),
    "visit",
    NOW,
    NOW,
)


def ground(loop: Loop = LOOP, booked: bool = False, hours: float = 0) -> Ground:
    people = {p.id: p for p in FIRM.people}
    found = Ground(
        loop,
        MARA,
        people,
        {r.id: r for r in FIRM.rooms},
        {p.id: p for p in FIRM.pools},
        NOW + timedelta(hours=hours),
        {p.interview: p for p in BASE},
    )
    if booked:
        current = tuple(replace(i, state=InterviewState.CONFIRMED) for i in interviews(loop, MARA, BASE))
        found = replace(found, current=current)
    return found


def made(*changes: asked.Change, loop: Loop = LOOP, **more: object) -> Draft:
    return draft(ground(loop, **more), changes)  # type: ignore[arg-type]


def refused(*changes: asked.Change, loop: Loop = LOOP, **more: object) -> BadInput:
    with pytest.raises(BadInput) as told:
        made(*changes, loop=loop, **more)
    assert told.value.fix
    return told.value


def test_nothing_asked_is_nothing_changed() -> None:
    found = made()
    assert (found.loop, found.wanted, found.pins) == (LOOP, {p.interview: p for p in BASE}, {})


def test_a_move_keeps_the_length_and_pins_the_start() -> None:
    to = TEN + timedelta(hours=7)
    found = made(asked.Move("a", to.isoformat()))
    assert found.wanted["a"] == replace(BASE[0], span=Span(to, to + timedelta(hours=1)))
    assert found.pins == {"a": InterviewLock("a", to)}
    assert found.locked().locks == (InterviewLock("a", to),)
    assert found.loop.locks == (), "what was asked once is no lock of the loop"


def test_the_debrief_is_moved_like_an_interview() -> None:
    to = TEN + timedelta(hours=8)
    assert made(asked.Move("debrief", to.isoformat())).wanted["debrief"].span.start == to


def test_what_has_begun_is_left_alone() -> None:
    later = (TEN + timedelta(hours=9)).isoformat()
    fault = refused(asked.Move("a", later), booked=True, hours=2.5)
    assert (fault.field, fault.fault) == ("changes[0].interview", "First has begun")
    made(asked.Move("b", later), booked=True, hours=2.5)


def test_a_seat_of_one_changes_hands() -> None:
    found = made(asked.Give("a", "dirk", seat=0))
    assert found.wanted["a"].people == (("dirk",), ("anna",))
    assert found.pins["a"].people == ((0, ("dirk",)),)


def test_a_seat_of_several_wants_to_know_whom() -> None:
    assert refused(asked.Give("b", "cleo")).field == "changes[0].instead_of"
    assert made(asked.Give("b", "cleo", instead_of="dirk")).wanted["b"].people == (("ben", "cleo"),)
    assert refused(asked.Give("b", "cleo", instead_of="anna")).field == "changes[0].instead_of"


def test_a_free_place_is_taken_without_asking_whom() -> None:
    found = made(asked.Free("b", "dirk"), asked.Give("b", "cleo"))
    assert found.wanted["b"].people == (("ben", "cleo"),)
    assert found.freed == {("dirk", "b")}


def test_interviews_with_the_same_people_change_together() -> None:
    found = made(asked.Give("c", "nora"))
    assert (found.wanted["c"].people, found.wanted["d"].people) == ((("nora",),), (("nora",),))
    assert set(found.pins) == {"c", "d"}
    assert refused(asked.AddSeat("d", seat("engineers"))).field == "changes[0].interview"


def test_who_has_declined_is_not_seated_again() -> None:
    loop = replace(LOOP, declined=(("dirk", "a"),))
    assert "has declined First" in refused(asked.Give("a", "dirk", seat=0), loop=loop).fault


def test_two_people_change_places() -> None:
    found = made(asked.Swap("a", "cleo", "b", "ben"))
    assert (found.wanted["a"].people, found.wanted["b"].people) == (
        (("ben",), ("anna",)),
        (("cleo", "dirk"),),
    )
    assert refused(asked.Swap("a", "cleo", "b", "emma")).field == "changes[0].other_person"


def test_nobody_is_swapped_into_an_interview_in_which_they_sit() -> None:
    there = asked.Give("b", "cleo", instead_of="dirk")
    fault = refused(there, asked.Swap("a", "cleo", "b", "ben"))
    assert (fault.field, fault.fault) == ("changes[1].person", "Cleo Cramer already sits in Second")
    other = refused(there, asked.Swap("b", "ben", "a", "cleo"))
    assert other.field == "changes[1].other_person" and other.fix


def test_locks_are_of_the_plan_as_it_is_by_then() -> None:
    to = TEN + timedelta(hours=7)
    found = made(asked.Move("a", to.isoformat()), asked.Lock("a", time=True, seats=(1,), room=True))
    assert found.loop.locks == (InterviewLock("a", to, ((1, ("anna",)),), "oak"),)
    kept = found.loop
    assert made(asked.Unlock("a", seats=(1,)), loop=kept).loop.locks == (InterviewLock("a", to, (), "oak"),)
    assert made(asked.Unlock("a", time=True, people=True, room=True), loop=kept).loop.locks == ()


def test_what_is_locked_is_changed_by_nothing_else() -> None:
    held = replace(LOOP, locks=(InterviewLock("a", TEN, ((0, ("cleo",)),), "oak"),))
    later = (TEN + timedelta(hours=7)).isoformat()
    for change, field in (
        (asked.Move("a", later), "to"),
        (asked.Give("a", "dirk", seat=0), "seat"),
        (asked.Free("a", "cleo"), "person"),
        (asked.Swap("a", "cleo", "b", "ben"), "person"),
        (asked.Place("a", "elm"), "room"),
        (asked.RemoveSeat("a", 0), "seat"),
    ):
        fault = refused(change, loop=held)
        assert fault.field == f"changes[0].{field}"
        assert "is locked to" in fault.fault
    made(asked.Unlock("a", time=True), asked.Move("a", later), loop=held)


def test_seats_behind_one_that_goes_move_up_with_their_locks() -> None:
    held = replace(LOOP, locks=(InterviewLock("a", None, ((1, ("anna",)),)),))
    found = made(asked.RemoveSeat("a", 0), loop=held)
    assert found.wanted["a"].people == (("anna",),)
    assert found.loop.locks == (InterviewLock("a", None, ((0, ("anna",)),)),)
    assert found.shaped == {"a": [-1, 0]}
    assert [s.kind for s in found.loop.template.interview("a").seats] == [SeatKind.SHADOW, SeatKind.LEAD]


def test_an_interview_that_goes_takes_its_locks_along() -> None:
    held = replace(LOOP, locks=(InterviewLock("b", TEN),))
    found = made(asked.Remove("b"), loop=held)
    assert "b" not in found.wanted and found.loop.locks == ()
    assert found.loop.template.interview("c").after == ("a",)


def test_what_is_new_has_no_time_yet() -> None:
    spec = InterviewSpec("x", "Extra", 30, modality=Modality.VIDEO, seats=(seat("engineers"),))
    found = made(asked.Add(spec))
    assert found.loop.template.interview("x") == spec and "x" not in found.wanted
    assert refused(asked.Add(spec), asked.Move("x", TEN.isoformat())).field == "changes[1].interview"
    for wrong, field in (
        (replace(spec, after=("nothing",)), "add.after[0]"),
        (replace(spec, minutes=None), "add"),
        (replace(spec, id="debrief"), "add.id"),
        (replace(spec, seats=(SeatSpec(),)), "add.seats[0]"),
    ):
        assert refused(asked.Add(wrong)).field == f"changes[0].{field}"


def test_two_sets_of_changes_are_told_apart() -> None:
    one, other = (asked.Move("a", "x"),), (asked.Move("b", "x"),)
    assert asked.digest(one) == asked.digest((asked.Move("a", "x"),)) != asked.digest(other)
    assert asked.digest((asked.Lock("a", time=True),)) != asked.digest((asked.Unlock("a", time=True),))
