"""Who waits for somebody at the same slot holds no thread, and those who ask together are looked for together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from scheduler.api.doing.choosing import Choosing, Rounds
from scheduler.domain.errors import Missing, Taken
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.time import Span
from scheduler.services.booking import losing
from scheduler.services.gathering import Gathering, Turn, Turns, Wanted
from scheduler.storage import invariants
from scheduler.storage.repositories.reservations import Reservations
from tests.scheduler.kit import Kit, make
from tests.stories.test_races import ONE_TALK, counted, rivals

PATIENCE = 20.0
MONTH = timedelta(days=30)
RIVALS = 12


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    found = make(tmp_path, ONE_TALK)
    return replace(found, app=replace(found.app, later=Gathering(quiet=0.02), turns=Counted()))


class Counted(Turns):
    """Knows how many have come."""

    entered = 0

    def _enter(self, loop: str, wanted: Wanted) -> Turn:
        self.entered += 1
        return super()._enter(loop, wanted)


class Held:
    """Holds whoever reads the calendars first until it is told to go on; ``fails`` then."""

    def __init__(self, kit: Kit, monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> None:
        self.reading, self.go_on, self.reads = threading.Event(), threading.Event(), 0
        real = type(kit.calendar).availability

        def availability(calendar: Any, addresses: Any, window: Any) -> Any:
            self.reads += 1
            if self.reads == 1:
                self.reading.set()
                assert self.go_on.wait(PATIENCE)
                if fails:
                    raise ValueError("a mistake while the first one reads")
            return real(calendar, addresses, window)

        monkeypatch.setattr(type(kit.calendar), "availability", availability)


def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many plans each look at the database is for, from now on."""
    sizes: list[int] = []
    real = losing.looks

    def looks(app: Any, proposals: Collection[str]) -> Any:
        sizes.append(len(proposals))
        return real(app, proposals)

    monkeypatch.setattr(losing, "looks", looks)
    return sizes


async def answered(kit: Kit, plans: Sequence[str], held: Held) -> tuple[list[Loop | BaseException], int]:
    """What comes of all of them, and how many threads are in use while the first one reads."""
    choosing = Choosing(kit.app)
    first = asyncio.create_task(choosing.choose(plans[0], "person:rolf"))
    assert await anyio.to_thread.run_sync(held.reading.wait, PATIENCE)
    others = [asyncio.create_task(choosing.choose(plan, "person:rolf")) for plan in plans[1:]]
    assert isinstance(kit.app.turns, Counted)
    while kit.app.turns.entered < len(plans):
        await asyncio.sleep(0)
    threads = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
    held.go_on.set()
    return list(await asyncio.gather(first, *others, return_exceptions=True)), threads


def test_losers_hold_no_thread_and_are_told_from_one_look(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    plans, held, sizes = rivals(kit, RIVALS), Held(kit, monkeypatch), looked(monkeypatch)
    found, threads = asyncio.run(answered(kit, plans, held))
    kit.app.later.close()
    winner, *losers = found
    assert isinstance(winner, Loop) and winner.state is LoopState.HELD
    assert [type(loser) for loser in losers] == [Taken] * (RIVALS - 1)
    assert (threads, held.reads) == (1, 1)
    assert sizes == [1, RIVALS - 1], "the first; all others together"
    with kit.app.db.read() as tx:
        assert sorted(loop.state for loop in tx.loops.list()) == ["held", *["planning"] * (RIVALS - 1)]
        assert invariants.check(tx, kit.clock()) == []


def test_when_the_first_fails_one_of_the_others_has_it(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    plans, held, sizes = rivals(kit, RIVALS), Held(kit, monkeypatch, fails=True), looked(monkeypatch)
    (first, *others), _ = asyncio.run(answered(kit, plans, held))
    kit.app.later.close()
    assert isinstance(first, ValueError)
    assert sorted(type(other).__name__ for other in others) == ["Loop", *["Taken"] * (RIVALS - 2)]
    assert sizes[:3] == [1, RIVALS - 1, RIVALS - 1], "all look once more, together, before they go on"
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_who_comes_later_is_told_without_a_turn(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    plans, asked = rivals(kit, 3), counted(kit, monkeypatch)
    choosing = Choosing(kit.app)
    assert asyncio.run(choosing.choose(plans[0], "person:rolf")).state is LoopState.HELD
    assert len(asked) == 1
    for plan in plans[1:]:  # each on an event loop of its own
        with pytest.raises(Taken, match="person:dirk"):
            asyncio.run(choosing.choose(plan, "person:rolf"))
    assert len(asked) == 1
    again = asyncio.run(choosing.choose(plans[0], "person:rolf"))
    assert again.chosen == plans[0]
    with pytest.raises(Missing):
        asyncio.run(choosing.choose("pr_unknown", "person:rolf"))


def test_plans_of_other_days_are_looked_for_apart(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window over all of them would read what others have in weeks that nobody asked for."""
    near = rivals(kit, 2)
    asked: list[int] = []
    with kit.app.db.write() as tx:
        plan = tx.proposals.get(near[1])
        later = [replace(i, span=Span(i.span.start + MONTH, i.span.end + MONTH)) for i in plan.interviews]
        tx.proposals.make_stale(plan.loop)
        tx.proposals.add_all([replace(plan, id="pr-later", interviews=tuple(later))])
    real = Reservations.taken

    def taken(reservations: Reservations, rows: Any) -> Any:
        asked.append(len(rows))
        return real(reservations, rows)

    monkeypatch.setattr(Reservations, "taken", taken)
    found = losing.looks(kit.app, [near[0], "pr-later", "pr_unknown"])
    assert (set(found), asked) == ({near[0], "pr-later"}, [1, 1])


def test_whoever_asks_during_a_read_is_in_the_next_and_leaving_stops_nobody_else() -> None:
    asyncio.run(several_rounds())


async def several_rounds() -> None:
    begun, go_on, reads = threading.Event(), threading.Event(), []

    def read(keys: Collection[str]) -> Mapping[str, int]:
        reads.append(sorted(keys))
        begun.set()
        assert go_on.wait(PATIENCE)
        if "bad" in keys:
            raise ValueError("no")
        return {key: len(reads) for key in keys if key != "unknown"}

    rounds = Rounds(read)
    first = asyncio.create_task(rounds.of("a"))
    await anyio.to_thread.run_sync(begun.wait, PATIENCE)
    second = [asyncio.create_task(rounds.of(key)) for key in ("a", "b", "unknown", "b")]
    await asyncio.sleep(0)
    second.pop(0).cancel()
    first.cancel()
    go_on.set()
    assert await asyncio.gather(*second) == [2, None, 2]
    assert reads == [["a"], ["a", "b", "unknown"]]
    failed = await asyncio.gather(rounds.of("bad"), rounds.of("c"), return_exceptions=True)
    assert [str(error) for error in failed] == ["no", "no"]
    assert await rounds.of("c") == 4
