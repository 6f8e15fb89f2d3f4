"""Webhooks that we send, after the Standard Webhooks specification: made, delivered, tried again, given up.

A message is written with the fact that it tells of and a job is queued in the same transaction; what a job
leaves is found by the sweep. Whoever receives may get one twice and in any order: its id says which it is.

Told by `tests/stories/test_hooks.py`.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.outgoing import hooks as wire
from connectors.signatures import PREFIX, sign
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.hooks import (
    DAYS_FAILING,
    NOUNS,
    RETRIES,
    DeliveryState,
    Hook,
    HookDelivery,
    HookState,
)
from scheduler.services import jobs, meters
from scheduler.services.app import App
from scheduler.services.lease import held
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.hooks")

ACTOR = "system:hooks"
MOST_HOOKS = 50
KEPT = timedelta(days=30)
"""How long messages that are done with are kept, to be looked at and sent again."""
_AT_ONCE = 20
"""Messages of one run; others get their turn between."""
_LONGEST_REST = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=24)


def add(app: App, url: str, types: Collection[str], actor: str) -> Hook:
    """Make a hook with a secret of its own. Raises `BadInput` for an address that may not be called, and for a type
    that is none."""
    fault = wire.fault_of(url, app.hook_hosts)
    if fault:
        raise BadInput(
            "url", fault, "give an https address of a public host, or list it in LOOPWRIGHT_HOOK_HOSTS"
        )
    for n, kind in enumerate(types):
        if kind.partition(".")[0] not in NOUNS or not kind.partition(".")[2]:
            known = ", ".join(f"{noun}.*" for noun in NOUNS)
            raise BadInput(
                f"types[{n}]", f"{kind!r:.80} is no type of message", f"write one, or all of {known}"
            )
    made = Hook(f"hk_{secrets.token_hex(8)}", url, tuple(types), HookState.ACTIVE, app.clock(), _new_secret())
    with app.db.write() as tx:
        if len(tx.hooks.list()) >= MOST_HOOKS:
            raise BadInput("url", f"there are {MOST_HOOKS} hooks already", "remove one first")
        tx.hooks.put(replace(made, secret=app.systems.vault.seal(made.secret)))
        _note(app, tx, made.id, "hook_added", actor, "", HookState.ACTIVE)
    return made


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


Before = Callable[[Tx], None]
"""Asked in the transaction of a change; may refuse."""


def _allowed(_: Tx) -> None:
    pass


def remove(app: App, id: str, actor: str, before: Before = _allowed) -> None:
    """Forget a hook, its secret and its messages. Raises `Missing`."""
    with app.db.write() as tx:
        before(tx)
        if not tx.hooks.remove(id):
            raise Missing("hook", id)
        _note(app, tx, id, "hook_removed", actor, "", "")


def enable(app: App, id: str, actor: str, before: Before = _allowed) -> Hook:
    """Send to a hook again, what waits included. Raises `Missing`."""
    with app.db.write() as tx:
        before(tx)
        hook = _known(tx, id)
        tx.hooks.change(id, state=HookState.ACTIVE, why="", failing_since=None, rest_until=None)
        if hook.state is not HookState.ACTIVE:
            _note(app, tx, id, "hook_enabled", actor, hook.state, HookState.ACTIVE)
        jobs.hook(app, tx, id, f"enabled/{app.clock().timestamp():.6f}")
        return _known(tx, id)


def rotate(app: App, id: str, actor: str, overlap: timedelta, before: Before = _allowed) -> Hook:
    """Give a hook a new secret; for as long as ``overlap`` its messages are signed with the one before as well,
    so that whoever receives them can change over at their own time. Raises `Missing`."""
    with app.db.write() as tx:
        before(tx)
        hook, until = tx.hooks.claim(id), app.clock() + overlap
        if hook is None:
            raise Missing("hook", id)
        kept = {"old_secret": hook.secret, "old_until": until} if overlap else _FORGOTTEN
        fresh = _new_secret()
        tx.hooks.change(id, secret=app.systems.vault.seal(fresh), **kept)
        _note(
            app,
            tx,
            id,
            "hook_rotated",
            actor,
            "",
            "",
            f"the secret of before counts until {until:%Y-%m-%d %H:%M} UTC",
        )
        return replace(_known(tx, id), secret=fresh)


def secrets_of(app: App, hook: Hook) -> list[str]:
    """Both secrets of a hook as they are, the present one first; the one of before where there is one. Raises
    `connectors.errors.Invalid` for one that no key opens."""
    return [app.systems.vault.opened(kept, PREFIX) for kept in (hook.secret, hook.old_secret) if kept]


def seal_again(app: App, tx: Tx) -> int:
    """Seal the secrets of all hooks with the first key; how many hooks."""
    found = tx.hooks.list()
    for one in found:
        known = tx.hooks.claim(one.id)
        if known is not None:
            kept = {
                n: app.systems.vault.sealed_again(getattr(known, n), PREFIX) for n in ("secret", "old_secret")
            }
            tx.hooks.change(one.id, **kept)
    return len(found)


_FORGOTTEN: Mapping[str, Any] = {"old_secret": "", "old_until": None}
"""Fields of a hook without a secret of before."""


def replay(app: App, id: str, delivery: str, before: Before = _allowed) -> HookDelivery:
    """Send one message of a hook again, under the same id. Raises `Missing`."""
    with app.db.write() as tx:
        before(tx)
        _known(tx, id)
        found = tx.hooks.delivery(delivery)
        if found is None or found.hook != id:
            raise Missing("delivery", delivery)
        now = app.clock()
        tx.hooks.set_delivery(
            delivery, state=DeliveryState.TODO, due_at=now, attempts=0, error="", done_at=None
        )
        jobs.hook(app, tx, id, f"replay/{delivery}/{now.timestamp():.6f}")
        return tx.hooks.delivery(delivery) or found


def replay_all(app: App, id: str, state: DeliveryState, since: int, before: Before = _allowed) -> int:
    """Send again whatever ended so and tells of facts from a number on; how many. Raises `Missing`."""
    with app.db.write() as tx:
        before(tx)
        _known(tx, id)
        now = app.clock()
        count = tx.hooks.again(id, state, since, now)
        jobs.hook(app, tx, id, f"replay/{now.timestamp():.6f}")
        return count


def wake(app: App, tx: Tx, first: Mapping[str, str]) -> None:
    """Queue the delivery of what this transaction noted for hooks, each with the first of its messages."""
    for id, message in sorted(first.items()):
        jobs.hook(app, tx, id, message)


def deliver(app: App, id: str) -> float | None:
    """Send a hook what is due to it; the seconds until more is due, or ``None``. Raises `Again` while another run
    is at it."""
    with held(app, f"hook:{id}") as lease:
        for _ in range(_AT_ONCE):
            with app.db.read() as tx:
                hook = tx.hooks.get(id)
                due = tx.hooks.due(id, app.clock(), 1)
            if hook is None or hook.state is not HookState.ACTIVE:
                return None
            if not due or _rests(hook, app.clock()):
                break
            _send(app, hook, due[0])
            lease.renew()
    return _wait(app, id)


def sweep(app: App) -> None:
    """Queue what is overdue because a job was lost, and forget old messages."""
    now = app.clock()
    with app.db.read() as tx:
        every = tx.hooks.list()
        late = [h.id for h in every if h.state is HookState.ACTIVE and _overdue(tx, h, now)]
    with app.db.write() as tx:
        for hook in every:
            if hook.old_until is not None and hook.old_until <= now:
                tx.hooks.forget_old_secret(hook.id, now)
        tx.hooks.forget(now - KEPT)
        for id in late:
            jobs.hook(app, tx, id, f"sweep/{int(now.timestamp()) // 60}")


def _overdue(tx: Tx, hook: Hook, now: datetime) -> bool:
    due = tx.hooks.next_due(hook.id)
    return due is not None and due < now - timedelta(minutes=1) and not _rests(hook, now)


def _rests(hook: Hook, now: datetime) -> bool:
    return hook.rest_until is not None and hook.rest_until > now


def _wait(app: App, id: str) -> float | None:
    now = app.clock()
    with app.db.read() as tx:
        hook, due = tx.hooks.get(id), tx.hooks.next_due(id)
    if hook is None or due is None:
        return None
    at = max(due, hook.rest_until or due)
    return max((at - now).total_seconds(), 0.1)


def _send(app: App, hook: Hook, message: HookDelivery) -> None:
    body = message.body.encode()
    stamp = int(app.clock().timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(stamp),
        # space-delimited, as Standard Webhooks has it for a secret that is being changed
        "webhook-signature": " ".join(
            sign(app.systems.vault.opened(s, PREFIX), message.id, stamp, body)
            for s in hook.secrets(app.clock())
        ),
    }
    answer = wire.post(hook.url, headers, body, allowed=app.hook_hosts)
    now = app.clock()
    with app.db.write() as tx:
        if answer.good:
            done = DeliveryState.DONE
            tx.hooks.set_delivery(
                message.id,
                state=done,
                attempts=message.attempts + 1,
                status=answer.status,
                error="",
                done_at=now,
            )
            tx.hooks.change(hook.id, failing_since=None, rest_until=None)
        else:
            _failed(app, tx, hook, message, answer, now)
    out = message.attempts >= len(RETRIES)
    meters.WEBHOOKS.labels("sent", "taken" if answer.good else "given_up" if out else "retry").inc()


def _failed(app: App, tx: Tx, hook: Hook, message: HookDelivery, answer: wire.Posted, now: datetime) -> None:
    """Try again later, as often as the schedule says; stop for good where nobody wants it any more."""
    since = hook.failing_since or now
    text = answer.fault or f"answered with {answer.status}"
    out = message.attempts >= len(RETRIES)
    wait = timedelta() if out else _later(message.attempts, answer)
    tx.hooks.set_delivery(
        message.id,
        state=DeliveryState.FAILED if out else DeliveryState.TODO,
        attempts=message.attempts + 1,
        status=answer.status,
        error=text,
        due_at=now + wait,
        done_at=now if out else None,
    )
    tx.hooks.change(hook.id, failing_since=since, rest_until=now + min(wait, _LONGEST_REST))
    if answer.status == 410:
        _disable(app, tx, hook, "it answered 410: it wants no more")
    elif out and now - since >= DAYS_FAILING:
        _disable(app, tx, hook, f"it has taken nothing since {since:%Y-%m-%d %H:%M} UTC; at last: {text}")


def _later(attempts: int, answer: wire.Posted) -> timedelta:
    """The next wait of the schedule, up to a tenth longer so that not all come at once; longer where it was asked."""
    usual = RETRIES[attempts] * (1 + secrets.randbelow(1000) / 10_000)
    asked = timedelta(seconds=min(answer.retry_after or 0.0, _LONGEST_WAIT.total_seconds()))
    return max(usual, asked)


def _disable(app: App, tx: Tx, hook: Hook, why: str) -> None:
    log.warning("hook %s is disabled: %s", hook.id, why)
    tx.hooks.change(hook.id, state=HookState.DISABLED, why=why)
    _note(app, tx, hook.id, "hook_disabled", ACTOR, HookState.ACTIVE, HookState.DISABLED, why)


def _note(app: App, tx: Tx, id: str, what: str, actor: str, before: str, after: str, why: str = "") -> None:
    data = {"why": why} if why else {}
    tx.facts.add(Fact(app.clock(), actor, what, f"hook:{id}", str(before), str(after), "", data))


def _known(tx: Tx, id: str) -> Hook:
    found = tx.hooks.get(id)
    if found is None:
        raise Missing("hook", id)
    return found
