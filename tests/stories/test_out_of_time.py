"""What only ran out of time is not called impossible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.loops import LoopState
from solver import Limits, Plan, Problem, Repair
from solver import repair as mend
from tests.scheduler.kit import COMPANY, InProcess, Kit, make
from tests.stories.kit import ask, booked, look, replied

TEXT = COMPANY.read_text(encoding="utf-8")


class Hurried(InProcess):
    """A machine so slow that no time is left to look for anything."""

    def repair(self, problem: Problem, plan: Plan, declined: Sequence[tuple[str, str]]) -> Repair:
        return mend(problem, plan, declined, Limits(seconds=0))


def declined(kit: Kit) -> list[tuple[str, str]]:
    """The reasons of a short loop whose talker declined."""
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, talk.seats[0].person, Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    return [(r.kind, r.text) for r in found.reasons]


def test_a_repair_without_time_claims_nothing(tmp_path: Path) -> None:
    kit = make(tmp_path)
    kit.app = replace(kit.app, solver=Hurried())
    assert declined(kit) == [
        ("out_of_time", "no repair was found within 20 seconds; nothing is proven"),
    ]


def test_a_proven_no_is_said(tmp_path: Path) -> None:
    """Cleo alone could give the talk instead of Dirk, and she is never free."""
    kit = make(tmp_path, TEXT.replace("qualified: [anna, ben, cleo, dirk]", "qualified: [cleo, dirk]"))
    away = Entry("Away", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    add_entries(kit.folder, "cleo@testwerk.example", [away])
    assert declined(kit) == [
        ("no_repair", "nobody can take over from Dirk Dahl, at any time the candidate offered")
    ]
