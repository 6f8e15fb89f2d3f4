"""A company with a process of three stages, the middle one without a gate, and an application in the first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from scheduler.domain.bookings import Interview, InterviewState, Seat, SeatState
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.time import Span
from scheduler.services.asking import leaving, requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.hiring.process.standing import Standing, standing
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import MARA

PROCESSES = """[
    {id: usual, stages: [
      {stage: Screen, template: short, target_days: 5},
      {stage: Exercise, gate: false, target_days: 7},
      {stage: Onsite, template: short}]},
    {id: data, job: Data Engineer, stages: [
      {stage: First, template: short},
      {stage: Rounds, template: data},
      {stage: Offer}]}]"""

DATA = """  - id: data
    title: Data rounds
    interviews:
      - {id: first, title: Talk, minutes: 45, seats: [{pool: engineers}]}
      - {id: model, title: Data modelling, minutes: 45, seats: [{pool: seniors}]}
    debrief: {minutes: 30, within_hours: 16}
"""
"""A template of which one step is also asked for by the usual process."""


def company(folder: Path, processes: str = PROCESSES) -> Kit:
    text = COMPANY.read_text(encoding="utf-8")
    policy = f"{DATA}\npolicy:\n  processes: {processes}\n"
    return make(folder, text.replace("\npolicy:\n", policy))


def enters(kit: Kit, stage: str, application: Application = MARA) -> None:
    with kit.app.db.write() as tx:
        if tx.applications.get(application.id) is None:
            requests.keep(tx, application)
        leaving.entered(kit.app, tx, application.id, stage, "test", kit.clock())


def asked(kit: Kit, stage: str, template: str = "short", application: Application = MARA) -> Loop:
    """A loop that waits for the candidate, as the stage asks for it."""
    request = LoopRequest(application, template, labels={leaving.STAGE: stage})
    return requests.ask(kit.app, request, "test")


def held(kit: Kit, loop: Loop, *, over: bool = True) -> Loop:
    """The loop as if it had been booked, and is over: what planning does is not asked here."""
    start = kit.clock() - timedelta(days=1) if over else kit.clock() + timedelta(days=2)
    people = ("anna", "ben", "hana")
    with kit.app.db.write() as tx:
        interviews = [
            Interview(
                id=f"{loop.id}:{step.id}",
                loop=loop.id,
                spec=step.id,
                title=step.title,
                kind=step.kind,
                modality=step.modality,
                span=Span(start + timedelta(hours=n), start + timedelta(hours=n, minutes=45)),
                room=None,
                seats=tuple(Seat(people[n % 3], s.kind, SeatState.ACCEPTED, 0) for s in step.seats[:1]),
                state=InterviewState.CONFIRMED,
            )
            for n, step in enumerate(loop.template.interviews)
        ]
        tx.interviews.add_all(interviews)
        _walk(kit, loop, over)(tx)
    return look(kit, loop.id)


def _walk(kit: Kit, loop: Loop, over: bool) -> Callable[..., None]:
    steps = [LoopState.PLANNING, LoopState.PROPOSED, LoopState.HELD, LoopState.BOOKING, LoopState.CONFIRMED]

    def walk(tx: object) -> None:
        now = loop.state
        for to in [*steps, *([LoopState.COMPLETED] if over else [])]:
            tx.loops.move(loop.id, to, expect={now}, actor="test", cause="test", at=kit.clock())  # type: ignore[attr-defined]
            now = to

    return walk


def look(kit: Kit, id: str) -> Loop:
    with kit.app.db.read() as tx:
        found = tx.loops.get(id)
    assert found is not None
    return found


def stands(kit: Kit, application: str = MARA.id) -> Standing:
    with kit.app.db.read() as tx:
        return standing(tx, application, kit.clock())
