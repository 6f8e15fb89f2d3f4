"""What is done about a matter and has no other address: reminders, mails and messages once more.

Told by `tests/scheduler/api/test_attention.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Response

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.loops import check
from scheduler.api.conditional.once import Key, once
from scheduler.api.models.loops import LoopOut
from scheduler.api.problems import answers
from scheduler.api.webhooks import DeliveryOut, delivery_out
from scheduler.domain.errors import Missing
from scheduler.domain.loops import Loop
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.services.telling import reminders, resend
from scheduler.storage.database import Tx

router = APIRouter(prefix=BASE, tags=["attention"])
LoopId = Annotated[str, Path(max_length=100)]
Asker = Annotated[Actor, needs(Action.REQUEST)]


def _of_loop(
    app: App,
    key: str | None,
    what: str,
    loop_id: str,
    conditions: Conditions,
    work: Callable[[Tx, Loop], Loop],
) -> Response:
    def done(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        loop = tx.loops.claim(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        return LoopOut.of(work(tx, loop))

    return once(app, key, f"POST /loops/{loop_id}/{what}", None, 202, done)


@router.post(
    "/loops/{loop_id}/remind", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412)
)
def remind(loop_id: LoopId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Write to those whose answer a loop waits for, once a day at most."""
    return _of_loop(
        app,
        key,
        "remind",
        loop_id,
        conditions,
        lambda tx, loop: reminders.remind_in(app, tx, loop, actor.name),
    )


@router.post(
    "/loops/{loop_id}/send-again", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412)
)
def send_again(loop_id: LoopId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Send those mails of a loop again that could not be sent."""
    return _of_loop(
        app,
        key,
        "send-again",
        loop_id,
        conditions,
        lambda tx, loop: resend.resend_in(app, tx, loop, actor.name),
    )


@router.post(
    "/webhooks/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=DeliveryOut,
    responses=answers(404, 409, 412),
)
def work_on_a_delivery_again(
    delivery_id: Annotated[str, Path(max_length=100)],
    app: Services,
    actor: Asker,
    conditions: Change,
    key: Key,
) -> Response:
    """Work once more on a message of the hiring system that could not be acted on."""

    def work(tx: Tx) -> DeliveryOut:
        now = delivery_out(tx, delivery_id)
        conditions.check("delivery", delivery_id, now)
        intake.again_in(app, tx, delivery_id, actor.name)
        return delivery_out(tx, delivery_id)

    return once(app, key, f"POST /webhooks/deliveries/{delivery_id}/replay", None, 202, work)
