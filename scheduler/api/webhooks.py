"""Webhooks of the hiring system: verified on their raw bytes, stored, answered, worked on after."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from connectors.signatures import verify
from scheduler.api.access import Action, Actor, needs
from scheduler.api.border import check_json
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.once import Key, once_outside
from scheduler.api.problems import NotServing, answers
from scheduler.config import Settings
from scheduler.domain.errors import Missing
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/webhooks", tags=["webhooks"])
Signed = Annotated[str, Header(max_length=1000)]


class Received(BaseModel):
    """``new`` is false for a delivery that was received before."""

    delivery: str
    new: bool


@router.post(
    "/stage",
    status_code=202,
    response_model=Received,
    responses=answers(409, 413),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StageEvent"}}},
        }
    },
)
async def receive_a_stage_event(
    request: Request,
    app: Services,
    _: Annotated[Actor, needs(Action.DELIVER)],
    webhook_id: Signed = "",
    webhook_timestamp: Signed = "",
    webhook_signature: Signed = "",
    key: Key = None,
) -> Response:
    """A candidate reached a stage, or the application was closed.

    Signed after Standard Webhooks: `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of
    `id.timestamp.body` with the shared secret. The same delivery twice has one effect; another body under an id
    that came before is refused. An `Idempotency-Key` is heeded, but not needed: `webhook-id` is one.
    """
    # the only async route: the signature is over the bytes as they came, before anything parses them
    body = await request.body()
    settings: Settings = request.app.state.settings
    if not settings.webhook_secret:
        raise NotServing("no webhook secret is set; set LOOPWRIGHT_WEBHOOK_SECRET")
    good = verify(
        settings.webhook_secret,
        webhook_id,
        webhook_timestamp,
        body,
        webhook_signature,
        app.db.clock().timestamp(),
    )
    if not good:
        raise HTTPException(401, "the signature or its timestamp is not good")
    return await run_in_threadpool(_store, app, webhook_id, body, key)


def _store(app: App, id: str, body: bytes, key: str | None) -> Response:
    check_json(body)

    def work() -> Received:
        delivery, new = intake.receive(app, id, body)
        return Received(delivery=delivery, new=new)

    return once_outside(app, key, "POST /webhooks/stage", body, 202, work)


class DeliveryOut(BaseModel):
    """``outcome`` is empty until the delivery was worked on; what cannot be acted on ends as
    ``dead_letter`` with the reason. ``loop`` is what became of it."""

    id: str
    delivery: str = Field(description="The sender's `webhook-id`.")
    received_at: datetime
    outcome: str
    loop: str | None
    differed: int = Field(
        description="How many other bodies came under the same `webhook-id`; none was taken."
    )


@router.get("/deliveries/{delivery_id}", responses=answers(404))
def get_delivery(
    delivery_id: Annotated[str, Path(max_length=100)], app: Services, _: Annotated[Actor, needs(Action.READ)]
) -> DeliveryOut:
    """What became of a delivery."""
    with app.db.read() as tx:
        return delivery_out(tx, delivery_id)


def delivery_out(tx: Tx, delivery_id: str) -> DeliveryOut:
    """The delivery as it is told. Raises `Missing`."""
    found = tx.inbox.get(delivery_id)
    differed = sum(f.what == intake.OTHER_BODY for f in tx.facts.of(f"delivery:{delivery_id}"))
    if found is None:
        raise Missing("delivery", delivery_id)
    return DeliveryOut(
        id=found.id,
        delivery=found.delivery_id,
        received_at=found.received_at,
        outcome=found.outcome,
        loop=found.loop,
        differed=differed,
    )
