"""A webhook of a hiring system: verified, stored and answered first, worked on afterwards.

Told by `tests/scheduler/services/hiring/test_arriving.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from connectors.errors import ConnectorError, RateLimited
from connectors.hiring.signatures import Forged
from connectors.hiring.types import Kind, Message
from scheduler.domain.errors import BadInput, DomainError, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.connections import Connection
from scheduler.services import jobs, meters
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.services.hiring import looking
from scheduler.storage.repositories.inbox import Delivery

log = logging.getLogger("loopwright.hiring")

GENERIC = "generic"
PREFIX = "hiring:"
PATIENCE = timedelta(hours=24)
"""How long a message waits for a system that does not answer; then it is a dead letter, and the sweep's to find."""
_ALONE = 2.0
"""Seconds until a message whose work failed among others is tried by itself."""
_AGAIN, _LATER = 60.0, 300.0
"""Seconds until a system is asked again that does not answer, and one that refuses."""


def hear(app: App, connection: str, system: str, body: bytes, headers: Mapping[str, str]) -> Message:
    """The message, if it is genuine. Raises `Missing` for no such connection, and what
    `connectors.hiring.protocol.Receiver` raises."""
    names = {name.lower(): value for name, value in headers.items()}
    known = app.systems.known.get(connection)
    if known is not None:
        with contextlib.suppress(Forged, Missing):
            return _heard(app, known, connection, system, body, names)
    # new, or changed since by another process: what the database says now decides
    with app.db.read() as tx:
        found = tx.hiring.get(connection)
    if found is not None:
        known = found, {sealed: app.systems.vault.open(sealed) for sealed in found.secrets(app.clock())}
        app.systems.known.put(connection, known)
    return _heard(app, known if found is not None else None, connection, system, body, names)


def _heard(
    app: App,
    known: tuple[Connection, Mapping[str, str]] | None,
    connection: str,
    system: str,
    body: bytes,
    headers: Mapping[str, str],
) -> Message:
    """The message by what is known of its connection and its opened secrets."""
    receiver = app.systems.receivers.get(system)
    if known is None or known[0].system != system or receiver is None:
        raise Missing("connection", connection)
    now = app.clock()
    opened = [known[1][sealed] for sealed in known[0].secrets(now) if sealed in known[1]]
    return receiver(body, headers, opened, now.timestamp())


def receive(app: App, connection: str, system: str, message: Message, body: bytes) -> tuple[str, bool]:
    """Keep a genuine message and queue its work; ``(id, new)``. A handshake or a ping is not kept: both are empty.

    Raises `BadInput` for a generic message that is no stage event."""
    if message.kind in (Kind.HANDSHAKE, Kind.PING):
        return "", False
    if system == GENERIC:
        intake.parse(body)
    answer: tuple[str, bool] = app.systems.together.ask(
        (f"{PREFIX}{connection}", message, body), lambda given: _keep(app, given)
    )
    return answer


def _keep(app: App, given: Sequence[tuple[str, Message, bytes]]) -> list[tuple[str, bool]]:
    """Keep several in one transaction: what comes at once costs one writing to the disk, one insertion and few jobs."""
    now = app.clock()
    fresh = [
        Delivery(
            uuid.uuid4().hex,
            source,
            message.key,
            hashlib.sha256(body).hexdigest(),
            body,
            now,
            about=message.application,
            what=message.what,
        )
        for source, message, body in given
    ]
    with app.db.write() as tx:
        kept = tx.inbox.receive_all(fresh)
        work = []
        for (_, message, _), (id, new) in zip(given, kept, strict=True):
            if new and message.kind is Kind.NEWS:
                work.append(id)
            elif new:
                tx.inbox.finish(id, f"ignored: {message.what or 'this'} is nothing to act on", at=now)
        jobs.intake_all(app, tx, work)
    for _, new in kept:
        meters.WEBHOOKS.labels("received", "new" if new else "repeated").inc()
    return kept


