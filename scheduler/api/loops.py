"""Loops: asked for, looked at, changed, cancelled."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check, detail
from scheduler.api.conditional.once import Key, once, once_outside
from scheduler.api.models.facts import FactOut
from scheduler.api.models.loops import (
    CancelIn,
    LineOut,
    LoopChange,
    LoopDetail,
    LoopIn,
    LoopOut,
    ReasonIn,
)
from scheduler.api.models.proposals import ProposalOut
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.access import narrow
from scheduler.services.afterwards import accepting, repair
from scheduler.services.asking import requests
from scheduler.services.booking import cancel, offers
from scheduler.services.planning import plan as planning
from scheduler.services.telling import agenda, notices
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])
LoopId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]


@router.post("", status_code=202, response_model=LoopOut, responses=answers(409, 413, 415))
def ask_for_a_loop(
    body: LoopIn,
    app: Services,
    actor: Annotated[Actor, needs(Action.REQUEST, narrows=True)],
    key: Key,
) -> Response:
    """Ask for a loop: it is stored and answered at once, then planned. Follow it by its id."""

    def work(tx: Tx) -> LoopOut:
        asked = body.value()
        narrow.check_application(tx, actor, asked.application)
        made = requests.ask_in(app, tx, asked, actor.name)
        narrow.check_loop(tx, actor, made)
        return LoopOut.of(made)

    answer = once(app, key, "POST /loops", body, 202, work)
    answer.headers["location"] = f"/api/v1/loops/{LoopOut.model_validate_json(bytes(answer.body)).id}"
    return answer


@router.get("/{loop_id}", responses=answers(404))
def get_loop(loop_id: LoopId, app: Services, _: Reader) -> LoopDetail:
    """One loop with its proposals and what is held or booked, the reasons where it waits."""
    with app.db.read() as tx:
        return detail(tx, loop_id)


@router.get("/{loop_id}/proposals", responses=answers(404))
def list_proposals(loop_id: LoopId, app: Services, _: Reader) -> list[ProposalOut]:
    """The plans that were offered for a loop, the newest first: when, where and with whom, each with its price."""
    with app.db.read() as tx:
        if tx.loops.get(loop_id) is None:
            raise Missing("loop", loop_id)
        found = offers.told(tx, tx.proposals.of_loop(loop_id))
    return [ProposalOut.of(p, interviews) for p, interviews in found]


@router.post(
    "/{loop_id}/change", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412, 413, 415)
)
def change_a_loop(
    loop_id: LoopId, body: LoopChange, app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Give the candidate's windows, leave steps out, complete open ones; the loop is planned anew."""
    changes = requests.LoopChanges(
        offered=None if body.windows is None else [(w.start, w.end) for w in body.windows],
        zone_name=body.zone,
        horizon=(body.horizon.start, body.horizon.end) if body.horizon else None,
        leave_out=body.leave_out,
        adjust={id: c.value() for id, c in body.adjust.items()},
        reason=body.reason,
    )

    def work(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        return LoopOut.of(requests.change_in(app, tx, loop_id, actor.name, changes))

    return once(app, key, f"POST /loops/{loop_id}/change", body, 202, work)


@router.post(
    "/{loop_id}/replan", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412, 413, 415)
)
def plan_a_loop_again(
    loop_id: LoopId, app: Services, actor: Asker, conditions: Change, key: Key, body: ReasonIn | None = None
) -> Response:
    """Read the calendars again and plan anew; only a loop without bookings."""
    why = body or ReasonIn()

    def work(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        planned = planning.replan_in(
            app, tx, loop_id, actor=actor.name, cause="asked", reason=why.reason, note=why.note
        )
        return LoopOut.of(planned)

    return once(app, key, f"POST /loops/{loop_id}/replan", why, 202, work)


@router.post("/{loop_id}/repair", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412))
def repair_a_loop(loop_id: LoopId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Try again to mend a booked loop that needs attention."""

    def work(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        return LoopOut.of(repair.request_in(app, tx, loop_id, actor.name))

    return once(app, key, f"POST /loops/{loop_id}/repair", None, 202, work)


@router.post(
    "/{loop_id}/accept-move",
    status_code=202,
    response_model=LoopOut,
    responses=answers(404, 409, 412, 413, 415),
)
def accept_a_move(
    loop_id: LoopId, app: Services, actor: Asker, conditions: Change, key: Key, body: ReasonIn | None = None
) -> Response:
    """Accept where somebody has moved the loop's events in the calendar: the plan follows, if every rule allows."""
    why = body or ReasonIn()

    def work() -> LoopOut:
        before = partial(check, loop_id=loop_id, conditions=conditions)
        return LoopOut.of(accepting.accept(app, loop_id, actor.name, why.reason, why.note, before))

    return once_outside(app, key, f"POST /loops/{loop_id}/accept-move", why, 202, work)


@router.post(
    "/{loop_id}/cancel", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412, 413, 415)
)
def cancel_a_loop(
    loop_id: LoopId,
    app: Services,
    actor: Asker,
    conditions: Change,
    key: Key,
    body: CancelIn | None = None,
) -> Response:
    """End a loop: all time is free at once, events and invitations are cancelled after."""
    asked = body or CancelIn()

    def work(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        loop = tx.loops.claim(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        return LoopOut.of(cancel.cancel_in(app, tx, loop, actor.name, asked.message, asked.reason))

    return once(app, key, f"POST /loops/{loop_id}/cancel", asked, 202, work)


@router.get("/{loop_id}/agenda", responses=answers(404))
def get_agenda(
    loop_id: LoopId,
    app: Services,
    _: Reader,
    reader: Annotated[str, Query(alias="for", max_length=100, description="`candidate` or a person's id.")],
) -> list[LineOut]:
    """The agenda as one reader sees it: what is on site in the place's zone, the rest in their own. The
    candidate's holds take-home exercises, with the day on which they are due, and never the debrief."""
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        interviews = tx.interviews.of_loop(loop_id)
        application = tx.applications.get(loop.application)
        people, rooms = notices.roster(tx, interviews, [reader])
    if reader == "candidate" and application is not None:
        lines = agenda.for_candidate(loop, application, interviews, people, rooms)
    elif reader in people:
        lines = agenda.for_person(reader, loop, interviews, people, rooms)
    else:
        raise BadInput("for", f"no person {reader!r}", "write candidate or the id of a person")
    return [LineOut.of(line) for line in lines]


@router.get("/{loop_id}/facts", responses=answers(404))
def get_facts(loop_id: LoopId, app: Services, _: Reader) -> list[FactOut]:
    """What happened to a loop: who, before, after, cause."""
    with app.db.read() as tx:
        if tx.loops.get(loop_id) is None:
            raise Missing("loop", loop_id)
        found = tx.facts.of(f"loop:{loop_id}", limit=1000)
    return [FactOut.of(fact) for fact in found]
