"""A gate's decision opens the next stage; a pivot keeps what counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.attention.matters import Kind
from scheduler.domain.errors import BadInput, WrongState
from scheduler.domain.hiring.automations import ALL, Automation
from scheduler.domain.hiring.processes import Verdict, WaitsFor
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking import intake
from scheduler.services.attention import machines
from scheduler.services.hiring import stopping
from scheduler.services.hiring.process import deciding
from scheduler.services.hiring.process.counting import counting
from scheduler.services.hiring.process.deciding import Opened
from tests.scheduler.api.client import event
from tests.scheduler.kit import Kit
from tests.scheduler.services.hiring.process.kit import asked, company, enters, held, look, stands
from tests.stories.kit import MARA


def decided(kit: Kit, stage: str, verdict: Verdict = Verdict.GO) -> Opened:
    with kit.app.db.write() as tx:
        return deciding.decide(kit.app, tx, MARA.id, stage, verdict, "person:hana", "strong on data")


def pivoted(kit: Kit, job: str, **more: str) -> Opened:
    with kit.app.db.write() as tx:
        return deciding.pivot(kit.app, tx, MARA.id, job, "person:hana", **more)


def due(kit: Kit) -> list[tuple[str, str]]:
    with kit.app.db.read() as tx:
        found = machines.every(kit.app, tx, kit.clock() - timedelta(days=30))
        return [(m.subject, m.owner) for m in found if m.kind is Kind.DECISION]


def test_go_opens_the_next_stage_and_asks_for_its_loop(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Exercise")
    opened = decided(kit, "Exercise")
    loop = look(kit, opened.loop)
    assert (opened.stage, loop.template.id, loop.state) == ("Onsite", "short", LoopState.AWAITING_CANDIDATE)
    assert (loop.mode, loop.labels["stage"]) == (BookMode.PROPOSE, "Onsite")
    now = stands(kit)
    assert now.application.stage == "Onsite"
    assert now.present is not None and (now.present.stage.stage, now.present.waits) == (
        "Onsite",
        WaitsFor.CANDIDATE,
    )
    told = now.stages[1].decision
    assert told is not None and (told.actor, told.note, told.next) == (
        "person:hana",
        "strong on data",
        "Onsite",
    )


def test_an_automation_says_how_the_loop_of_the_next_stage_is_asked_for(tmp_path: Path) -> None:
    kit = company(tmp_path)
    with kit.app.db.write() as tx:
        stopping.put(kit.app, tx, Automation("o", "Onsite", "onsite", BookMode.BOOK, undo_minutes=7), "test")
    enters(kit, "Exercise")
    loop = look(kit, decided(kit, "Exercise").loop)
    assert (loop.template.id, loop.mode, loop.undo_minutes) == ("onsite", BookMode.BOOK, 7)


def test_while_automations_are_paused_the_stage_opens_and_its_loop_is_not_asked_for(tmp_path: Path) -> None:
    kit = company(tmp_path)
    with kit.app.db.write() as tx:
        stopping.pause(kit.app, tx, ALL, "test")
    enters(kit, "Exercise")
    opened = decided(kit, "Exercise")
    assert (opened.stage, opened.loop) == ("Onsite", "") and "paused" in opened.why


def test_stop_ends_what_is_not_booked_and_closes(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    loop = asked(kit, "Screen")
    decided(kit, "Screen", Verdict.STOP)
    assert look(kit, loop.id).state is LoopState.CANCELLED
    assert stands(kit).closed
    with pytest.raises(WrongState):
        decided(kit, "Screen")
    enters(kit, "Screen")
    assert not stands(kit).closed, "the hiring system has them in a stage again"


def test_a_gate_is_decided_once_and_only_where_the_application_is(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Onsite")
    with pytest.raises(WrongState, match="Onsite"):
        decided(kit, "Screen")
    assert decided(kit, "Onsite").why == "it was the last stage of the process"
    with pytest.raises(WrongState):
        decided(kit, "Onsite")


def test_a_decision_is_due_once_the_interviews_are_over(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    loop = asked(kit, "Screen")
    assert due(kit) == []
    held(kit, loop)
    assert due(kit) == [(f"application:{MARA.id}", "hana")]
    decided(kit, "Screen")
    assert due(kit) == []


def test_without_a_gate_the_next_stage_opens_by_itself_once(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Exercise")
    held(kit, asked(kit, "Exercise"))
    assert due(kit) == []
    assert [deciding.open_next(kit.app), deciding.open_next(kit.app)] == [1, 0]
    now = stands(kit)
    assert now.present is not None and now.present.stage.stage == "Onsite"
    assert len(now.present.loops) == 1


def test_a_stage_without_a_gate_that_is_entered_again_waits_for_its_own_interviews(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Exercise")
    held(kit, asked(kit, "Exercise"))
    assert deciding.open_next(kit.app) == 1
    kit.clock.forward(hours=2)
    enters(kit, "Exercise")
    assert deciding.open_next(kit.app) == 0, "what was over before is no reason"


@pytest.mark.parametrize("over", [False, True])
def test_the_system_that_says_what_was_decided_here_asks_for_nothing_twice(
    tmp_path: Path, over: bool
) -> None:
    kit = company(tmp_path)
    enters(kit, "Exercise")
    opened = decided(kit, "Exercise")
    if over:
        held(kit, look(kit, opened.loop))
    kit.clock.forward(minutes=5)
    told = event(stage="Onsite", stage_visit="v-7")
    for number in (1, 2):
        id, _ = intake.receive(kit.app, f"m{number}", json.dumps({**told, "id": f"e{number}"}).encode())
        kit.run()
        with kit.app.db.read() as tx:
            loops = [x for x in tx.loops.list(application=MARA.id) if x.labels.get("stage") == "Onsite"]
            delivery = tx.inbox.get(id)
        assert len(loops) == 1 and delivery is not None
        assert delivery.outcome == "loop" or number == 2, (
            "the second is another visit, for which nothing is asked"
        )


def test_one_interview_counts_for_one_step(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    loop = held(kit, asked(kit, "Screen"))
    step = loop.template.interviews[0]
    twice = replace(loop.template, interviews=(step, replace(step, id="again")))
    with kit.app.db.read() as tx:
        assert counting(tx, MARA.id, twice, kit.clock()) == [step.id]


def test_a_pivot_plans_only_what_is_missing(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    held(kit, asked(kit, "Screen"))
    opened = pivoted(kit, "Data Engineer", stage="Rounds", hiring_manager="ben")
    assert opened.kept == ("first",)
    assert [i.title for i in look(kit, opened.loop).template.interviews] == ["Data modelling"]
    now = stands(kit)
    assert (now.process, now.application.job, now.application.hiring_manager) == (
        "data",
        "Data Engineer",
        "ben",
    )


def test_without_a_pivot_a_step_of_the_same_title_is_planned_again(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen", replace(MARA, job="Data Engineer"))
    enters(kit, "First")
    held(kit, asked(kit, "First", application=replace(MARA, job="Data Engineer")))
    opened = decided(kit, "First")
    assert (opened.stage, opened.kept) == ("Rounds", ())
    assert [i.title for i in look(kit, opened.loop).template.interviews] == ["Talk", "Data modelling"]


def test_a_pivot_goes_to_the_first_stage_of_which_something_is_missing(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    held(kit, asked(kit, "Screen"))
    assert pivoted(kit, "Data Engineer").stage == "Rounds", "all of the first stage was held already"


def test_a_pivot_ends_what_does_not_count_and_keeps_what_does(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    counts = held(kit, asked(kit, "Screen"), over=False)
    waits = asked(kit, "Screen", "onsite")
    pivoted(kit, "Data Engineer")
    assert look(kit, waits.id).state is LoopState.CANCELLED
    kept = look(kit, counts.id)
    assert (kept.state, "left" in kept.labels) == (LoopState.CONFIRMED, False)


@pytest.mark.parametrize(
    ("job", "more", "fault"),
    [
        ("Backend Engineer", {}, "is the job that it is"),
        ("Data Engineer", {"stage": "Nowhere"}, "is no stage"),
        ("Data Engineer", {"hiring_manager": "nobody"}, "no person"),
    ],
)
def test_a_pivot_that_leads_nowhere_is_named(
    tmp_path: Path, job: str, more: dict[str, str], fault: str
) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen", replace(MARA))
    with pytest.raises(BadInput) as told:
        pivoted(kit, job, **more)
    assert fault in told.value.text
