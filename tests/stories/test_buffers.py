"""The buffer stands beside every event, ours or foreign, and what is offered can be booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, Show, add_entries
from connectors.types import Reply
from scheduler.domain.errors import Taken
from scheduler.domain.loops import Accommodation, BookMode, Loop, LoopState
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.services.afterwards import conflicts
from scheduler.services.booking import choose
from scheduler.services.company.read import read_company
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import MARA, ask, booked, look, replied

TEXT = COMPANY.read_text(encoding="utf-8")
STEPS = "    title: Short loop\n"
DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)
EVERYBODY = ("anna", "ben", "cleo", "dirk", "hana")


def with_buffer(minutes: int, text: str = TEXT) -> str:
    """The company with a buffer in its short loop: a talk and a panel of 45 minutes, a debrief of 30."""
    return text.replace(STEPS, f"{STEPS}    buffer: {minutes}\n")


SOLO = (
    "  - id: solo\n    title: Solo\n    notice_hours: 1\n    buffer: {buffer}\n    debrief: false\n    interviews:\n"
    "      - {{id: talk, title: Talk, minutes: 60, modality: video, kind: {kind}, seats: [{{person: {who}}}]}}\n"
)


def solo(buffer: int, who: str = "dirk", kind: str = "interview", text: str = TEXT) -> str:
    """The company with a template of one talk with one person."""
    return text.replace("templates:\n", f"templates:\n{SOLO.format(buffer=buffer, who=who, kind=kind)}")


def berlin(hour: int, minute: int = 0, day: int = 11) -> datetime:
    """A winter's wall-clock time in Berlin."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


def busy(kit: Kit, who: str, *times: tuple[tuple[int, int], tuple[int, int]], show: Show = Show.BUSY) -> None:
    entries = [Entry("Meeting", berlin(*a), berlin(*b), show) for a, b in times]
    add_entries(kit.folder, f"{who}@testwerk.example", entries)


def reload(kit: Kit, text: str) -> None:
    with kit.app.db.write() as tx:
        tx.company.replace(read_company(text, "yaml", "company.yaml"), kit.clock())


def offer(kit: Kit, loop: Loop) -> str:
    with kit.app.db.read() as tx:
        return next(p.id for p in tx.proposals.of_loop(loop.id) if p.state.value == "offered")


def span(kit: Kit, loop: Loop, spec: str = "talk") -> Span:
    return booked(kit, loop.id)[spec].span


# --- foreign meetings ---------------------------------------------------------------------------------


def test_no_interview_stands_right_beside_a_foreign_meeting(tmp_path: Path) -> None:
    """Every gap is as long as an interview, and the buffer finds no place beside it."""
    kit = make(tmp_path, with_buffer(15))
    for who in EVERYBODY:
        busy(kit, who, ((8, 0), (10, 0)), ((10, 45), (12, 0)), ((12, 45), (18, 0)))
    loop = ask(kit, "short", windows=DAY)
    assert loop.state is LoopState.INFEASIBLE
    assert any("never free" in r.text for r in loop.reasons)


def test_what_a_buffer_alone_forbids_is_told_as_such(tmp_path: Path) -> None:
    kit = make(tmp_path, solo(15))
    busy(kit, "dirk", ((8, 0), (10, 0)), ((11, 15), (18, 0)))
    loop = ask(kit, "solo", windows=DAY)
    assert loop.state is LoopState.INFEASIBLE
    assert "It would fit without the buffer of 15 minutes." in loop.fixes
    reload(kit, solo(0))
    assert ask(kit, "solo", windows=DAY).state is LoopState.CONFIRMED


@pytest.mark.parametrize(("buffer", "first"), [(0, (10, 0)), (15, (10, 15)), (20, (10, 30)), (30, (10, 30))])
def test_an_interview_keeps_the_buffer_before_and_after(
    tmp_path: Path, buffer: int, first: tuple[int, int]
) -> None:
    kit = make(tmp_path, solo(buffer))
    busy(kit, "dirk", ((8, 0), (10, 0)), ((12, 0), (18, 0)))
    assert span(kit, ask(kit, "solo", windows=DAY)).start == berlin(*first)


