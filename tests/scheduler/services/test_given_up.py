"""What people are told when the program fails: a sentence, never an exception."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.types import Reply
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services import solving
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.planning.together import waiting
from scheduler.services.solving import Solver
from scheduler.workers.tasks import GIVEN_UP, tasks
from solver.problem.plan import Result
from solver.problem.values import Problem, ProblemError
from tests.scheduler.kit import InProcess, Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, look, replied

BOOM = "KeyError: 'anna' in /srv/loopwright/solver/frame.py"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def planned(kit: Kit) -> Loop:
    """A loop that waits for its plan."""
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.PROPOSE)
    return requests.ask(kit.app, request, "person:rolf")


def test_a_job_that_is_given_up_says_so_in_words_and_logs_the_rest(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    loop = planned(kit)
    kit.give_up("plan", {"loop": loop.id}, BOOM)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert [r.text for r in found.reasons] == [
        "the loop could not be planned: something went wrong several times; the program's log says what"
    ]
    assert BOOM in caplog.text
    with kit.app.db.read() as tx:
        facts = tx.facts.of(f"loop:{loop.id}")
    assert "job_given_up" in [f.what for f in facts], "it is told among the loop's facts"
    assert BOOM not in repr(facts)


def test_every_job_of_a_loop_has_its_words(kit: Kit) -> None:
    apart = {"replies", "push", "conflicts", "left", "hook", "digest", "look", "tell", "erase"}
    without = {*apart, "further", "mirror"}  # the loop is as it was
    assert set(GIVEN_UP) == set(tasks(kit.app)) - without


def test_a_message_that_is_given_up_says_so_in_words(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        delivery, _ = tx.inbox.receive("webhook", "m1", "d", b"{}", kit.clock())
    kit.give_up("intake", {"delivery": delivery.id}, BOOM)
    with kit.app.db.read() as tx:
        found = tx.inbox.get(delivery.id)
    assert found is not None
    assert found.outcome == f"dead_letter: {GIVEN_UP['intake']}"


def test_a_periodic_job_that_is_given_up_is_noted(kit: Kit) -> None:
    kit.give_up("push", {}, BOOM)
    with kit.app.db.read() as tx:
        assert [f.what for f in tx.facts.of("job:push")] == ["job_given_up"]


@pytest.mark.parametrize(
    ("name", "payload", "subject"),
    [
        ("look", {"connection": "main", "application": "7", "cause": "sweep:1"}, "application:main:7"),
        ("hook", {"hook": "h1"}, "hook:h1"),
        ("digest", {"owner": "rolf", "day": "2026-03-09"}, "person:rolf"),
        ("conflicts", {"days": 7}, "job:conflicts"),
        ("look", {}, "job:look"),
    ],
)
def test_a_job_without_a_loop_is_noted_under_what_it_is_about(
    kit: Kit, name: str, payload: dict[str, Any], subject: str
) -> None:
    kit.give_up(name, payload, BOOM)
    with kit.app.db.read() as tx:
        assert [(f.what, f.cause) for f in tx.facts.of(subject)] == [("job_given_up", name)]


@dataclass(frozen=True)
class Broken(InProcess):
    """A solver that finds every problem to contradict itself."""

    def best(self, problem: Problem) -> Result:
        raise ProblemError("loops[0].sessions[2].seats[0].n", "is 9", "use at most 4")

    def repair(self, *_: Any) -> Any:
        raise ProblemError("loops[0].sessions[2].seats[0].n", "is 9", "use at most 4")


def test_a_problem_that_cannot_be_posed_is_told_in_words(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    whole = ask(kit, "short", application=replace(MARA, id="app-2"))
    kit.app = replace(kit.app, solver=Broken())
    loop = planned(kit)
    waiting.plan(kit.app, loop.id)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert found.reasons[0].text == f"the plan could not be made: {solving.AGAINST_ITSELF}"
    assert "sessions[2]" in caplog.text and loop.id in caplog.text
    talk = booked(kit, whole.id)["talk"]
    replied(kit, talk, next(s.person for s in talk.seats if s.required), Reply.DECLINED)
    assert look(kit, whole.id).reasons[-1].text == f"the repair could not be made: {solving.AGAINST_ITSELF}"


def test_what_breaks_in_the_solving_process_is_told_in_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(solving.SolveFailed, match=solving.OURS):
        Solver()._ask("nothing_of_that_name")
    assert "nothing_of_that_name" in caplog.text