def work_all(app: App, deliveries: Sequence[str]) -> None:
    """Act on several, one after the other; one that has to wait, or that fails, has a job of its own from then on."""
    for id in deliveries:
        try:
            wait = work(app, id)
        except Exception as error:
            log.warning("delivery %s: %s: %s", id, type(error).__name__, error)
            wait = _ALONE
        if wait is not None:
            with app.db.write() as tx:
                jobs.intake_alone(app, tx, id, wait)


def work(app: App, delivery_id: str) -> float | None:
    """Act on a stored message, of whichever sender; seconds until it is worth another try."""
    with app.db.read() as tx:
        delivery = tx.inbox.get(delivery_id)
        id = delivery.source.removeprefix(PREFIX) if delivery is not None else ""
        connection = tx.hiring.get(id) if delivery is not None and delivery.source != id else None
    if delivery is None or delivery.outcome:
        return None
    if not delivery.source.startswith(PREFIX) or (connection and connection.system == GENERIC):
        intake.work(app, delivery_id)
        return None
    if connection is None:
        _finish(app, delivery, "dead_letter: its connection was removed")
        return None
    return _look(app, connection, delivery)


def _look(app: App, connection: Connection, delivery: Delivery) -> float | None:
    try:
        outcome, loop = looking.look(app, connection, delivery.about, delivery.id)
    except ConnectorError as error:
        if app.clock() - delivery.received_at > PATIENCE:
            _finish(app, delivery, f"dead_letter: {error}")
            return None
        fault(app, connection, str(error))
        return wait_of(error)
    except DomainError as error:
        _finish(app, delivery, f"dead_letter: {error.text}")
        return None
    healed(app, connection)
    _finish(app, delivery, outcome, loop)
    return None


def wait_of(error: ConnectorError) -> float:
    """Seconds until a system is worth asking again."""
    if isinstance(error, RateLimited):
        return max(error.retry_after or _AGAIN, 1.0)
    return _AGAIN if error.code == "transient" else _LATER


def _finish(app: App, delivery: Delivery, outcome: str, loop: str | None = None) -> None:
    with app.db.write() as tx:
        tx.inbox.finish(delivery.id, outcome, loop, app.clock())


def look_again(app: App, connection_id: str, application: str, cause: str) -> float | None:
    """The same without a message: a sweep found it, or what it waited for has changed."""
    with app.db.read() as tx:
        connection = tx.hiring.get(connection_id)
    if connection is None:
        return None
    try:
        looking.look(app, connection, application, cause)
    except ConnectorError as error:
        fault(app, connection, str(error))
        return wait_of(error)
    healed(app, connection)
    return None


def fault(app: App, connection: Connection, text: str) -> None:
    """The system cannot be read just now: noted once, until it can."""
    log.warning("hiring system %s: %s", connection.id, text)
    with app.db.write() as tx:
        known = tx.hiring.claim(connection.id)
        if known is not None and not known.fault:
            tx.hiring.change(connection.id, fault=text, fault_since=app.clock())
            subject = f"connection:{connection.id}"
            tx.facts.add(Fact(app.clock(), "system:hiring", "connection_fault", subject, "", text, ""))


def healed(app: App, connection: Connection) -> None:
    if connection.fault:
        with app.db.write() as tx:
            tx.hiring.change(connection.id, fault="", fault_since=None)
            tx.showings.once_more(connection.id, app.clock())


def replay(
    app: App, delivery_id: str, actor: str, before: Callable[[Delivery], None] | None = None
) -> Delivery:
    """Work on a stored message once more; ``before`` may refuse it as it is. Raises `Missing`, `BadInput` for one that still waits."""
    with app.db.write() as tx:
        delivery = tx.inbox.get(delivery_id)
        if delivery is None:
            raise Missing("delivery", delivery_id)
        if before is not None:
            before(delivery)
        if not delivery.outcome:
            raise BadInput("delivery", "is not worked on yet", "wait for its outcome")
        tx.inbox.again(delivery_id)
        now = app.clock()
        tx.facts.add(
            Fact(now, actor, "delivery_replayed", f"delivery:{delivery_id}", delivery.outcome, "", "")
        )
        jobs.intake_replayed(app, tx, delivery_id, now)
        found = tx.inbox.get(delivery_id)
    assert found is not None
    return found
