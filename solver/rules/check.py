"""The specification: whether a plan is legal, and what it costs.

This file is the table of contents. Each name below is a function with its formula; what they
look at is in `solver.rules.view`, their sentences for people in `solver.rules.book`. Plain Python, and
independent of everything that searches for plans: the judge does not ask the accused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from solver.problem.plan import LoopPlan, Plan, Result, Status, Violation
from solver.problem.values import Lock, Loop, Problem
from solver.rules import people, prices, shared, time
from solver.rules.view import Book, Lookup, Placed, placed_loops

LOOP_RULES: Final[tuple[Callable[[Placed], Iterator[Violation]], ...]] = (
    time.grid,
    time.horizon,
    time.availability,
    time.window,
    time.lock,
    people.seats,
    people.shadow,
    people.once_in_session,
    people.once_in_loop,
    people.same_people,
    people.barred,
    people.work,
    people.busy,
    people.lunch_block,
    people.room,
    people.room_fits,
    people.room_busy,
    time.breaks,
    time.order,
    time.gap,
    time.travel,
    time.day,
    time.max_days,
    time.max_span,
    time.same_day,
    time.different_day,
    time.day_minutes,
    time.longest_run,
    time.debrief,
    time.debrief_after,
    time.debrief_within,
)
"""Hard rules that look at one placed loop."""

PEOPLE_RULES: Final[tuple[Callable[[Book, Iterable[str]], Iterator[Violation]], ...]] = (
    shared.apart,
    shared.held,
    shared.travel_person,
    shared.max_day,
    shared.max_week,
    shared.max_day_minutes,
    shared.max_week_minutes,
)
"""Hard rules that look at one person's bookings over all loops."""

ROOM_RULES: Final[tuple[Callable[[Book, Iterable[str]], Iterator[Violation]], ...]] = (shared.room_once,)
"""Hard rules that look at one room's uses over all loops."""

LOOP_PRICES: Final[tuple[Callable[[Placed], int], ...]] = (
    prices.finish,
    prices.idle,
    prices.extra_day,
    prices.tentative,
    prices.focus,
    prices.outside_pref,
    prices.rank,
    prices.no_shadow,
    prices.optional_empty,
    prices.run,
    prices.room_change,
    prices.moved_time,
    prices.moved_person,
    prices.moved_room,
    prices.moved_debrief,
)
"""Priced rules that look at one placed loop; `fair` and `unscheduled` look at the whole plan."""


class Judge:
    """The checker with its indexes kept, for whoever asks about one problem many times."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.look = Lookup(problem)

    def violations(
        self, plan: Plan, *, only: Iterable[str] | None = None, excused: bool = False
    ) -> tuple[Violation, ...]:
        """Every broken hard rule of a plan.

        ``only`` restricts the answer to some loops and to the people and rooms they use (what
        the other loops do with these still counts). ``excused`` lifts the ban on leaving out a
        pinned loop, as the answer *infeasible* does.
        """
        chosen = None if only is None else list(dict.fromkeys(only))
        every = placed_loops(self.look, plan)
        asked = every if chosen is None else placed_loops(self.look, plan, chosen)
        found = list(known(self.look, plan, chosen))
        if not excused:
            found += left_out(self.look, plan, chosen)
        for placed in asked:
            found += self._of_loop(placed)
        book = Book.of(self.look, every)
        if chosen is None:
            found += self.shared_violations(book, book.people, book.rooms)
        else:
            narrow = Book.of(self.look, asked)
            found += self.shared_violations(book, narrow.people, narrow.rooms)
        return tuple(found)

    def loop_violations(self, loop: str, plan: LoopPlan) -> tuple[Violation, ...]:
        """Broken rules that one placed loop breaks by itself, whatever the others do."""
        return tuple(self._of_loop(Placed(self.look, self.look.loops[loop], plan)))

    def shared_violations(
        self, book: Book, people: Iterable[str], rooms: Iterable[str]
    ) -> tuple[Violation, ...]:
        """Broken rules between the bookings of some people and rooms of a book."""
        who, where = list(people), list(rooms)
        found: list[Violation] = []
        for people_rule in PEOPLE_RULES:
            found += people_rule(book, who)
        for room_rule in ROOM_RULES:
            found += room_rule(book, where)
        return tuple(found)

    def book(self, plan: Plan) -> Book:
        """Everybody's bookings in a plan, to be changed loop by loop."""
        return Book.of(self.look, placed_loops(self.look, plan))

    def placed(self, loop: str, plan: LoopPlan) -> Placed:
        """One loop of the problem as `Book.add` and the rules see it."""
        return Placed(self.look, self.look.loops[loop], plan)

    def price(self, plan: Plan) -> dict[str, int]:
        """The share of every priced rule, in minutes."""
        placed = placed_loops(self.look, plan)
        shares = {rule.__name__: sum(rule(loop) for loop in placed) for rule in LOOP_PRICES}
        shares["fair"] = prices.fair(self.look, placed)
        shares["unscheduled"] = prices.unscheduled(self.look, plan)
        return shares

    def loop_price(self, loop: str, plan: LoopPlan) -> dict[str, int]:
        """The shares of one placed loop; they add up over loops, `fair` comes on top."""
        placed = Placed(self.look, self.look.loops[loop], plan)
        return {rule.__name__: rule(placed) for rule in LOOP_PRICES}

    def cost(self, plan: Plan) -> int:
        """The price of a plan: the sum of its shares."""
        return sum(self.price(plan).values())

    def _of_loop(self, placed: Placed) -> Iterator[Violation]:
        for rule in LOOP_RULES:
            yield from rule(placed)


