"""Many want one slot: one has it, the others are told at once and planned anew together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.types import Availability, Window
from scheduler.domain.errors import Missing, Taken
from scheduler.domain.loops import BookMode, Candidate, LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.services.booking import choose
from scheduler.services.gathering import Gathering
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import MARA, ask, look

ONE_TALK = (
    COMPANY.read_text(encoding="utf-8")
    .replace("minutes: 45, seats: [{pool: engineers}]", "minutes: 45, seats: [{person: dirk}]", 1)
    .replace("email: dirk@testwerk.example}", "email: dirk@testwerk.example, max_day: 9, max_week: 20}")
    .replace("other_people_than: [short]", "other_people_than: []")
)
SLOT = (("2026-03-11T09:00", "2026-03-11T11:30"),)
"""As long as the loop with its debrief: there is one time only for each interview."""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, ONE_TALK)


def rivals(kit: Kit, count: int) -> list[str]:
    """Plans of different candidates, all of them for the same slot of Dirk's."""
    found = []
    for n in range(count):
        candidate = Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Berlin")
        loop = ask(kit, "short", BookMode.PROPOSE, SLOT, replace(MARA, id=f"app-{n}", candidate=candidate))
        with kit.app.db.read() as tx:
            found.append(next(p.id for p in tx.proposals.of_loop(loop.id) if p.rank == 1))
    return found


def counted(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every question to the calendars from now on."""
    asked: list[list[str]] = []
    real = kit.calendar.availability

    def availability(addresses: Any, window: Window) -> Any:
        asked.append(list(addresses))
        return real(addresses, window)

    monkeypatch.setattr(type(kit.calendar), "availability", lambda _, a, w: availability(a, w))
    return asked


def refused(call: Callable[[], object]) -> Taken:
    with pytest.raises(Taken) as found:
        call()
    return found.value


def test_who_comes_second_is_told_without_a_calendar_and_planned_anew(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = rivals(kit, 2)
    choose.choose(kit.app, first, "person:rolf")
    asked = counted(kit, monkeypatch)
    assert "person:dirk" in str(refused(lambda: choose.choose(kit.app, second, "person:rolf")))
    assert asked == []
    with kit.app.db.read() as tx:
        loop = tx.loops.get(tx.proposals.get(second).loop)
    assert loop.state is LoopState.PLANNING
    assert (loop.blocked, loop.overtaken) == ((), 0), (
        "what we booked ourselves is known when it is planned again"
    )
    assert [name for name, _, _ in kit.jobs.waiting].count("plan") == 1
    with pytest.raises(Missing):
        choose.choose(kit.app, "pr_unknown", "person:rolf")


def test_of_many_at_once_one_wins_and_calendars_are_read_for_one(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans, asked = rivals(kit, 12), counted(kit, monkeypatch)
    kit = replace(kit, app=replace(kit.app, later=Gathering(quiet=0.02)))
    start, answers = threading.Barrier(len(plans)), []

    def one(plan: str) -> None:
        start.wait()
        try:
            answers.append(choose.choose(kit.app, plan, "person:rolf").state)
        except Taken:
            answers.append(None)

    threads = [threading.Thread(target=one, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kit.app.later.close()
    assert sorted(map(str, answers)) == [*["None"] * 11, "held"]
    assert len(asked) == 1, "whoever waited for the winner looked into the database alone"
    with kit.app.db.read() as tx:
        states = [loop.state for loop in tx.loops.list()]
        offered = [tx.proposals.get(plan).state for plan in plans]
        assert invariants.check(tx, kit.clock()) == []
    assert sorted(states) == ["held", *["planning"] * 11]
    assert sorted(offered) == ["chosen", *["stale"] * 11]


def test_a_loser_whose_new_plan_was_forgotten_is_told_the_same_again(kit: Kit) -> None:
    class Forgets:
        def add(self, name: str, work: object, item: object) -> None:
            """The process ends between the answer and what was to follow."""

        def close(self) -> None:
            """Nothing was kept."""

    first, second = rivals(kit, 2)
    choose.choose(kit.app, first, "person:rolf")
    crashed = replace(kit.app, later=Forgets())
    for _ in range(2):
        refused(lambda: choose.choose(crashed, second, "person:rolf"))
    with kit.app.db.read() as tx:
        plan = tx.proposals.get(second)
        assert plan.state is ProposalState.OFFERED
    refused(lambda: choose.choose(kit.app, second, "person:rolf"))
    assert look(kit, plan.loop).state is LoopState.PLANNING


def test_when_the_first_finds_a_calendar_busy_the_others_try_for_themselves(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is refused because somebody else was: their plans may need other people."""
    plans = rivals(kit, 3)
    real, turn = type(kit.calendar).availability, []

    def once_away(calendar: Any, addresses: Any, window: Window) -> dict[str, Availability]:
        turn.append(1)
        if len(turn) == 1:
            raise ValueError("a mistake while the first one reads")
        found: dict[str, Availability] = real(calendar, addresses, window)
        return found

    monkeypatch.setattr(type(kit.calendar), "availability", once_away)
    with pytest.raises(ValueError, match="a mistake"):
        choose.choose(kit.app, plans[0], "person:rolf")
    assert choose.choose(kit.app, plans[1], "person:rolf").state is LoopState.HELD
    refused(lambda: choose.choose(kit.app, plans[0], "person:rolf"))
