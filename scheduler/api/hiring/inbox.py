"""What came in by webhook: listed, shown, worked on once more.

Told by `tests/scheduler/api/hiring/test_inbox.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.once import Key, once_outside
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.hiring import arriving
from scheduler.storage.repositories.inbox import Delivery

router = APIRouter(prefix=f"{BASE}/inbox", tags=["webhooks"])
DeliveryId = Annotated[str, Path(max_length=100)]


class InboxOut(BaseModel):
    """`source` is the connection (`hiring:…`) or `webhook`; `what` the sender's word for what happened, `about` their
    application. `outcome` is empty until it was worked on."""

    id: str
    source: str
    what: str
    about: str
    received_at: datetime
    finished_at: datetime | None
    outcome: str
    loop: str | None

    @staticmethod
    def of(value: Delivery) -> InboxOut:
        return InboxOut(**{name: getattr(value, name) for name in InboxOut.model_fields})


class InboxBodyOut(InboxOut):
    body: str = Field(description="As it came. It may hold personal data.")


@router.get("", responses=answers())
def list_the_inbox(
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    connection: Annotated[
        str | None, Query(max_length=100, description="Only what this connection sent.")
    ] = None,
    outcome: Annotated[
        str | None,
        Query(
            max_length=40, description="Only those whose outcome begins so: `loop`, `dead_letter`, `waits`…"
        ),
    ] = None,
    pending: Annotated[bool, Query(description="Only those that were not worked on yet.")] = False,
    limit: Limit = 50,
    after: After = None,
) -> list[InboxOut]:
    """What came in, the newest first."""
    with app.db.read() as tx:
        last = tx.inbox.get(after) if after else None
        if after and last is None:
            raise BadInput(
                "after", f"no delivery {after!r}", "give the id of the last row of the page before"
            )
        source = None if connection is None else f"{arriving.PREFIX}{connection}"
        begins = "" if pending else outcome
        found = tx.inbox.page(source=source, outcome=begins, limit=limit, after=last)
    return [InboxOut.of(d) for d in found]


@router.get("/{delivery_id}", responses=answers(404))
def show_a_delivery(
    delivery_id: DeliveryId, app: Services, _: Annotated[Actor, needs(Action.READ)]
) -> InboxBodyOut:
    """One delivery with its body."""
    with app.db.read() as tx:
        found = tx.inbox.get(delivery_id)
    if found is None:
        raise Missing("delivery", delivery_id)
    body = found.body.decode("utf-8", "replace")
    return InboxBodyOut(**InboxOut.of(found).model_dump(), body=body)


@router.post(
    "/{delivery_id}/replay", status_code=202, response_model=InboxOut, responses=answers(404, 409, 412)
)
def replay_a_message(
    delivery_id: DeliveryId,
    app: Services,
    actor: Annotated[Actor, needs(Action.CONFIGURE)],
    conditions: Change,
    key: Key,
) -> Response:
    """Work on it once more: what was done for its stage visit is not done again."""

    def work() -> InboxOut:
        def before(found: Delivery) -> None:
            body = found.body.decode("utf-8", "replace")
            now = InboxBodyOut(**InboxOut.of(found).model_dump(), body=body)
            conditions.check("delivery", delivery_id, now)

        return InboxOut.of(arriving.replay(app, delivery_id, actor.name, before))

    return once_outside(app, key, f"POST /inbox/{delivery_id}/replay", None, 202, work)
