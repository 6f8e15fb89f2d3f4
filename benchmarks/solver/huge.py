"""The largest problems that are accepted: 500 loops of 12 sessions, each with a pool of 500 people.

No company schedules like this. It shows what happens at the edge: a plan within the limits, or a
clear word on which limit ended the search.

    huge(7)                          the whole of it
    huge(7, loops=20, pool=50)       the same in small
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.solver.families import make
from solver.problem.values import Debrief, Loop, Person, Problem, Seat, Session, SessionKind


def huge(seed: int, loops: int = 500, sessions: int = 12, pool: int = 500) -> Problem:
    """A company of family XL (L for few loops) whose loops have as many sessions and as large pools as asked for."""
    random = Random(f"huge-{seed}")
    base = make("L" if loops <= 100 else "XL", seed)
    made = tuple(_loop(random, base, loop, sessions, pool) for loop in base.loops[:loops])
    return replace(base, name=f"huge-{seed}", family="huge", loops=made)


def _loop(random: Random, base: Problem, loop: Loop, sessions: int, pool: int) -> Loop:
    """Two days of short interviews around one lunch, with a debrief."""
    made = [_interview(random, base.people, f"{loop.id}.s{number}", pool) for number in range(sessions - 1)]
    lunch = replace(made[0], id=f"{loop.id}.lunch", kind=SessionKind.LUNCH, dur=45, room=False)
    debrief = Debrief(30, 960, () if loop.debrief is None else loop.debrief.attend)
    return replace(loop, sessions=(*made, lunch), max_days=2, debrief=debrief)


def _interview(random: Random, people: tuple[Person, ...], name: str, size: int) -> Session:
    chosen = tuple(sorted(one.id for one in random.sample(people, min(size, len(people)))))
    rank = {who: random.choice((1, 2, 3)) for who in chosen if random.random() < 0.42}
    seat = Seat(n=1, pool=chosen, rank=rank)
    return Session(name, SessionKind.INTERVIEW, random.choice((30, 30, 45)), True, (seat,))
