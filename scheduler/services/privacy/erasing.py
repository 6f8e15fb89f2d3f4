"""A candidate is erased: interviews are called off, then files and events go, then every word in the database.

Each step may be repeated: until the last one is done the ids and words that it looks for are kept, in the applications
themselves, and whoever takes it up after a crash begins again where nothing is left to do.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.protocol import Calendar, Forgets
from scheduler.domain.bookings import WriteState
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Application, LoopState
from scheduler.domain.people import Account
from scheduler.domain.privacy.erasure import (
    NOBODY,
    Erasure,
    ErasureState,
    Words,
    digest_of,
    searchable,
)
from scheduler.domain.subjects import Subject
from scheduler.services import jobs, lease
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.booking import cancel
from scheduler.services.privacy import outside
from scheduler.storage.database import Tx
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.privacy")
ACTOR = "system:privacy"
_SHARED = (
    "Somebody else has the same {}: texts that are not about this candidate's loops were not searched for it."
)
_ONE_WORD = (
    "The name is a single word: texts that are not about this candidate's loops were not searched for it."
)
_SOON, _LATER = 5.0, 60.0
"""Seconds until it is gone on with: where interviews are being called off, and where something is in the way."""


def whose(tx: Tx, email: str = "", application: str = "") -> list[Application]:
    """Every application of a candidate, named by address or by one of their applications. Raises `Missing`, and
    `BadInput` where neither or both are given."""
    if bool(email) == bool(application):
        raise BadInput("email", "stands beside application, or both are missing", "give one of them")
    known = tx.applications.get(application) if application else None
    found = tx.candidates.applications(known.candidate.email if known else email) if email or known else []
    if not found:
        raise Missing("candidate", application or email)
    return found


def ask(app: App, actor: str, email: str = "", application: str = "") -> Erasure:
    """Begin to erase a candidate; asked for again while that goes on, it is the same erasure. Raises as `whose` does."""
    with app.db.write() as tx:
        mine = whose(tx, email, application)
        ids = tuple(a.id for a in mine)
        for running in tx.erasures.list((ErasureState.ENDING, ErasureState.CLEARING)):
            if set(ids) & set(running.applications):
                return running
        id = secrets.token_hex(6)
        made = Erasure(
            f"er_{id}",
            f"erased-{id}",
            ErasureState.ENDING,
            actor,
            app.clock(),
            applications=ids,
            digests=tuple(map(digest_of, ids)),
            outside=outside.lines(tx),
        )
        tx.erasures.add(made)
        tx.facts.add(Fact(app.clock(), actor, "erasure_asked", f"erasure:{made.id}"))
        jobs.erase(app, tx, made.id)
    return made


def take_up(app: App) -> None:
    """Go on with what nobody is at any more: its job was given up."""
    with app.db.write() as tx:
        for left in tx.erasures.list((ErasureState.ENDING, ErasureState.CLEARING)):
            jobs.erase(app, tx, left.id, f"{app.clock():%Y-%m-%dT%H}")


def work(app: App, id: str) -> Erasure:
    """Go on as far as possible. Raises `Again` where something has to end first, or is in the way; that is kept."""
    with lease.held(app, f"erase:{id}"):
        try:
            return _work(app, id)
        except (Again, ConnectorError, Unavailable) as error:
            with app.db.write() as tx:
                tx.erasures.change(id, waits=str(error))
            if isinstance(error, Again):
                raise
            raise Again(_LATER, str(error)) from error


def _work(app: App, id: str) -> Erasure:
    with app.db.read() as tx:
        erasure = tx.erasures.get(id)
    if erasure is None:
        raise Missing("erasure", id)
    if erasure.state is ErasureState.ENDING and erasure.applications:
        _end(app, erasure)
        files = _clear(app, erasure)
        _forget(app, erasure, files)
    if erasure.state is not ErasureState.DONE:
        app.db.compact()
        _done(app, id)
    with app.db.read() as tx:
        found = tx.erasures.get(id)
    assert found is not None
    return found


def _of(tx: Tx, erasure: Erasure) -> list[Application]:
    """Every application of the candidate as of now: another one may have come meanwhile."""
    known = next((a for id in erasure.applications if (a := tx.applications.get(id))), None)
    return tx.candidates.applications(known.candidate.email) if known else []


def _end(app: App, erasure: Erasure) -> None:
    """Call off what is not over. Raises `Again` until that is done everywhere."""
    with app.db.write() as tx:
        theirs = tx.candidates.theirs(_of(tx, erasure))
        waiting = ""
        for id in theirs.loops:
            loop = tx.loops.claim(id)
            if loop is not None and loop.state not in ENDED:
                moved = cancel.cancel_in(app, tx, loop, ACTOR)
                waiting = waiting or ("" if moved.state is LoopState.CANCELLED else moved.id)
            elif tx.ledger.of_loop(id, [WriteState.TODO]):
                waiting = waiting or id
        ids = tuple(sorted({*erasure.applications, *theirs.applications}))
        tx.erasures.change(
            erasure.id, applications=ids, digests=tuple(map(digest_of, ids)), loops=theirs.loops
        )
    if waiting:
        raise Again(_SOON, f"loop {waiting} is being called off")


def _words(
    tx: Tx, erasure: Erasure, mine: list[Application]
) -> tuple[Words, dict[str, tuple[str, str, str]], list[str]]:
    """What is looked for, what each application is from now on, and what is not looked for, in a line each."""
    pseudonym = erasure.pseudonym
    address = f"{pseudonym}@{NOBODY}"
    ids = {a.id: pseudonym if n == 0 else f"{pseudonym}-{n + 1}" for n, a in enumerate(mine)}
    names = tuple(sorted({a.candidate.name for a in mine}))
    addresses = tuple(sorted({a.candidate.email for a in mine}))
    shared = tx.candidates.shared(names, addresses, list(ids))
    left = [_SHARED.format("name")] if shared & set(names) else []
    left += [_SHARED.format("address")] if shared & set(addresses) else []
    left += [_ONE_WORD] if not all(map(searchable, names)) else []
    digests = {a.candidate.subject.id: Subject.candidate(address).id for a in mine}
    words = Words(
        pseudonym,
        tuple(n for n in names if n not in shared and searchable(n)),
        tuple(a for a in addresses if a not in shared),
        ids | digests | {number: pseudonym for _, number in tx.candidates.theirs(mine).elsewhere},
    )
    return words, {old: (new, pseudonym, address) for old, new in ids.items()}, left


def _clear(app: App, erasure: Erasure) -> Mapping[str, int]:
    """Take mails, jobs and events away. What cannot be read is told beside what others have to do."""
    with app.db.read() as tx:
        mine = _of(tx, erasure)
        words, _, more = _words(tx, erasure, mine)
        keys = tx.candidates.keys(tx.candidates.theirs(mine))
        organizer = tx.company.organizer() if tx.company.loaded_at() else None
    counts = {name: forget(words) for name, forget in app.forgetting.items()}
    if organizer is not None:
        counts["events"], faults = _events(app, organizer, keys)
        more += faults
    if more:
        with app.db.write() as tx:
            tx.erasures.change(erasure.id, outside=tuple(dict.fromkeys((*erasure.outside, *more))))
    return counts


def _events(app: App, organizer: Account, keys: Mapping[str, set[str]]) -> tuple[int, list[str]]:
    known = {key for found in keys.values() for key in found}
    count, faults = 0, list[str]()
    for address in sorted({organizer.address, *keys} - {""}):
        calendar = app.calendar(replace(organizer, address=address))
        if isinstance(calendar, Forgets):
            gone, unread = calendar.forget(address, known)
            count, faults = count + gone, [*faults, *unread]
        else:
            count += sum(_cancelled(calendar, address, key) for key in sorted(known))
    return count, [
        f"A calendar could not be read, look for their interviews there: {line}" for line in faults
    ]


def _cancelled(calendar: Calendar, address: str, key: str) -> bool:
    """Whether an event was still there. Keys of mails are those of no event."""
    found = calendar.find(address, key)
    if found is None or found.cancelled:
        return False
    calendar.cancel(found.ref)
    return True


def _forget(app: App, erasure: Erasure, files: Mapping[str, int]) -> None:
    """Everything in the database, at once. Raises `Again` where another application came meanwhile."""
    with app.db.write() as tx:
        mine = _of(tx, erasure)
        theirs = tx.candidates.theirs(mine)
        if set(theirs.applications) - set(erasure.applications) or any(
            (loop := tx.loops.claim(id)) is not None and loop.state not in ENDED for id in theirs.loops
        ):
            raise Again(_SOON, "they were asked for again")
        words, renamed, _ = _words(tx, erasure, mine)
        counts = tx.candidates.forget(erasure.id, theirs, words, renamed, app.clock())
        tx.erasures.change(
            erasure.id,
            state=ErasureState.CLEARING,
            applications=(),
            counts={**files, **counts},
            waits="",
        )


def _done(app: App, id: str) -> None:
    with app.db.write() as tx:
        known = tx.erasures.get(id)
        assert known is not None
        tx.erasures.change(id, state=ErasureState.DONE, done_at=app.clock(), waits="")
        tx.facts.add(Fact(app.clock(), ACTOR, "candidate_erased", f"erasure:{id}"))
    log.info("erasure %s is done", id)
