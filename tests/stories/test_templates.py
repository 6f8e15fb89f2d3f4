"""Each built-in process, asked for at the demo company with empty calendars: planned, booked, right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.local.folder import answer
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import zone
from scheduler.services.afterwards import replies
from scheduler.services.asking import requests
from scheduler.services.asking.prepare import InterviewChange
from scheduler.services.booking import layout
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look

WEEK = tuple((f"2026-03-{d}T08:30", f"2026-03-{d}T18:00") for d in (11, 12, 13, 16, 17, 18))
TOBIAS = Application(
    "app-2", Candidate("Tobias Okonkwo", "tobias@mail.example", "Europe/Berlin"), "Engineer", "jonas", "aisha"
)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, files("scheduler.demo").joinpath("company.yaml").read_text("utf-8"))


def people(interview: Interview) -> set[str]:
    return {s.person for s in interview.seats if s.required}


def book(kit: Kit, template: str, application: Application = TOBIAS, **more: object) -> Loop:
    return ask(kit, template, BookMode.BOOK, WEEK, application, **more)


def in_order(rows: dict[str, Interview], *specs: str) -> None:
    assert all(rows[a].span.end <= rows[b].span.start for a, b in pairwise(specs))


def test_the_data_engineer_process_reports_its_open_step(kit: Kit) -> None:
    loop = book(kit, "data-engineer")
    assert loop.state is LoopState.NEEDS_ATTENTION
    assert [r.kind for r in loop.reasons] == ["incomplete"]
    assert "questions" in loop.reasons[0].text.lower() and "duration" in loop.reasons[0].text
    assert not booked(kit, loop.id)


def test_the_data_engineer_process_without_its_open_step_is_booked_in_order(kit: Kit) -> None:
    loop = book(kit, "data-engineer", leave_out=("questions",))
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    rows = booked(kit, loop.id)
    by_time = [i for i in sorted(rows.values(), key=lambda i: i.span) if i.kind is not InterviewKind.DEBRIEF]
    titles = [i.spec for i in by_time]
    assert (
        titles.index("phone-screen")
        < titles.index("technical-1")
        < titles.index("technical-2")
        < titles.index("ceo")
    )
    assert rows["technical-1"].span.minutes == 60 and rows["technical-2"].span.minutes == 120
    assert people(rows["technical-1"]) == people(rows["technical-2"])
    assert people(rows["ceo"]) == {"greta"}
    assert rows["phone-screen"].room is None and rows["technical-2"].room is not None


def test_the_open_step_can_be_completed_for_one_loop(kit: Kit) -> None:
    loop = book(kit, "data-engineer")
    requests.change(
        kit.app, loop.id, "person:aisha", adjust={"questions": InterviewChange(minutes=30, people=("katja",))}
    )
    kit.run()
    rows = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert people(rows["questions"]) == {"katja"} and rows["questions"].span.minutes == 30


def test_backend_round_1_is_four_or_five_talks_of_45_minutes(kit: Kit) -> None:
    loop = book(kit, "backend-round-1")
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    talks = [i for i in booked(kit, loop.id).values() if i.kind is InterviewKind.INTERVIEW]
    assert len(talks) in (4, 5) and {i.span.minutes for i in talks} == {45}
    everybody = [p for i in talks for p in people(i)]
    assert len(everybody) == len(set(everybody)) and {"jonas", "aisha"} <= set(everybody)


def test_backend_round_2_is_with_other_people_and_ends_in_the_decision(kit: Kit) -> None:
    first = book(kit, "backend-round-1")
    met = {p for s, i in booked(kit, first.id).items() if s != "debrief" for p in people(i)}
    second = book(kit, "backend-round-2")
    assert second.state is LoopState.CONFIRMED, second.reasons
    rows = booked(kit, second.id)
    talks = [i for i in rows.values() if i.kind is InterviewKind.INTERVIEW]
    assert len(talks) in (2, 3)
    assert not {p for i in talks for p in people(i)} & met
    assert {"jonas", "aisha"} <= people(rows["debrief"])


def test_the_gate_takes_exactly_one_branch(kit: Kit) -> None:
    with pytest.raises(BadInput, match="branch"):
        book(kit, "backend-gate")
    template = next(t for t in kit.company.templates if t.id == "backend-gate")
    branch = next(i.branch for i in template.interviews if i.branch)
    choices = [i.id for i in template.interviews if i.branch == branch]
    for n, choice in enumerate(choices):
        application = replace(TOBIAS, id=f"gate-{n}")
        loop = book(kit, "backend-gate", application, branch={branch: choice})
        assert loop.state is LoopState.CONFIRMED, (choice, loop.reasons)
        assert not set(booked(kit, loop.id)) & (set(choices) - {choice})


def test_45_minute_interviews_have_their_debrief_right_after_the_last(kit: Kit) -> None:
    loop = book(kit, "quick-45")
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    rows = booked(kit, loop.id)
    talks = [i for i in rows.values() if i.kind is InterviewKind.INTERVIEW]
    assert {i.span.minutes for i in talks} == {45}
    assert any(len(people(i)) > 1 for i in talks)
    gap = rows["debrief"].span.start - max(i.span.end for i in talks)
    assert timedelta(0) <= gap <= timedelta(minutes=30)


def test_the_on_site_loop_has_its_lunch_its_rooms_and_no_unbroken_half_day(kit: Kit) -> None:
    loop = book(kit, "onsite-loop")
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    rows = booked(kit, loop.id)
    berlin = zone("Europe/Berlin")
    lunch = rows["lunch"]
    start, end = lunch.span.start.astimezone(berlin), lunch.span.end.astimezone(berlin)
    assert (start.hour, start.minute) >= (11, 30) and (end.hour, end.minute) <= (14, 0)
    assert "jonas" in people(lunch) and len(people(lunch)) == 3
    assert all(i.room for i in rows.values() if i.kind is InterviewKind.INTERVIEW)
    assert len(people(rows["panel"])) == 2
    with kit.app.db.read() as tx:
        assert all(tx.people.get(p).zone == "Europe/Berlin" for s in POOLED for p in people(rows[s]))  # type: ignore[union-attr]
    in_order(rows, "coding", "manager")


POOLED = ("panel", "coding", "system-design")


def test_a_debrief_that_one_of_them_declines_moves_and_drops_nobody(kit: Kit) -> None:
    loop = book(kit, "backend-round-1")
    before = booked(kit, loop.id)["debrief"]
    answer(kit.folder, "jonas.weber@talwerk.example", layout.event_key("test", before), Reply.DECLINED)
    replies.sync(kit.app)
    kit.run()
    after = booked(kit, loop.id)["debrief"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert not after.span.overlaps(before.span)
    assert people(after) == people(before)
