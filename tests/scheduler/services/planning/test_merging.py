"""Several loops as one problem: who belongs together, and that it is never laxer than each by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import solver
from scheduler.domain.loops import BookMode, Loop
from scheduler.services.planning.encode import Encoded, encode
from scheduler.services.planning.picture import Picture, gather_all
from scheduler.services.planning.together.merging import Posed, components, merged
from solver import Limits, Plan, Status
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import DAYS
from tests.stories.test_together import want

SEPARATE = COMPANY.read_text(encoding="utf-8").replace(
    "templates:\n",
    "templates:\n"
    "  - {id: nora-alone, title: Call, notice_hours: 1, interviews: [{id: call, title: Call, minutes: 30, modality: video, seats: [{person: nora}]}]}\n"
    "  - {id: dirk-alone, title: Chat, notice_hours: 1, interviews: [{id: chat, title: Chat, minutes: 30, modality: video, seats: [{person: dirk}]}]}\n",
    1,
)


def pictures(kit: Kit, loops: list[Loop]) -> list[Picture]:
    found, failed = gather_all(kit.app, loops)
    assert not failed
    return [found[loop.id] for loop in loops]


def posed(picture: Picture) -> Posed:
    encoded = encode(picture)
    assert isinstance(encoded, Encoded)
    return Posed(picture, encoded)


def test_loops_that_share_nobody_are_solved_apart(tmp_path: Path) -> None:
    kit = make(tmp_path, SEPARATE)
    windows = (("2026-03-11T14:00", "2026-03-11T22:00"),)
    apart = [want(kit, n, windows=windows, template=t) for n, t in enumerate(["nora-alone", "dirk-alone"])]
    joined = [want(kit, n, windows=windows) for n in (2, 3)]
    *rest, nora, dirk = pictures(kit, [*joined, *apart])
    nora = replace(nora, application=replace(nora.application, hiring_manager="nora", recruiter="emma"))
    groups = [[p.loop.id for p in group] for group in components([*rest, nora, dirk])]
    assert groups == [[joined[0].id, joined[1].id, apart[1].id], [apart[0].id]]


def test_loops_of_one_candidate_belong_together(tmp_path: Path) -> None:
    kit = make(tmp_path, SEPARATE)
    windows = (("2026-03-11T14:00", "2026-03-11T22:00"),)
    two = [want(kit, n, windows=windows, template=t) for n, t in enumerate(["nora-alone", "dirk-alone"])]
    nora, dirk = pictures(kit, two)
    nora = replace(nora, application=replace(nora.application, hiring_manager="nora", recruiter="emma"))
    assert len(components([nora, dirk])) == 2
    dirk = replace(dirk, application=replace(dirk.application, candidate=nora.application.candidate))
    assert len(components([nora, dirk])) == 1


@pytest.mark.parametrize("template", ["short", "onsite"])
def test_a_plan_of_the_one_problem_is_one_of_each_loop_by_itself(tmp_path: Path, template: str) -> None:
    kit = make(tmp_path)
    loops = [want(kit, n, BookMode.BOOK, DAYS, template) for n in range(2)]
    both = [posed(p) for p in pictures(kit, loops)]
    found = solver.solve(merged(both), Limits(deterministic=2))
    assert found.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert all(found.plan.loops.values())
    for one in both:
        alone = Plan({one.loop.id: found.plan.loops[one.loop.id]})
        assert solver.violations(one.encoded.problem, alone) == ()
