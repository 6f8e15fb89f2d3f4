"""Webhooks that we send. A message is a row in the transaction of the fact that it tells of: both are there or none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.hooks import DeliveryState, Hook, HookDelivery, HookState, said
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert
from scheduler.storage.tables import hook_deliveries, hooks

_hooks = Rows(Hook, hooks)
_rows = Rows(HookDelivery, hook_deliveries)
_d = hook_deliveries.c


class Hooks:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, value: Hook) -> None:
        """Insert it, or replace the one of its id."""
        upsert(self.connection, hooks, [_hooks.row(value)], key=["id"])

    def get(self, id: str) -> Hook | None:
        """The hook of that id, or ``None``."""
        row = self.connection.execute(sa.select(hooks).where(hooks.c.id == id)).mappings().first()
        return _hooks.value(row) if row else None

    def claim(self, id: str) -> Hook | None:
        """The same, for ourselves until the transaction ends."""
        mine = sa.select(hooks).where(hooks.c.id == id).with_for_update(key_share=True)
        row = self.connection.execute(mine).mappings().first()
        return _hooks.value(row) if row else None

    def list(self, active: bool = False) -> list[Hook]:
        """All of them, or those that are sent messages, the oldest first."""
        query = sa.select(hooks).order_by(hooks.c.created_at, hooks.c.id)
        if active:
            query = query.where(hooks.c.state == HookState.ACTIVE.value)
        return [_hooks.value(row) for row in self.connection.execute(query).mappings()]

    def change(self, id: str, **changes: Any) -> None:
        """Change some fields."""
        change = sa.update(hooks).where(hooks.c.id == id)
        self.connection.execute(change.values(_hooks.part(changes)))

    def forget_old_secret(self, id: str, now: datetime) -> None:
        """Forget the secret of before, unless it was changed again meanwhile."""
        over = sa.update(hooks).where(hooks.c.id == id, hooks.c.old_until <= now)
        self.connection.execute(over.values(old_secret="", old_until=None))

    def remove(self, id: str) -> bool:
        """Forget it with its secret and its messages; false where there was none."""
        self.connection.execute(sa.delete(hook_deliveries).where(_d.hook == id))
        return self.connection.execute(sa.delete(hooks).where(hooks.c.id == id)).rowcount > 0

    def note(self, facts: Sequence[Fact]) -> dict[str, str]:
        """A message to every active hook for each fact that it wants to hear of; the first message by hook.

        Refers to no row of a hook: whoever removes one meanwhile waits for nothing, and nobody for them."""
        rows, first = [], dict[str, str]()
        for hook in self.list(active=True) if facts else ():
            for fact in facts:
                for n, message in enumerate(said(fact)):
                    if hook.wants(message.type):
                        body = {
                            "type": message.type,
                            "timestamp": message.at.isoformat(),
                            "data": message.data,
                        }
                        id = f"msg_{hook.id.removeprefix('hk_')}_{fact.seq}_{n}"
                        first.setdefault(hook.id, id)
                        todo = DeliveryState.TODO
                        text = json.dumps(body, separators=(",", ":"))
                        rows.append(
                            HookDelivery(id, hook.id, fact.seq, message.type, text, todo, fact.at, fact.at)
                        )
        if rows:
            self.connection.execute(sa.insert(hook_deliveries), [_rows.row(row) for row in rows])
        return first

    def due(self, hook: str, now: datetime, limit: int) -> Sequence[HookDelivery]:
        """What is to be sent to a hook now, what has waited longest first."""
        waiting = (_d.state == DeliveryState.TODO.value) & (_d.hook == hook) & (_d.due_at <= now)
        query = sa.select(hook_deliveries).where(waiting).order_by(_d.due_at, _d.fact, _d.id).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def next_due(self, hook: str) -> datetime | None:
        """When the next message to a hook is due; ``None`` where none waits."""
        waiting = (_d.state == DeliveryState.TODO.value) & (_d.hook == hook)
        query = sa.select(_d.due_at).where(waiting).order_by(_d.due_at).limit(1)
        found: datetime | None = self.connection.execute(query).scalar()
        return found

    def delivery(self, id: str) -> HookDelivery | None:
        """The message of that id, or ``None``."""
        row = self.connection.execute(sa.select(hook_deliveries).where(_d.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def set_delivery(self, id: str, **changes: Any) -> None:
        """Change some fields of a message."""
        change = sa.update(hook_deliveries).where(_d.id == id)
        self.connection.execute(change.values(_rows.part(changes)))

    def deliveries(
        self, hook: str, state: DeliveryState | None, limit: int, after: str | None = None
    ) -> Sequence[HookDelivery]:
        """The messages to a hook, the newest first, from behind the one of id ``after``. Raises `BadInput` where it
        has no such message."""
        query = sa.select(hook_deliveries).where(_d.hook == hook)
        if state is not None:
            query = query.where(_d.state == state.value)
        if after is not None:
            last = self.delivery(after)
            if last is None or last.hook != hook:
                fix = "give the id of the last row of the page before"
                raise BadInput("after", f"no delivery {after!r} of this hook", fix)
            query = query.where(
                sa.tuple_(_d.fact, _d.id) < sa.tuple_(sa.literal(last.fact), sa.literal(last.id))
            )
        query = query.order_by(_d.fact.desc(), _d.id.desc()).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def again(self, hook: str, state: DeliveryState, since: int, now: datetime) -> int:
        """Send once more what of a hook ended in ``state`` and tells of facts from the number ``since`` on; how many."""
        mine = (_d.hook == hook) & (_d.state == state.value) & (_d.fact >= since)
        todo = {"state": DeliveryState.TODO.value, "due_at": now, "attempts": 0, "error": "", "done_at": None}
        return self.connection.execute(sa.update(hook_deliveries).where(mine).values(todo)).rowcount

    def forget(self, before: datetime) -> int:
        """Forget messages that were noted before an instant and are no longer to be sent; how many."""
        old = (_d.noted_at < before) & (_d.state != DeliveryState.TODO.value)
        return self.connection.execute(sa.delete(hook_deliveries).where(old)).rowcount