def test_the_debrief_keeps_it_too(tmp_path: Path) -> None:
    kit = make(tmp_path, with_buffer(15))
    for who in EVERYBODY:
        busy(kit, who, ((8, 0), (9, 0)), ((11, 45), (12, 30)))
    loop = ask(kit, "short", windows=DAY)
    found = booked(kit, loop.id)
    assert found["panel"].span.end + timedelta(minutes=15) <= found["debrief"].span.start
    for interview in found.values():
        near = Span(interview.span.start - timedelta(minutes=15), interview.span.end + timedelta(minutes=15))
        assert not near.overlaps(Span(berlin(11, 45), berlin(12, 30)))


def test_beside_a_tentative_meeting_it_has_the_price_of_one(tmp_path: Path) -> None:
    kit = make(tmp_path, solo(15))
    busy(kit, "dirk", ((8, 0), (10, 0)), ((11, 15), (18, 0)), show=Show.TENTATIVE)
    loop = ask(kit, "solo", BookMode.PROPOSE, DAY)
    with kit.app.db.read() as tx:
        best = tx.proposals.get(offer(kit, loop))
    assert best is not None and best.price.get("tentative")


def test_what_shows_as_free_and_the_end_of_the_working_day_need_none(tmp_path: Path) -> None:
    kit = make(tmp_path, solo(15))
    busy(kit, "dirk", ((9, 0), (16, 0)), show=Show.FREE)
    busy(kit, "dirk", ((9, 0), (15, 45)))
    assert span(kit, ask(kit, "solo", windows=DAY)) == Span(berlin(16), berlin(17))


