"""Solving processes that wait for questions: used again where all is well, ended where anything is not."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.services import solving, warm
from scheduler.services.solving import DIED, OURS, SLOW, SolveFailed, Solver
from tests.scheduler.services import warm_questions

SOLVER = Solver(seconds=2.0, memory_mb=1024, grace=1.0)


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[warm.Processes]:
    made = warm.Processes(solving.PROCESSES.preload, warm_questions.work, most=2)
    monkeypatch.setattr(solving, "PROCESSES", made)

    def ask(self: Solver, question: str, *args: Any) -> Any:
        with self._asked(question, args) as pipe:
            return solving._receive(pipe, self.seconds + self.grace)

    # without the pair that says whether answers are streamed
    begin = warm.Process.begin
    monkeypatch.setattr(Solver, "_ask", ask)
    monkeypatch.setattr(
        warm.Process, "begin", lambda self, question, asked, seconds: begin(self, question, asked[1], seconds)
    )
    yield made
    made.close()


def pid() -> int:
    return int(SOLVER._ask("pid"))


def test_one_process_answers_one_question_after_the_other(processes: warm.Processes) -> None:
    assert len({pid() for _ in range(3)}) == 1
    assert pid() != os.getpid()


def test_it_is_there_before_the_first_question(processes: warm.Processes) -> None:
    SOLVER.warm_up()
    (waiting,) = processes._idle
    assert pid() == waiting.child.pid
    SOLVER.warm_up()
    assert len(processes._idle) == 1


def test_another_limit_has_processes_of_its_own() -> None:
    other = Solver(seconds=2.0, memory_mb=1500)
    assert pid() != other._ask("pid")


def test_one_that_was_killed_while_it_waited_is_no_fault_of_the_question(processes: warm.Processes) -> None:
    first = pid()
    os.kill(first, signal.SIGKILL)
    processes._idle[0].child.join()
    assert pid() != first


def test_one_that_ends_just_when_it_is_asked_is_no_fault_of_the_question(
    processes: warm.Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pid()
    begin = warm.Process.begin

    def dies(self: warm.Process, *asked: Any) -> None:
        if self.child.pid == first:
            os.kill(first, signal.SIGKILL)
        begin(self, *asked)

    monkeypatch.setattr(warm.Process, "begin", dies)
    assert pid() != first


@pytest.mark.parametrize(("question", "why"), [("die", DIED), ("hang", SLOW), ("fail", OURS)])
def test_what_goes_wrong_ends_that_process_alone(processes: warm.Processes, question: str, why: str) -> None:
    first = pid()
    with pytest.raises(SolveFailed, match=why):
        SOLVER._ask(question)
    assert processes._idle == []
    second = pid()
    assert second != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_its_memory_is_limited() -> None:
    with pytest.raises(SolveFailed, match=OURS):
        SOLVER._ask("eat", 2000)
    assert SOLVER._ask("eat", 100) > 0


def test_one_whose_memory_has_grown_is_renewed() -> None:
    first = SOLVER._ask("eat", 40)
    assert SOLVER._ask("eat", 60) == first
    assert SOLVER._ask("eat", 60) == first
    assert SOLVER._ask("eat", 10) != first


def test_no_more_wait_than_there_are_processors(processes: warm.Processes) -> None:
    made = [processes.take(1024)[0] for _ in range(3)]
    for process in made:
        process.begin("pid", ((), ()), 60)
        process.pipe.recv()
        processes.give_back(process)
    assert len(processes._idle) == 2
    assert not made[2].child.is_alive()


def test_a_copy_of_this_process_asks_none_of_its_processes(processes: warm.Processes) -> None:
    pid()
    child = os.fork()
    if child == 0:
        processes.close()
        os._exit(len(processes._idle))
    assert os.waitpid(child, 0)[1] == 0
    assert processes._idle[0].child.is_alive()
