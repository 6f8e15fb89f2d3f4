"""The checker against a second reading of the format: same broken rules, same price, on drawn plans."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from solver.problem.codec import plan_from_json, plan_to_json, problem_from_json
from solver.problem.plan import Limits
from solver.questions.solve import solve
from solver.rules.check import Judge
from tests.solver.second_judge import Document, Reading

DAY = 1440
NAMES = ("ann", "bob", "cy", "dee", "eve")
KINDS = ("hard", "hard", "lunch", "tentative", "focus")

NUMBER = {
    "known": 0, "debrief": 0, "left_out": 1, "grid": 1, "horizon": 1, "availability": 1, "window": 1,
    "lock": 1, "seats": 2, "shadow": 2, "once_in_session": 2, "once_in_loop": 2, "work": 3, "busy": 3,
    "lunch_block": 3, "apart": 4, "room": 5, "room_fits": 5, "room_busy": 5, "room_once": 5, "breaks": 6,
    "order": 6, "day": 7, "max_days": 7, "max_span": 7, "debrief_after": 8, "debrief_within": 8,
    "max_day": 9, "max_week": 9,
}  # fmt: skip
"""The number of the hard rule in the text of the format under which each rule of the book falls."""


def document(random: Random) -> Document:
    """A crowded problem of two days: everything in `loopbench/1` has its chance to matter."""
    grid = random.choice((5, 15, 15, 30))
    days = [[480, DAY + 480], [DAY + 480, 2 * DAY + 480]]
    loops = [loop(random, f"L{number}", days) for number in range(random.choice((1, 2, 2, 3)))]
    weights = {
        name: random.choice((0, 1, 7, 30))
        for name in (
            "finish", "idle", "extra_day", "tentative", "focus", "outside_pref", "rank", "no_shadow", "fair",
        )
    }  # fmt: skip
    return {
        "format": "loopbench/1", "name": "drawn", "family": "drawn", "seed": 0, "grid": grid,
        "epoch": "2026-06-01T00:00:00Z", "horizon": random.choice((2 * DAY + 900, 2 * DAY + 480)),
        "buffer": random.choice((0, 0, 10, 15)), "weights": {**weights, "unscheduled": 100_000},
        "calendars": {"here": [[1020, 1200], [1260, 1500], [DAY + 1020, DAY + 1500]], "away": [[0, 3 * DAY]]},
        "day_bounds": {"Etc/UTC": [[0, 480], *days, [2 * DAY + 480, 4 * DAY]]},
        "week_bounds": {"Etc/UTC": random.choice(([[0, 4 * DAY]], [[0, DAY + 480], [DAY + 480, 4 * DAY]]))},
        "people": [person(random, name) for name in NAMES],
        "rooms": [
            {"id": "big", "site": "here", "cap": 4, "busy": []},
            {"id": "small", "site": "here", "cap": 2, "busy": random.choice(([], [[1080, 1140]]))},
            {"id": "far", "site": "away", "cap": 9, "busy": []},
        ],
        "loops": loops,
    }  # fmt: skip


def person(random: Random, name: str) -> Document:
    busy = []
    for _ in range(random.choice((0, 1, 2, 4))):
        start = random.choice((0, DAY)) + random.randrange(960, 1500, 5)
        busy.append([start, start + random.choice((5, 20, 60)), random.choice(KINDS)])
    work = random.choice(
        ([[960, 1560], [DAY + 960, DAY + 1560]], [[960, 1200], [1200, 1560], [DAY + 990, DAY + 1500]])
    )
    return {
        "id": name, "site": "here", "tz": "Etc/UTC", "skills": [], "work": work, "busy": sorted(busy),
        "max_day": random.choice((1, 2, 5)), "max_week": random.choice((1, 2, 4)), "prior": random.choice((0, 1, 4)),
    }  # fmt: skip


def loop(random: Random, name: str, days: list[list[int]]) -> Document:
    sessions = [session(random, f"{name}.{at}") for at in range(random.choice((1, 2, 3)))]
    for at, one in enumerate(sessions):
        one["after"] = [earlier["id"] for earlier in sessions[:at] if random.random() < 0.25]
    open_from = random.choice((960, 1000))
    return {
        "id": name, "site": "here", "tz": "Etc/UTC", "recruiter": "ann", "hm": "bob", "days": days,
        "availability": [[open_from, 1260], [1260, 1530], [DAY + open_from, DAY + 1530]],
        "max_days": random.choice((1, 2)), "max_span": random.choice((120, 180, 540)),
        "min_break": random.choice((0, 0, 10, 15)), "preferred": [[1020, 1200], [DAY + 1020, DAY + 1200]],
        "priority": random.choice((1, 2, 3)), "sessions": sessions,
        "debrief": None if random.random() < 0.3 else {
            "dur": random.choice((15, 30)), "within": random.choice((0, 30, 120)),
            "attend": random.choice(([], ["eve"], ["dee", "eve"])),
        },
    }  # fmt: skip


def session(random: Random, name: str) -> Document:
    found: Document = {
        "id": name, "kind": random.choice(("interview", "interview", "interview", "lunch")),
        "dur": random.choice((15, 30, 45, 60)), "room": random.random() < 0.5, "after": [], "seats": [],
    }  # fmt: skip
    for _ in range(random.choice((1, 1, 2))):
        pool = random.sample(NAMES, random.choice((2, 3, 4)))
        rank = {who: random.choice((1, 2)) for who in pool if random.random() < 0.4}
        found["seats"].append({"skill": "", "n": random.choice((1, 1, 1, 2)), "pool": pool, "rank": rank})
    if random.random() < 0.3:
        found["shadow"] = {"pool": random.sample(NAMES, 2)}
    if random.random() < 0.2:
        found["window"] = [[960, 1100], [1200, 1560], [DAY + 960, DAY + 1560]]
    if random.random() < 0.15:
        found["lock"] = {"start": random.choice((1050, DAY + 1050))}
    elif random.random() < 0.15:
        found["lock"] = {"people": _team(found["seats"])}
    elif found["room"] and random.random() < 0.2:
        found["lock"] = {"room": random.choice(("big", "small"))}
    return found


def _team(seats: list[Document]) -> list[list[str]] | None:
    """Different people for each seat, if the first of each pool will do."""
    team: list[list[str]] = []
    for seat in seats:
        taken = [who for chosen in team for who in chosen]
        team.append([who for who in seat["pool"] if who not in taken][: seat["n"]])
    return team if all(len(who) == seat["n"] for who, seat in zip(team, seats, strict=True)) else None


def careless(random: Random, it: Document, legal: Document) -> Document:
    """The plan with one to three things changed, mostly by little."""
    plan = deepcopy(legal)
    placed = [name for name, got in plan["loops"].items() if got is not None]
    for _ in range(random.choice((1, 1, 2, 3)) if placed else 0):
        name = random.choice(placed)
        if plan["loops"][name] is not None:
            _spoil(random, it, plan["loops"], name)
    return plan


def _spoil(random: Random, it: Document, loops: dict[str, Any], name: str) -> None:
    got = loops[name]
    one = random.choice(list(got["sessions"].values()))
    near = random.choice((-60, -30, -15, -5, -1, 5, 15, 30, 60, DAY, -DAY))
    match random.choice(
        ("start", "start", "seat", "seat", "shadow", "room", "debrief", "all", "out", "swap")
    ):
        case "start":
            one["start"] += near
        case "all":
            for each in got["sessions"].values():
                each["start"] += near
        case "seat":
            seat = random.choice(one["people"])
            seat[random.randrange(len(seat)) :] = [random.choice(NAMES)]
        case "swap":
            other = random.choice(list(got["sessions"].values()))
            one["start"], other["start"] = other["start"], one["start"]
        case "shadow":
            one["shadow"] = random.choice((None, *NAMES))
        case "room":
            one["room"] = random.choice((None, "big", "small", "far"))
        case "debrief" if got["debrief"] is not None:
            got["debrief"]["start"] += near
        case "out":
            loops[name] = None


def drawn(seed: int) -> tuple[Document, list[Document]]:
    """A problem and plans of it: the solver's, and careless changes of it."""
    random = Random(seed)
    it = document(random)
    legal = plan_to_json(solve(problem_from_json(it), Limits(seconds=20, deterministic=0.02, seed=seed)).plan)
    return it, [legal, *(careless(random, it, legal) for _ in range(25))]


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_the_checker_and_a_second_reading_of_the_format_agree(first: int) -> None:
    for seed in range(first, first + 20):
        it, plans = drawn(seed)
        judge = Judge(problem_from_json(it))
        for answer in plans:
            plan = plan_from_json(answer)
            reading = Reading(it, answer)
            mine = reading.wrong()
            theirs = {NUMBER[fault.rule] for fault in judge.violations(plan)}
            assert bool(mine) == bool(theirs), (seed, answer, mine, judge.violations(plan))
            if 0 not in mine | theirs:
                assert mine == theirs, (seed, answer, mine, judge.violations(plan))
            if not mine:
                assert judge.cost(plan) == reading.price(), (seed, answer, judge.price(plan))


def test_the_draws_reach_every_rule_of_the_format() -> None:
    """A comparison of plans that break nothing, or always the same, would show nothing."""
    found: dict[int, int] = {}
    legal = 0
    for seed in range(40):
        it, plans = drawn(seed)
        for answer in plans:
            broken = Reading(it, answer).wrong()
            legal += not broken and any(answer["loops"].values())
            for rule in broken:
                found[rule] = found.get(rule, 0) + 1
    assert legal > 60
    assert all(found.get(rule, 0) > 3 for rule in range(1, 10)), found
