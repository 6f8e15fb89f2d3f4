"""Whatever is offered can be booked, as long as nothing else happens in between."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.local.folder import Entry, add_entries
from scheduler.domain.errors import BadInputs
from scheduler.domain.loops import Accommodation, Application, BookMode, Candidate, LoopState
from scheduler.services.booking import choose
from scheduler.services.solving import SolveFailed
from scheduler.storage import invariants
from solver import Explanation, Problem
from tests.scheduler.kit import COMPANY, InProcess, Kit, make
from tests.stories.kit import ask, look

TEXT = COMPANY.read_text(encoding="utf-8")
PEOPLE = ("anna", "ben", "cleo", "dirk", "hana")
SEATS = ("{pool: engineers}", "{pool: seniors}", "{role: hiring_manager}", "{pool: engineers, count: 2}")

seats = st.lists(st.sampled_from(SEATS), min_size=1, max_size=2, unique=True)
steps = st.fixed_dictionaries(
    {
        "minutes": st.sampled_from([30, 45, 60]),
        "kind": st.sampled_from(["interview", "interview", "lunch", "presentation"]),
        "modality": st.sampled_from(["video", "video", "on_site"]),
        "seats": seats,
    }
)
templates = st.fixed_dictionaries(
    {
        "steps": st.lists(steps, min_size=1, max_size=3),
        "buffer": st.sampled_from([0, 0, 5, 15, 30]),
        "debrief": st.sampled_from(
            ["false", "{minutes: 30, within_hours: 4}", "{minutes: 15, within_hours: 0}"]
        ),
        "grid": st.sampled_from([15, 15, 30, 5]),
    }
)
meetings = st.tuples(
    st.sampled_from(PEOPLE), st.integers(0, 1), st.integers(0, 31), st.sampled_from([15, 30, 60, 90])
)
requests = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 28), st.booleans()), min_size=2, max_size=4)


def written(n: int, template: dict[str, Any]) -> str:
    """A template as a part of the company file."""
    lines = [
        f"  - id: t{n}\n    title: T{n}\n    notice_hours: 1\n    buffer: {template['buffer']}",
        f"    grid: {template['grid']}\n    debrief: {template['debrief']}\n    interviews:",
    ]
    for k, step in enumerate(template["steps"]):
        lines.append(
            f"      - {{id: s{k}, title: S{k}, minutes: {step['minutes']}, kind: {step['kind']}, "
            f"modality: {step['modality']}, seats: [{', '.join(step['seats'])}]}}"
        )
    return "\n".join(lines) + "\n"


def company(given_templates: list[dict[str, Any]], cap: int) -> str:
    text = TEXT.replace("max_day: 3", f"max_day: {cap}")
    return text.replace("templates:\n", "templates:\n" + "".join(map(written, range(2), given_templates)))


class Unexplained(InProcess):
    """Reasons are not what is asked here, and take long."""

    def explain(self, problem: Problem) -> Explanation:
        raise SolveFailed("not asked")


def fill(kit: Kit, taken: list[tuple[str, int, int, int]]) -> None:
    """Foreign meetings on quarters of an hour from 09:00 in Berlin."""
    for who, day, quarter, minutes in taken:
        start = datetime(2026, 3, 11 + day, 8, tzinfo=UTC) + timedelta(minutes=15 * quarter)
        entry = Entry("Meeting", start, start + timedelta(minutes=minutes))
        add_entries(kit.folder, f"{who}@testwerk.example", [entry])


@given(
    given_templates=st.lists(templates, min_size=2, max_size=2),
    cap=st.integers(1, 3),
    taken=st.lists(meetings, max_size=12),
    asked=requests,
)
@settings(max_examples=10, deadline=None)
def test_whatever_is_offered_can_be_booked(
    given_templates: list[dict[str, Any]],
    cap: int,
    taken: list[tuple[str, int, int, int]],
    asked: list[tuple[int, int, bool]],
) -> None:
    """Loops with buffers of their own, one after another, among foreign meetings and under caps."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            kit = make(Path(folder), company(given_templates, cap))
        except BadInputs:  # more different people than there are
            assume(False)
        kit.app = replace(kit.app, solver=Unexplained())
        fill(kit, taken)
        for n, (template, quarter, accompanied) in enumerate(asked):
            start = datetime(2026, 3, 11, 9, tzinfo=UTC) + timedelta(minutes=15 * (quarter % 12))
            windows = tuple(
                (f"{day:%Y-%m-%d}T{start:%H:%M}", f"{day:%Y-%m-%d}T17:00")
                for day in (start, start + timedelta(days=1))
            )
            also = ("emma",) if accompanied else ()
            candidate = Candidate(f"C {n}", f"c{n}@example.org", "Europe/Berlin")
            application = Application(
                f"app-{n}", candidate, "Engineer", "hana", "rolf", accommodation=Accommodation(also=also)
            )
            loop = ask(kit, f"t{template}", BookMode.PROPOSE, windows, application)
            assert loop.state in (LoopState.PROPOSED, LoopState.INFEASIBLE), loop.reasons
            if loop.state is LoopState.PROPOSED:
                with kit.app.db.read() as tx:
                    offered = [p for p in tx.proposals.of_loop(loop.id) if p.state.value == "offered"]
                choose.choose(kit.app, offered[n % len(offered)].id, "person:rolf")
                kit.run()
                assert look(kit, loop.id).state is LoopState.CONFIRMED
        with kit.app.db.read() as tx:
            assert invariants.check(tx, kit.clock()) == []
        kit.app.db.dispose()
