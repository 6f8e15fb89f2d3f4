"""Reads the mailbox to which answers to invitations go: each mail is acted on once, whatever ends in between.

The position is kept in the transaction that acts on the mail. What is no answer is left alone; what looks like one and
cannot be taken is one line in the log, without a word of the mail. Told by `tests/stories/test_answers_by_mail.py`.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from connectors.errors import ConnectorError, Invalid
from connectors.incoming import itip
from connectors.incoming.mailbox import Mail, Mailbox
from scheduler.services import lease
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.links.mailed import taking
from scheduler.storage.database import Tx
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.mailbox")

BACK = timedelta(days=14)
"""How far back a mailbox is read that was never read before, or is not the one that it was."""
_MOST = 25
"""Batches of one round."""


def look(app: App) -> int:
    """Read what has come, and act on it; how many mails. Raises what the mailbox raises."""
    if app.mailbox is None:
        return 0
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return 0
    try:
        with lease.held(app, "mailbox") as mine:
            return _read(app, app.mailbox, mine)
    except Again:  # another worker is at it, or a loop is being written: the next round goes on
        return 0


def _read(app: App, mailbox: Mailbox, mine: lease.Lease) -> int:
    count = 0
    for _ in range(_MOST):
        with app.db.read() as tx:
            position = tx.cursors.get(mailbox.name)
        batch = mailbox.read(position, (app.clock() - BACK).date())
        for mail in batch.mails:
            mine.renew()
            _one(app, mailbox, mail)
            count += 1
        if not batch.mails and batch.end != position:
            with app.db.write() as tx:
                tx.cursors.put(mailbox.name, batch.end, app.clock())
        if not batch.more:
            break
    return count


def _one(app: App, mailbox: Mailbox, mail: Mail) -> None:
    def done(tx: Tx) -> None:
        tx.cursors.put(mailbox.name, mail.position, app.clock())

    answer = _answer(mail)
    if answer is not None:
        try:
            if why := taking.take(app, answer, done):
                log.warning("the mail %s is not acted on: %s", mail.position, why)
            return
        except (Again, ConnectorError, Unavailable):
            raise
        except Exception:  # no mail stands in the way of those behind it
            log.exception("the mail %s is not acted on: something went wrong", mail.position)
    with app.db.write() as tx:
        done(tx)


def _answer(mail: Mail) -> itip.Answer | None:
    try:
        return itip.read(mail.raw)
    except Invalid as error:
        log.warning("the mail %s is not acted on: %s", mail.position, error)
    except Exception as error:  # whatever somebody sends, the next mail is read
        log.error("the mail %s is not acted on: it cannot be read (%s)", mail.position, type(error).__name__)
    return None
