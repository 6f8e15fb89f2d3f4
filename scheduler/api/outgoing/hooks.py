"""Webhooks that we send: made, looked at, sent again, removed.

Told by `tests/scheduler/api/test_hooks.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, Veil, once_outside
from scheduler.api.models.loops import In
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.hooks import DeliveryState, Hook, HookDelivery, HookState
from scheduler.services.app import App
from scheduler.services.telling import hooks
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/hooks", tags=["hooks"])
HookId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Configurer = Annotated[Actor, needs(Action.CONFIGURE)]


class HookIn(In):
    """Where to send what: `types` such as `seat.declined` or `loop.*`, all where none is given."""

    url: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        examples=["https://ats.example.com/hook"]
    )
    types: list[Annotated[str, Field(max_length=80, pattern=r"^[a-z]+\.([a-z_]+|\*)$")]] = Field(
        default=[], max_length=50
    )


class HookOut(BaseModel):
    """`why` says why it is disabled; `failing_since` when its first message since the last success failed."""

    id: str
    url: str
    types: list[str]
    state: HookState
    why: str
    created_at: datetime
    failing_since: datetime | None
    old_until: datetime | None = Field(
        None, description="Until when messages are signed with the secret of before as well."
    )

    @staticmethod
    def of(hook: Hook) -> HookOut:
        return HookOut(
            id=hook.id,
            url=hook.url,
            types=list(hook.types),
            state=hook.state,
            why=hook.why,
            created_at=hook.created_at,
            failing_since=hook.failing_since,
            old_until=hook.old_until,
        )


class NewHookOut(HookOut):
    secret: str = Field(description="What messages are signed with. It is told this once and never again.")


class HookDeliveryOut(BaseModel):
    """`id` is the message's `webhook-id`; `status` is that of the last answer, 0 where none came."""

    id: str
    type: str
    fact: int
    state: DeliveryState
    attempts: int
    status: int
    error: str
    noted_at: datetime
    due_at: datetime | None = Field(description="When it is tried next.")
    done_at: datetime | None
    body: str

    @staticmethod
    def of(value: HookDelivery) -> HookDeliveryOut:
        return HookDeliveryOut(
            id=value.id,
            type=value.type,
            fact=value.fact,
            state=value.state,
            attempts=value.attempts,
            status=value.status,
            error=value.error,
            noted_at=value.noted_at,
            due_at=value.due_at if value.state is DeliveryState.TODO else None,
            done_at=value.done_at,
            body=value.body,
        )


