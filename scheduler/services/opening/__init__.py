"""Links that open a page without signing in: made, found by what stands in an address, revoked.

What stands in the address is 128 bits drawn at random, and is told once: only its digest is kept. Whoever tries an
address that is unknown, has ended or was revoked learns nothing of which it is. Told by
`tests/scheduler/services/test_opening.py`.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.errors import Invalid
from connectors.mail import Message
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import CANDIDATE, Link, Purpose
from scheduler.domain.loops import Loop
from scheduler.services.app import App
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.links")
MADE, REVOKED = "link_made", "link_revoked"
DAYS, MOST_DAYS = 60, 365
"""How long a link opens its page, where nobody says otherwise, and at most."""
_BYTES = 16
_KEPT_DAYS = 90
"""How long a list of links still shows one that has ended."""
_WRITTEN = re.compile(r"[A-Za-z0-9_-]{22}")
"""128 bits as they stand in an address."""
PATHS = {Purpose.CHOOSE: "candidate", Purpose.FOLLOW: "candidate", Purpose.ATTEND: "interviewer"}

_ENDS = {
    "candidate": (
        "All of it, always as it stands, and what you can do about it, is on your page:",
        "It is the sure way to answer, and yours alone: please do not pass it on.",
    ),
    "interviewer": (
        "Accept, decline, or hand over, on your page:",
        "It is yours alone: please do not pass it on.",
    ),
}
"""What stands before and after an address in a mail, by the beginning of its path."""


def make(
    app: App,
    tx: Tx,
    purpose: Purpose,
    actor: str,
    *,
    loop: str = "",
    person: str = "",
    days: int = DAYS,
) -> tuple[Link, str]:
    """A new link and its path, ``/candidate/…``, which is told here and never again.

    Raises `Missing` for a loop that there is not, `BadInput` for a person who is unknown or inactive, where the
    other of the two is given than the purpose wants, and for a time that is too long.
    """
    _check(tx, purpose, loop, person, days)
    token, now = secrets.token_urlsafe(_BYTES), app.clock()
    link = Link(
        id=f"ln_{secrets.token_hex(8)}",
        digest=_digest(token),
        purpose=purpose,
        loop=loop,
        person=person,
        actor=actor,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    tx.links.add(link)
    _note(app, tx, link, MADE, actor)
    return link, f"/{PATHS[purpose]}/{token}"


def _check(tx: Tx, purpose: Purpose, loop: str, person: str, days: int) -> None:
    wanted, other = ("loop", "person") if purpose in CANDIDATE else ("person", "loop")
    given = {"loop": loop, "person": person}
    if not given[wanted]:
        raise BadInput(wanted, "is missing", f"a link to {purpose.value} is bound to a {wanted}")
    if given[other]:
        raise BadInput(other, f"is given for a link to {purpose.value}", "leave it out")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("days", f"{days} is out of range", f"use 1 to {MOST_DAYS}")
    if loop and tx.loops.get(loop) is None:
        raise Missing("loop", loop)
    if person and not tx.people.list([person]):
        raise BadInput(
            "person", f"no active person {person!r:.80}", "use the id of somebody who can be asked"
        )


def opened(app: App, tx: Tx, token: str, purposes: frozenset[Purpose]) -> Link | None:
    """The link of an address, if it opens such a page now; ``None`` for every other address alike."""
    if not _WRITTEN.fullmatch(token):
        return None
    found = tx.links.opened_by(_digest(token))
    return found if found and found.purpose in purposes and found.opens(app.clock()) else None


def revoke(app: App, tx: Tx, link_id: str, actor: str) -> Link:
    """Have a link open nothing any more; one that was revoked before stays so. Raises `Missing`."""
    found = tx.links.claim(link_id)
    if found is None:
        raise Missing("link", link_id)
    if found.revoked_at is None:
        tx.links.revoke([link_id], app.clock())
        _note(app, tx, found, REVOKED, actor)
    again = tx.links.claim(link_id)
    assert again is not None
    return again


def listed(tx: Tx, loop: str, person: str) -> Sequence[Link]:
    """The links of a loop or of a person, the newest first. Raises `BadInput` where neither or both are given."""
    if bool(loop) == bool(person):
        raise BadInput("loop", "a loop or a person is wanted", "give one of the two")
    return tx.links.list(loop=loop, person=person)


def until_over(app: App, loop: Loop, days: int = 30) -> int:
    """For how many days a link to a loop is of use: some days beyond all of its possible times."""
    left = (loop.horizon.end - app.clock()).days + days
    return max(days, min(left, MOST_DAYS))


def forget(app: App) -> int:
    """Let go of what ended long ago; how many that were."""
    with app.db.write() as tx:
        return tx.links.forget(app.clock() - timedelta(days=_KEPT_DAYS))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _note(app: App, tx: Tx, link: Link, what: str, actor: str) -> None:
    data = {"link": link.id, "purpose": link.purpose.value}
    tx.facts.add(Fact(app.clock(), actor, what, link.subject, data=data))


def enclose(
    app: App, tx: Tx, purpose: Purpose, actor: str, *, loop: str = "", person: str = "", days: int = DAYS
) -> str:
    """A new link for a mail that is noted now and sent later: its path, sealed with the key that lies beside the
    database. Empty where the deployment has no address that others reach."""
    if not app.base_url:
        return ""
    _, path = make(app, tx, purpose, actor, loop=loop, person=person, days=days)
    return app.systems.vault.seal(path)


def with_page(app: App, message: Message, sealed: str) -> Message:
    """The message as it is sent: at its end where the page is. A mail whose link cannot be read again goes without."""
    if not sealed or not app.base_url:
        return message
    try:
        path = app.systems.vault.open(sealed)
    except Invalid as error:
        log.warning("a mail goes without its link: %s", error)
        return message
    words = _ENDS[path.split("/")[1]]
    return replace(message, text=f"{message.text}\n\n--\n{words[0]}\n{app.base_url}{path}\n{words[1]}")
