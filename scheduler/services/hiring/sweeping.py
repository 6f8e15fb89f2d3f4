"""What no webhook announced: systems are asked from time to time what changed, and what waits is looked at again.

Told by `tests/scheduler/services/hiring/test_sweeping.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connectors.errors import ConnectorError
from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.hiring.connections import Advance, AdvanceState, Connection
from scheduler.services import jobs
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.hiring import arriving
from scheduler.services.lease import held
from scheduler.storage.database import Tx

OVERLAP = timedelta(minutes=15)
"""How far each sweep looks behind the last one: the clocks of two machines differ, and lists lag behind."""
_PAGE = 500


def sweep(app: App) -> int:
    """Ask every system; how many applications are to be looked at. One system that fails holds up no other."""
    with app.db.read() as tx:
        connections = tx.hiring.list()
    count = 0
    for connection in connections:
        try:
            with held(app, f"sweep:{connection.id}"):
                count += _sweep(app, connection)
        except Again:
            continue  # another worker is at it
    retry_waiting(app, "sweep")
    return count


def _sweep(app: App, connection: Connection) -> int:
    try:
        ats = app.systems.ats(connection.id, connection.system, connection.credentials)
        if ats is None:
            return 0
        began = app.clock()
        since = (connection.swept_at or connection.created_at) - OVERLAP
        found = list(dict.fromkeys(ats.advances(since)))
    except ConnectorError as error:
        arriving.fault(app, connection, str(error))
        return 0
    arriving.healed(app, connection)
    with app.db.write() as tx:
        for application in found:
            jobs.look(app, tx, connection.id, application, f"sweep:{began.timestamp():.0f}")
        tx.hiring.change(connection.id, swept_at=began)
    return len(found)


def retry_waiting(app: App, cause: str) -> int:
    """Look again at every advance that waits: whom it lacked may be known by now. Not at those of a system that
    cannot be read: looks at it would pile up, and the first sweep that it answers looks at all of them."""
    with app.db.write() as tx:
        return retry_in(app, tx, cause)


def retry_in(app: App, tx: Tx, cause: str) -> int:
    """The same in a transaction that is already open."""
    count, last = 0, None
    faulty = {c.id for c in tx.hiring.list() if c.fault}
    while page := tx.advances.list({AdvanceState.WAITING}, limit=_PAGE, after=last):
        wanted = [advance for advance in page if advance.connection not in faulty]
        for advance in wanted:
            _retry(app, tx, advance, cause)
        count, last = count + len(wanted), page[-1]
    return count


def _retry(app: App, tx: Tx, advance: Advance, cause: str) -> None:
    again = f"{cause}:{app.clock().timestamp():.6f}"
    jobs.look(app, tx, advance.connection, advance.application, again)


def retry(app: App, tx: Tx, id: str, actor: str) -> Advance:
    """Look at one advance again, also at one that asked for nothing when it came. Raises `Missing`, `WrongState`
    for one that has its loop or was left."""
    advance = tx.advances.get(id)
    if advance is None:
        raise Missing("advance", id)
    if advance.state not in (AdvanceState.WAITING, AdvanceState.NOTHING):
        raise WrongState("advance", id, advance.state.value, "there is nothing to begin any more")
    why = f"looked at again for {actor}"
    tx.advances.change(
        id, state=AdvanceState.WAITING, why=why, entered_at=max(advance.entered_at, advance.noted_at)
    )
    _retry(app, tx, advance, "retry")
    return replace(advance, state=AdvanceState.WAITING, why=why)
