"""People's time as arrays says what the blocks say, one by one, for all people at once and for some steps alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from solver.ground import calendars
from solver.ground.timeline import BIG, Event, Timeline
from solver.problem.values import Busy, BusyKind, Person, Problem
from tests.solver.build import at, loop, person, problem, seat, session, weights

KEEPS = {Event.LUNCH: {BusyKind.HARD}}
DAY = (at(1, 9), at(1, 18))


def drawn(random: Random, name: str) -> Person:
    """Somebody whose hours and blocks lie anywhere, overlap, and may touch."""
    start = at(1, 9) + random.randrange(-20, 90)
    ends = sorted(random.sample(range(start + 30, start + 500), 3))
    work = [(start, ends[0]), (ends[0] + random.choice((0, 1, 40)), ends[1]), (ends[1] + 17, ends[2] + 30)]
    busy = []
    for _ in range(random.randrange(9)):
        begin = random.randrange(at(1, 8), at(1, 18))
        busy.append(Busy(begin, begin + random.randrange(1, 90), random.choice(list(BusyKind))))
    work = [(a, b) for a, b in work if a < b]
    return replace(person(name), work=tuple(work), busy=tuple(sorted(busy, key=lambda block: block.start)))


def made(people: list[Person], grid: int) -> Problem:
    one = loop(session("i", seat(" ".join(who.id for who in people)), dur=50))
    return problem(one, people=people, grid=grid, weights=weights(tentative=7, focus=100))


def said(it: Problem, who: Person, dur: int, event: Event, start: int) -> int:
    """What the blocks say of one event."""
    end, price = start + dur, 0
    if not any(a <= start and end <= b for a, b in who.work):
        return BIG
    for block in who.busy:
        if block.start < end and start < block.end:
            if block.kind in KEEPS.get(event, {BusyKind.HARD, BusyKind.LUNCH}):
                return BIG
            soft = {block.kind for block in who.busy if block.start < end and start < block.end}
            price = it.weights.tentative * (BusyKind.TENTATIVE in soft)
            price += it.weights.focus * (BusyKind.FOCUS in soft)
    return price


@pytest.mark.parametrize("grid", [1, 5, 15])
def test_every_step_is_as_the_blocks_say(grid: int) -> None:
    random = Random(grid)
    people = [drawn(random, f"p{number}") for number in range(6)]
    it = made(people, grid)
    names = [who.id for who in people]
    steps = np.array(sorted(random.sample(range(at(1, 8) // grid, at(1, 18) // grid), 30)))
    free = 0
    for dur in (15, 30, 50):
        for event in Event:
            expected = [[said(it, who, dur, event, int(t) * grid) for t in steps] for who in people]
            assert Timeline(it).persons(names, dur, event, steps).tolist() == expected
            whole, single = Timeline(it), Timeline(it)
            assert [whole.person(n, dur, event)[steps].tolist() for n in names] == expected
            assert [[single.at(n, dur, event, int(t)) for t in steps] for n in names] == expected
            free += sum(price < BIG for row in expected for price in row)
    assert free > 100


def test_more_blocks_than_a_field_counts_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)
    who = drawn(random, "p0")
    blocks = [Busy(at(1, 10) + n, at(1, 12) + n, BusyKind.FOCUS) for n in range(40)]
    who = replace(who, work=(DAY,), busy=tuple(sorted((*who.busy, *blocks), key=lambda block: block.start)))
    it = made([who], 15)
    whole = Timeline(it).person("p0", 30, Event.INTERVIEW).tolist()
    monkeypatch.setattr(calendars, "MOST", 10)
    assert Timeline(it).person("p0", 30, Event.INTERVIEW).tolist() == whole