class RotateIn(In):
    """For how long both secrets count; with 0 the old one ends at once."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class ReplayIn(In):
    """What is sent again: messages in that state that tell of facts from a number on."""

    state: DeliveryState = DeliveryState.FAILED
    since: Annotated[int, Field(ge=0, le=2**63 - 1, description="The `fact` of the first.")] = 0


class ReplayedOut(BaseModel):
    count: int


def _check(tx: Tx, hook_id: str, conditions: Conditions) -> None:
    """Raise `Stale` where the hook is not as the client has it, `Missing` where there is none."""
    if conditions.match is not None:
        now = tx.hooks.claim(hook_id)
        if now is None:
            raise Missing("hook", hook_id)
        conditions.check("hook", hook_id, HookOut.of(now))


@router.post("", status_code=201, response_model=NewHookOut, responses=answers(409, 413, 415))
def add_a_hook(body: HookIn, app: Services, actor: Configurer, key: Key) -> Response:
    """Have a program told by webhook, signed after Standard Webhooks. Messages hold ids and no personal data."""

    def work() -> NewHookOut:
        made = hooks.add(app, body.url, body.types, actor.name)
        return NewHookOut(**HookOut.of(made).model_dump(), secret=made.secret)

    return once_outside(app, key, "POST /hooks", body, 201, work, _veil(app))


def _veil(app: App) -> Veil:
    """The secret of an answer is kept with its hook and nowhere else."""

    def known(id: str) -> list[str]:
        with app.db.read() as tx:
            hook = tx.hooks.get(id)
        return [] if hook is None else hooks.secrets_of(app, hook)

    return Veil("hook", "secret", known)


@router.post("/{hook_id}/rotate", response_model=NewHookOut, responses=answers(404, 409, 412, 413, 415))
def rotate_a_secret(
    hook_id: HookId,
    app: Services,
    actor: Configurer,
    conditions: Change,
    key: Key,
    body: RotateIn | None = None,
) -> Response:
    """Give a hook a new secret. For the overlap its messages carry two signatures, by the new and by the old one."""
    asked = body or RotateIn()

    def work() -> NewHookOut:
        before = partial(_check, hook_id=hook_id, conditions=conditions)
        overlap = timedelta(hours=asked.overlap_hours)
        made = hooks.rotate(app, hook_id, actor.name, overlap, before)
        return NewHookOut(**HookOut.of(made).model_dump(), secret=made.secret)

    return once_outside(app, key, f"POST /hooks/{hook_id}/rotate", asked, 200, work, _veil(app))


@router.get("", responses=answers())
def list_hooks(app: Services, _: Reader) -> list[HookOut]:
    """Every hook, the oldest first."""
    with app.db.read() as tx:
        return [HookOut.of(hook) for hook in tx.hooks.list()]


@router.get("/{hook_id}", responses=answers(404))
def get_hook(hook_id: HookId, app: Services, _: Reader) -> HookOut:
    """One hook."""
    with app.db.read() as tx:
        found = tx.hooks.get(hook_id)
    if found is None:
        raise Missing("hook", hook_id)
    return HookOut.of(found)


@router.delete("/{hook_id}", status_code=204, responses=answers(404, 412))
def remove_a_hook(hook_id: HookId, app: Services, actor: Configurer, conditions: Change) -> None:
    """Send nothing more; its secret and its messages are forgotten."""
    hooks.remove(app, hook_id, actor.name, partial(_check, hook_id=hook_id, conditions=conditions))


@router.post("/{hook_id}/enable", response_model=HookOut, responses=answers(404, 409, 412))
def enable_a_hook(
    hook_id: HookId, app: Services, actor: Configurer, conditions: Change, key: Key
) -> Response:
    """Send to a hook again that was disabled; what waited for it is sent now."""

    def work() -> HookOut:
        before = partial(_check, hook_id=hook_id, conditions=conditions)
        return HookOut.of(hooks.enable(app, hook_id, actor.name, before))

    return once_outside(app, key, f"POST /hooks/{hook_id}/enable", None, 200, work)


@router.get("/{hook_id}/deliveries", responses=answers(404))
def list_hook_deliveries(
    hook_id: HookId,
    app: Services,
    _: Reader,
    state: Annotated[DeliveryState | None, Query(description="Only messages in this state.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> list[HookDeliveryOut]:
    """The messages to a hook, the newest first."""
    with app.db.read() as tx:
        if tx.hooks.get(hook_id) is None:
            raise Missing("hook", hook_id)
        return [HookDeliveryOut.of(d) for d in tx.hooks.deliveries(hook_id, state, limit, after)]


@router.post(
    "/{hook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=HookDeliveryOut,
    responses=answers(404, 409, 412),
)
def replay_a_delivery(
    hook_id: HookId,
    delivery_id: Annotated[str, Path(max_length=200)],
    app: Services,
    _: Configurer,
    conditions: Change,
    key: Key,
) -> Response:
    """Send one message again, under the same `webhook-id`."""

    def work() -> HookDeliveryOut:
        before = partial(_check, hook_id=hook_id, conditions=conditions)
        return HookDeliveryOut.of(hooks.replay(app, hook_id, delivery_id, before))

    route = f"POST /hooks/{hook_id}/deliveries/{delivery_id}/replay"
    return once_outside(app, key, route, None, 202, work)


@router.post(
    "/{hook_id}/replay",
    status_code=202,
    response_model=ReplayedOut,
    responses=answers(404, 409, 412, 413, 415),
)
def replay_deliveries(
    hook_id: HookId,
    app: Services,
    _: Configurer,
    conditions: Change,
    key: Key,
    body: ReplayIn | None = None,
) -> Response:
    """Send again what a hook missed."""
    asked = body or ReplayIn()

    def work() -> ReplayedOut:
        before = partial(_check, hook_id=hook_id, conditions=conditions)
        return ReplayedOut(count=hooks.replay_all(app, hook_id, asked.state, asked.since, before))

    return once_outside(app, key, f"POST /hooks/{hook_id}/replay", asked, 202, work)
