"""Solves in a process that can be killed: a runaway solve never takes the service with it.

The processes wait for their questions (`scheduler.services.warm`), so that none pays for an import.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import solver
from scheduler.services import meters, progress, warm
from solver import Ending, Limits, LoopPlan, Plan, Problem, ProblemError, Progress, Result, Status

if TYPE_CHECKING:
    from solver import Explanation, Nearest, Place, Repair

log = logging.getLogger("loopwright.solving")

PRELOAD = [
    f"solver.questions.{name}" for name in ("alternatives", "repair", "nearest", "places", "explain")
] + ["solver.exact.model"]
"""Imported once, by the server that the children are forked from: OR-Tools takes a second to load and
stays out of the service itself."""


_START = 60.0
"""Seconds that a child may take to start: the first one waits for OR-Tools to load."""


_LOOK = 1.0
"""Seconds between two looks whether further plans are still wanted."""

SLOW = "it took longer than it may"
DIED = "the computation was ended, probably for want of memory"
OURS = "something went wrong in the program; its log says what"
AGAINST_ITSELF = "what is known about it contradicts itself; the log says where"


class _NotWanted(Exception):
    """Nobody wants further plans: the process that looks for them is ended."""


class SolveFailed(Exception):
    """The child died or overran its time: out of memory, killed, or a broken promise of the solver.
    ``str()`` is for people; what an engineer needs was logged."""


def broken_rules(problem: Problem, plan: Plan) -> list[tuple[str, str | None, str]]:
    """The checker's word on a plan: rule, session and the rule's sentence, for each that is broken."""
    return [(v.rule, v.session, solver.RULES[v.rule]) for v in solver.violations(problem, plan)]


def why(error: SolveFailed | ProblemError, loop: str) -> str:
    """What people are told; the details of a problem that cannot be posed go into the log."""
    if isinstance(error, SolveFailed):
        return str(error)
    log.error("loop %s cannot be posed: %s", loop, error)
    return AGAINST_ITSELF


@dataclass(frozen=True, slots=True)
class Solver:
    """``seconds`` is the wall-clock limit of one question, ``memory_mb`` the child's address space."""

    seconds: float = 20.0
    memory_mb: int = 4096
    grace: float = 10.0
    """Seconds beyond the limit before the child is killed."""

    def alternatives(self, problem: Problem, k: int) -> Sequence[Result]:
        found: Sequence[Result] = self._ask("alternatives", problem, k, self.limits)
        return found

    def best(self, problem: Problem) -> Result:
        """The best plan, as soon as it is proven or the time is over."""
        found: Result = self._ask("solve", problem, self.limits)
        return found

    def offers(
        self,
        problem: Problem,
        k: int,
        known: Sequence[Plan],
        effort: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Generator[Result, None, Ending]:
        """Further plans of ``solver.offers``, each as it is found; returns why there are no more. Closing it,
        or ``wanted`` turning false (asked about once a second), ends the search."""
        return self._each("offers", wanted, problem, k, self.limits, {"known": known, "effort": effort})

    def idea(self, problem: Problem) -> Result:
        """A good plan for many loops, soon: see `idea`."""
        found: Result = self._ask("idea", problem, self.limits)
        return found

    def pack(self, problem: Problem, tell: Callable[[Progress], None]) -> Result:
        """The best plan for many loops within the time; ``tell`` hears how far it is."""
        found: Result = self._ask("pack", problem, self.limits, tell=tell)
        return found

    def explain(self, problem: Problem, kept: Sequence[solver.Kind] = ()) -> Explanation:
        """Why, and what would help: nothing of the kinds ``kept`` is changed for it."""
        found: Explanation = self._ask("explain", problem, self.limits, {"kept": kept})
        return found

    def repair(self, problem: Problem, plan: Plan, declined: Sequence[tuple[str, str]]) -> Repair:
        found: Repair = self._ask("repair", problem, plan, declined, self.limits)
        return found

    def nearest(self, problem: Problem, drawn: LoopPlan) -> Nearest:
        found: Nearest = self._ask("nearest", problem, drawn, self.limits)
        return found

    def starts(
        self, problem: Problem, plan: LoopPlan, session: str, between: tuple[int, int]
    ) -> Sequence[Place]:
        found: Sequence[Place] = self._ask("starts", problem, plan, session, between, self.limits)
        return found

    def substitutes(
        self,
        problem: Problem,
        plan: LoopPlan,
        session: str,
        seat: int,
        people: Sequence[str],
        instead_of: str | None,
    ) -> Sequence[Place]:
        asked = (problem, plan, session, seat, people, instead_of, self.limits)
        found: Sequence[Place] = self._ask("substitutes", *asked)
        return found

    def within(self, seconds: float) -> Solver:
        """The same solver with another time limit."""
        return replace(self, seconds=seconds)

    def warm_up(self) -> None:
        """Have a process wait for the first question."""
        PROCESSES.warm(self.memory_mb)

    @property
    def limits(self) -> Limits:
        return Limits(seconds=self.seconds)

    def _ask(self, question: str, *args: Any, tell: Callable[[Progress], None] | None = None) -> Any:
        with meters.solve(question) as status, self._asked(question, args) as pipe:
            found = _receive(pipe, self.seconds + self.grace, tell)
            status.append(_status(found))
            return found

    def _each(self, question: str, wanted: Callable[[], bool], *args: Any) -> Generator[Result, None, Ending]:
        try:
            with self._asked(question, args, each=True) as pipe:
                until = time.monotonic() + self.seconds + self.grace  # what starting took does not count
                while True:
                    while not pipe.poll(min(_LOOK, max(until - time.monotonic(), 0.0))):
                        if not wanted():
                            raise _NotWanted
                        if time.monotonic() >= until:
                            break
                    found = _receive(pipe, 0.0)
                    if isinstance(found, Ending):
                        return found
                    yield found
        except _NotWanted:
            return Ending.LIMIT

    @contextmanager
    def _asked(self, question: str, args: tuple[Any, ...], *, each: bool = False) -> Iterator[Connection]:
        """A process at work on a question; it waits for the next one only where the block has heard it out."""
        progress.alive(_START + self.seconds + self.grace)
        process = self._begun(question, args, each)
        try:
            yield process.pipe
        except BaseException:
            process.end()
            raise
        PROCESSES.give_back(process)

    def _begun(self, question: str, args: tuple[Any, ...], each: bool) -> warm.Process:
        """A process that has begun. One that ended while it waited is no fault of the question."""
        while True:
            process, new = PROCESSES.take(self.memory_mb)
            try:
                process.begin(question, (each, args), _START)
                return process
            except warm.Ended as error:
                process.end()
                if new:
                    log.error("the solving process did not begin: %s", error)
                    raise SolveFailed(DIED) from None
            except BaseException:
                process.end()
                raise


def _status(found: object) -> str:
    """How an answer is counted."""
    status = getattr(found, "status", None)
    return str(status.value) if isinstance(status, Status) else "answered"


def _receive(pipe: Connection, seconds: float, tell: Callable[[Progress], None] | None = None) -> Any:
    """The child's next answer, within so many seconds; what it says on the way is handed to ``tell``."""
    until = time.monotonic() + seconds
    try:
        good = None
        while good is None:
            if not pipe.poll(max(until - time.monotonic(), 0.0)):
                log.error("no answer of the solving process after %.0f s", seconds)
                raise SolveFailed(SLOW)
            good, value = pipe.recv()
            if good is None and tell is not None:
                tell(value)
    except EOFError:
        log.error("the solving process died")
        raise SolveFailed(DIED) from None
    if not good:
        log.error("the solving process failed: %s", value)
        raise SolveFailed(OURS)
    return value


TOLD = 0.5
"""Seconds between two words of progress."""

IMPROVED = 0.3
"""Seconds of work for which a plan that leaves nobody out is still improved, where only an idea is wanted."""

IDEA = 5.0
"""Seconds of work on an idea that leaves somebody out."""


def idea(problem: Problem, limits: Limits) -> Result:
    """`solver.solve`, ended soon after every loop is placed, and after so much work: what is found is looked at
    again loop by loop."""
    whole: list[float] = []
    began = time.process_time()

    def heard(now: Progress) -> None:
        if now.placed == now.loops and not whole:
            whole.append(time.process_time() + IMPROVED)

    def enough() -> bool:
        """By the processor's time: a busy machine makes nothing worse, only later."""
        return time.process_time() > (whole[0] if whole else began + IDEA)

    return solver.solve(problem, limits, progress=heard, stop=enough)


def ask(question: str, *args: Any) -> Any:
    """Ask the solver here and now; the question is one of its functions, or `idea`. A dict at the end names parameters."""
    if question == "idea":
        return idea(*args)
    named = args[-1] if args and isinstance(args[-1], dict) else {}
    return getattr(solver, question)(*(args[:-1] if named else args), **named)


def pack(problem: Problem, limits: Limits, tell: Callable[[Progress], None]) -> Result:
    """`solver.solve` with somebody who listens, once in `TOLD` seconds at most."""
    last = 0.0

    def heard(now: Progress) -> None:
        nonlocal last
        if now.phase == "done" or now.seconds - last >= TOLD:
            last = now.seconds
            tell(now)

    return solver.solve(problem, limits, progress=heard)


def _work(pipe: Connection, question: str, asked: tuple[bool, tuple[Any, ...]]) -> None:
    """Runs in the child: one question; one answer, or each as it is found and at last how it ended."""
    each, args = asked
    if each:
        pipe.send((True, _send_each(pipe, ask(question, *args))))
    elif question == "pack":
        problem, limits = args
        pipe.send((True, pack(problem, limits, lambda now: pipe.send((None, now)))))
    else:
        pipe.send((True, ask(question, *args)))


def _send_each(pipe: Connection, answers: Generator[Result, None, Ending]) -> Ending:
    """Sends every answer; returns how it ended."""
    while True:
        try:
            pipe.send((True, next(answers)))
        except StopIteration as end:
            ending: Ending = end.value
            return ending


PROCESSES = warm.Processes((*PRELOAD, __name__), _work)
"""Of this process: whoever asks shares those that wait."""
