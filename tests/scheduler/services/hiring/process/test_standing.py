"""Where an application stands follows from what was entered, decided and planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInputs, Missing
from scheduler.domain.hiring.processes import Process, ProcessStage, WaitsFor, process_of
from scheduler.domain.loops import Candidate
from scheduler.services.company.read import read_company
from tests.scheduler.kit import COMPANY
from tests.scheduler.services.hiring.process.kit import asked, company, enters, held, stands
from tests.stories.kit import MARA


def test_days_since_entry_are_held_against_the_target(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    kit.clock.forward(days=5)
    (screen, exercise, onsite) = stands(kit).stages
    assert (screen.days, screen.late, screen.present) == (5, False, True)
    assert (exercise.entered_at, exercise.days, exercise.present) == (None, None, False)
    kit.clock.forward(days=1)
    assert stands(kit).stages[0].late, "six days, and five are the target"
    enters(kit, "Onsite")
    kit.clock.forward(days=40)
    (screen, exercise, onsite) = stands(kit).stages
    assert (screen.days, screen.late, screen.present) == (6, True, False), "it was left then"
    assert (onsite.days, onsite.late) == (40, False), "without a target nothing is late"


def test_what_is_waited_for_and_of_whom(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    present = stands(kit).present
    assert present is not None
    assert (present.waits, present.whom) == (WaitsFor.PERSON, ("rolf",)), "nobody has asked for the loop"
    loop = asked(kit, "Screen")
    present = stands(kit).present
    assert present is not None and (present.waits, present.loops[0].id) == (WaitsFor.CANDIDATE, loop.id)
    held(kit, loop)
    present = stands(kit).present
    assert present is not None and (present.waits, present.whom) == (WaitsFor.DECISION, ("hana",))


def test_without_a_process_the_stages_are_those_that_were_entered(tmp_path: Path) -> None:
    kit = company(tmp_path, "[]")
    enters(kit, "One")
    enters(kit, "Two")
    enters(kit, "One")
    found = stands(kit)
    assert (found.process, [s.stage.stage for s in found.stages]) == ("", ["Two", "One"])
    assert found.present is not None and found.present.stage.stage == "One"


def test_an_application_that_is_none() -> None:
    assert process_of([], "Backend") is None
    usual, own = Process("b", (ProcessStage("A"),)), Process("a", (ProcessStage("A"),), "Backend")
    assert process_of([usual, own], "Backend") == own
    assert process_of([usual, own], "Sales") == usual


def test_nobody_of_that_id(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        stands(company(tmp_path), "nobody")


def test_whoever_applies_again_is_known_by_their_interviewers(tmp_path: Path) -> None:
    kit = company(tmp_path)
    enters(kit, "Screen")
    held(kit, asked(kit, "Screen"))
    again = replace(MARA, id="app-9", candidate=Candidate("Mara L.", "MARA@example.org", "Europe/Lisbon"))
    enters(kit, "Screen", again)
    found = stands(kit, "app-9").met
    assert {(m.person, m.application) for m in found} <= {(p, MARA.id) for p in ("anna", "ben", "hana")}
    assert len(found) >= 2
    assert stands(kit).met == [], "whom she meets for this one is no news"
    other = replace(MARA, id="app-8", candidate=Candidate("Ada", "ada@example.org", "Europe/Lisbon"))
    enters(kit, "Screen", other)
    assert stands(kit, "app-8").met == []


@pytest.mark.parametrize(
    ("processes", "fault"),
    [
        ("[{id: a, stages: [{stage: S, template: nothing}]}]", "unknown template"),
        ("[{id: a, stages: [{stage: S}, {stage: S}]}]", "already a stage"),
        ("[{id: a, stages: [{stage: S}]}, {id: b, stages: [{stage: S}]}]", "already has policy.processes[0]"),
        ("[{id: a, stages: []}]", "policy.processes[0].stages"),
        ("[{id: a, stages: [{stage: S, target_days: 0}]}]", "target_days"),
    ],
)
def test_a_process_that_leads_nowhere_is_named(processes: str, fault: str) -> None:
    text = COMPANY.read_text(encoding="utf-8").replace(
        "\npolicy:\n", f"\npolicy:\n  processes: {processes}\n"
    )
    with pytest.raises(BadInputs) as told:
        read_company(text, "yaml", "company.yaml")
    assert fault in str(told.value)