def test_a_meeting_that_came_right_beside_a_plan_stops_its_booking(tmp_path: Path) -> None:
    kit = make(tmp_path, solo(15))
    loop = ask(kit, "solo", BookMode.PROPOSE, DAY)
    with kit.app.db.read() as tx:
        planned = tx.proposals.get(offer(kit, loop))
    assert planned is not None
    end = planned.interviews[0].span.end
    entry = Entry("Came later", end + timedelta(minutes=10), end + timedelta(minutes=40))
    add_entries(kit.folder, "dirk@testwerk.example", [entry])
    with pytest.raises(Taken):
        choose.choose(kit.app, planned.id, "person:rolf")
    kit.run()
    choose.choose(kit.app, offer(kit, loop), "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_a_meeting_right_beside_a_booked_interview_drives_nobody_out(tmp_path: Path) -> None:
    """It is their own choice; and a repair for another reason leaves them where they are."""
    kit = make(tmp_path, with_buffer(15))
    loop = ask(kit, "short", windows=DAY)
    before = booked(kit, loop.id)
    panel, lead = before["panel"], next(s.person for s in before["panel"].seats if s.number == 0)
    entry = Entry("Own choice", panel.span.start - timedelta(minutes=10), panel.span.start)
    add_entries(kit.folder, f"{lead}@testwerk.example", [entry])
    kit.clock.forward(minutes=15)
    conflicts.look(kit.app, 30)
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    talker = next(s.person for s in before["talk"].seats)
    replied(kit, before["talk"], talker, Reply.DECLINED)
    after = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert next(s.person for s in after["talk"].seats) != talker
    assert (after["panel"].span, lead) == (
        panel.span,
        next(s.person for s in after["panel"].seats if s.number == 0),
    )


# --- our own interviews -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [k.value for k in (InterviewKind.INTERVIEW, InterviewKind.LUNCH)])
@pytest.mark.parametrize(("first", "then"), [(0, 0), (15, 0), (0, 15), (15, 30), (30, 15)])
@pytest.mark.parametrize("later", [True, False])
def test_between_two_loops_lies_the_larger_buffer(
    tmp_path: Path, first: int, then: int, later: bool, kind: str
) -> None:
    """Whichever comes first in time; and the plan that is offered is the one that is booked."""
    kit = make(tmp_path, solo(first, kind=kind))
    one = ask(kit, "solo", windows=(("2026-03-11T12:00", "2026-03-11T13:00"),))
    reload(kit, solo(then, kind=kind))
    side = ("2026-03-11T13:00", "2026-03-11T17:00") if later else ("2026-03-11T09:00", "2026-03-11T12:00")
    if not later:
        busy(kit, "dirk", ((9, 0), (10, 0)))
    two = ask(kit, "solo", BookMode.PROPOSE, (side,), replace(MARA, id="app-2"))
    choose.choose(kit.app, offer(kit, two), "person:rolf")
    kit.run()
    a, b = sorted([span(kit, one), span(kit, two)])
    assert b.start - a.end >= timedelta(minutes=max(first, then))
    if later:
        assert b.start - a.end == timedelta(minutes=max(first, then))
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_a_time_beside_anothers_booking_is_not_taken_in_a_race(tmp_path: Path) -> None:
    """Both were planned before either was booked, and what is on offer is not kept free: the second is told,
    and planned again."""
    told, kept = "undo_minutes: 0", "undo_minutes: 0\n  offer_hours: 0"
    kit = make(tmp_path, solo(0).replace(told, kept))
    one = ask(kit, "solo", BookMode.PROPOSE, (("2026-03-11T12:00", "2026-03-11T13:00"),))
    reload(kit, solo(15).replace(told, kept))
    windows = (("2026-03-11T13:00", "2026-03-11T17:00"),)
    two = ask(kit, "solo", BookMode.PROPOSE, windows, replace(MARA, id="app-2"))
    busy(kit, "anna", ((9, 0), (10, 0)))
    choose.choose(kit.app, offer(kit, two), "person:rolf")
    kit.run()
    assert span(kit, two).start == berlin(13)
    with pytest.raises(Taken, match="dirk"):
        choose.choose(kit.app, offer(kit, one), "person:rolf")
    assert booked(kit, one.id) == {}


def test_who_goes_with_the_candidate_needs_no_buffer(tmp_path: Path) -> None:
    """An interpreter is there all day; the interviews may follow each other at once."""
    kit = make(tmp_path, with_buffer(10))
    application = replace(MARA, accommodation=Accommodation(also=("emma",)))
    windows = (("2026-03-11T09:00", "2026-03-11T10:30"),)
    loop = ask(kit, "short", windows=windows, application=application)
    assert loop.state is LoopState.CONFIRMED
    found = booked(kit, loop.id)
    assert found["talk"].span.end == found["panel"].span.start


def test_the_debrief_right_after_the_last_interview_leaves_its_people_the_buffer(tmp_path: Path) -> None:
    text = with_buffer(10).replace(
        "debrief: {minutes: 30, within_hours: 8}", "debrief: {minutes: 30, within_hours: 0}"
    )
    kit = make(tmp_path, text)
    loop = ask(kit, "short", windows=DAY)
    found = booked(kit, loop.id)
    assert found["debrief"].span.start - found["panel"].span.end == timedelta(minutes=15), "the next start"


# --- caps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "day"), [(3, 11), (2, 12)])
def test_interviews_are_counted_and_not_the_stretches_that_they_make(
    tmp_path: Path, cap: int, day: int
) -> None:
    text = TEXT.replace("email: dirk@testwerk.example}", f"email: dirk@testwerk.example, max_day: {cap}}}")
    kit = make(tmp_path, solo(0, text=text))
    for n, hours in enumerate((("09:00", "10:00"), ("10:00", "11:00"))):
        windows = ((f"2026-03-11T{hours[0]}", f"2026-03-11T{hours[1]}"),)
        ask(kit, "solo", windows=windows, application=replace(MARA, id=f"app-{n}"))
    windows = (("2026-03-11T13:00", "2026-03-11T17:00"), ("2026-03-12T09:00", "2026-03-12T12:00"))
    loop = ask(kit, "solo", BookMode.PROPOSE, windows, replace(MARA, id="app-2"))
    choose.choose(kit.app, offer(kit, loop), "person:rolf")
    kit.run()
    assert span(kit, loop).start.day == day


def test_who_only_accompanies_a_candidate_gives_no_interview(tmp_path: Path) -> None:
    text = TEXT.replace("level: junior}", "level: junior, max_day: 1}")
    kit = make(tmp_path, solo(0, "emma", text=text))
    application = replace(MARA, accommodation=Accommodation(also=("emma",)))
    assert ask(kit, "short", windows=DAY, application=application).state is LoopState.CONFIRMED
    other = replace(MARA, id="app-2")
    assert ask(kit, "solo", windows=DAY, application=other).state is LoopState.CONFIRMED