def known(look: Lookup, plan: Plan, only: list[str] | None) -> Iterator[Violation]:
    """Loops and sessions of the plan ⊆ those of the problem; a placed loop has all its sessions."""
    for name in plan.loops if only is None else only:
        got, loop = plan.loops.get(name), look.loops.get(name)
        if loop is None:
            yield Violation("known", name, None, "is no loop of the problem")
        elif got is not None:
            wanted = [session.id for session in loop.sessions]
            for session in sorted(set(got.sessions).difference(wanted)):
                yield Violation("known", name, session, "is no session of the loop")
            for session in wanted:
                if session not in got.sessions:
                    yield Violation("known", name, session, "is missing")


def left_out(look: Lookup, plan: Plan, only: list[str] | None) -> Iterator[Violation]:
    """A loop with a lock, of a session or of its debrief, is placed."""
    for loop in look.problem.loops if only is None else [look.loops[name] for name in only]:
        if plan.loops.get(loop.id) is None and pinned(loop):
            yield Violation("left_out", loop.id, None, "has something pinned and is left out")


def pinned(loop: Loop) -> bool:
    """Whether something of a loop is locked, so that it may not be left out."""
    return (loop.debrief is not None and loop.debrief.lock is not None) or any(
        session.lock not in (None, Lock()) for session in loop.sessions
    )


def violations(problem: Problem, plan: Plan, *, excused: bool = False) -> tuple[Violation, ...]:
    """All broken hard rules of a plan, in the order of the rule book per loop."""
    return Judge(problem).violations(plan, excused=excused)


def price(problem: Problem, plan: Plan) -> dict[str, int]:
    """The share of every priced rule, in minutes (zero where it does not bite)."""
    return Judge(problem).price(plan)


def cost(problem: Problem, plan: Plan) -> int:
    """The price of a plan: the sum of its shares."""
    return Judge(problem).cost(plan)


def faults(problem: Problem, result: Result) -> tuple[Violation, ...]:
    """Everything wrong with an answer: its plan, and what it claims about the plan."""
    judge = Judge(problem)
    nothing = all(loop is None for loop in result.plan.loops.values())
    excused = nothing and result.status in (Status.INFEASIBLE, Status.UNKNOWN)
    found = list(judge.violations(result.plan, excused=excused))
    true_cost = judge.cost(result.plan)
    if result.cost != true_cost:
        found.append(Violation("cost", None, None, f"is {result.cost}, the plan costs {true_cost}", "cost"))
    if result.bound > result.cost:
        text = f"is {result.bound}, above the cost {result.cost}"
        found.append(Violation("bound", None, None, text, "bound"))
    if result.status in (Status.OPTIMAL, Status.INFEASIBLE) and result.bound != result.cost:
        text = f"{result.status} with a bound of {result.bound} and a cost of {result.cost}"
        found.append(Violation("bound", None, None, text, "bound"))
    if result.status is Status.INFEASIBLE and not nothing:
        found.append(Violation("status", None, None, "infeasible, yet a loop is placed", "status"))
    return tuple(found)
