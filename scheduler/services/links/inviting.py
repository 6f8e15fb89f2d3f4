"""A candidate is asked by mail to choose among the plans on offer, or to give their times, on a page of their own.

Told by `tests/stories/test_page_in_mails.py`.
"""

from __future__ import annotations

from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import LedgerRow, Write
from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.people import Person
from scheduler.services import jobs, opening
from scheduler.services.app import App
from scheduler.storage import codec
from scheduler.storage.database import Tx

INVITED = "candidate_asked"


def invite_in(app: App, tx: Tx, loop_id: str, actor: str) -> Loop:
    """Note the mail with a `choose` link, in an open transaction.

    Raises `Missing`; `WrongState` where there is neither a plan to choose nor a time to give; `BadInput` where the
    deployment has no address that a candidate could open.
    """
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    if loop.state not in (LoopState.PROPOSED, LoopState.AWAITING_CANDIDATE):
        raise WrongState(
            "loop", loop_id, loop.state.value, "there is nothing for the candidate to choose now"
        )
    if not app.base_url:
        fix = "set it to the address at which candidates reach this deployment"
        raise BadInput("LOOPWRIGHT_BASE_URL", "is not set, so a link would lead nowhere", fix)
    application = tx.applications.get(loop.application)
    assert application is not None
    days = opening.until_over(app, loop)
    page = opening.enclose(app, tx, Purpose.CHOOSE, actor, loop=loop.id, days=days)
    message = _message(app, tx, loop, application)
    order = 1000 + len(tx.ledger.of_loop(loop.id))
    payload = {"message": codec.encode(message), "digest": "", "page": page}
    row = LedgerRow.noted(loop, "asked", Write.MAIL, key=message.id, payload=payload, order=order)
    tx.ledger.add_all([row], app.clock())
    jobs.mail(app, tx, loop, row)
    tx.facts.add(Fact(app.clock(), actor, INVITED, f"loop:{loop.id}"))
    return loop


def _message(app: App, tx: Tx, loop: Loop, application: Application) -> Message:
    company, candidate = tx.company.name(), application.candidate
    found = tx.people.list([loop.owner or application.recruiter], active=False)
    if loop.state is LoopState.PROPOSED:
        asked = (
            f"we have found times for {loop.template.title} ({application.job}). On your page you see each choice with the "
            "people you would meet, on your own clock. Choose one, and all of it is booked at once; where none fits, give "
            "other times there."
        )
        subject = f"Choose your interview times with {company}"
    else:
        asked = (
            f"to find a time for {loop.template.title} ({application.job}) we need to know when you can. "
            "Please give your times on your page; it says at once whether they are enough."
        )
        subject = f"When can you come? {loop.template.title} with {company}"
    text = "\n\n".join([f"Dear {candidate.name},", asked, _from(found[0] if found else None, company)])
    stamp = f"{app.clock().timestamp():.6f}"
    id = event_id(f"{app.deployment}/{loop.id}/asked/{stamp}")
    return Message(id, candidate.email, candidate.name, subject, text)


def _from(person: Person | None, company: str) -> str:
    """A human with their address, where there is one."""
    return f"{person.name}\n{company}\n{person.email}" if person else company
