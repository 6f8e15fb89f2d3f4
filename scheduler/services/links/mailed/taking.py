"""Takes over what somebody answered by mail: they come, they cannot, or they propose another time.

Told by `tests/stories/test_answers_by_mail.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.ics import Told, told_by
from connectors.incoming.itip import Answer
from connectors.types import Reply
from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.afterwards import answers
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.links import proposing, unable
from scheduler.services.links.choosing import ACTOR
from scheduler.services.links.mailed import whose
from scheduler.services.links.mailed.whose import Whose
from scheduler.services.links.proposing import Proposal
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

ANSWERED, CAUSE = "answered_by_mail", "mail"
STRANGE = "it is about no invitation of ours to its sender"
_PATIENCE = timedelta(hours=1)
"""So long an answer waits for a loop that is being written."""
_STATES = {
    Reply.ACCEPTED: SeatState.ACCEPTED,
    Reply.TENTATIVE: SeatState.TENTATIVE,
    Reply.DECLINED: SeatState.DECLINED,
}


def take(app: App, answer: Answer, done: Callable[[Tx], object]) -> str:
    """Do what an answer asks for, once; why nothing was done, or nothing. ``done`` is called in the transaction that does
    it. Raises `Again` where the loop is being written just now: nothing is done yet then."""
    with app.db.read() as tx:
        found = whose.find(app, tx, answer)
        proposal = _proposal(answer, found, _invited(tx, found)) if found is not None else None
    verdict = proposing.judged(app, found.loop, proposal).text if found is not None and proposal else ""
    with app.db.write() as tx:
        loop = tx.loops.claim(found.loop.id) if found is not None else None
        one = tx.interviews.get(found.interview.id) if found is not None else None
        if found is None or loop is None or one is None:
            done(tx)
            return STRANGE
        _wait_for(app, loop)
        why = _outdated(app, tx, answer, found, one)
        done(tx)
        if not why:
            _act(app, tx, loop, one, found, answer, proposal, verdict)
        return why


def _wait_for(app: App, loop: Loop) -> None:
    busy = loop.state not in proposing.REST and loop.state not in (LoopState.COMPLETED, LoopState.CANCELLED)
    if busy and app.clock() - loop.updated_at < _PATIENCE:
        raise Again(60.0, f"{loop.id} is being written")


def _invited(tx: Tx, found: Whose) -> Told | None:
    """What the candidate was told last of an interview."""
    row = notices.told_last(found.loop, tx.ledger.of_loop(found.loop.id)).get(found.interview.id)
    text = str(row.payload["message"]["calendar"]) if row is not None else ""
    return told_by(text) if text else None


def _proposal(answer: Answer, found: Whose, told: Told | None) -> Proposal | None:
    """The other time that is proposed. Exchange also sends one as a REPLY, tentative and with another time in it."""
    span, start = found.interview.span, answer.start
    before = told.start if told is not None else span.start
    other = answer.reply is Reply.TENTATIVE and start is not None and start != before
    if start is None or not (answer.counter or (other and _current(answer, told))):
        return None
    to = Span(start, start + (span.end - span.start))
    return Proposal(found.interview, to, found.name, found.person, answer.comment)


def _current(answer: Answer, told: Told | None) -> bool:
    """Whether it answers what was sent last, as far as it says."""
    return told is None or answer.sequence is None or answer.sequence >= told.sequence


def _outdated(app: App, tx: Tx, answer: Answer, found: Whose, one: Interview) -> str:
    """Why an answer counts no more; nothing where it does."""
    if one.state is InterviewState.CANCELLED or one.span.start <= app.clock():
        return "its interview is over or off"
    for fact in tx.facts.of(f"loop:{one.loop}"):
        if fact.data.get("mail") == answer.identity:
            return "it was taken over before"
        stamp = fact.data.get("stamp")
        mine = (fact.data.get("interview"), fact.data.get("person", "")) == (one.id, found.person)
        if mine and stamp and answer.stamp and datetime.fromisoformat(stamp) > answer.stamp:
            return "there is a later answer"
    if found.person:
        same_time = answer.counter or answer.start is None or answer.start == one.span.start
        return "" if same_time or answer.reply is Reply.TENTATIVE else "it answers an earlier invitation"
    told = _invited(tx, found)
    if told is None or told.cancelled:
        return STRANGE
    unsaid = answer.sequence is None and answer.start is not None and not answer.counter
    if not _current(answer, told) or (unsaid and answer.start != told.start):
        return "it answers an earlier invitation"
    return ""


def _act(
    app: App,
    tx: Tx,
    loop: Loop,
    one: Interview,
    found: Whose,
    answer: Answer,
    proposal: Proposal | None,
    verdict: str,
) -> None:
    """In this order: what tells the owner ends the transaction."""
    actor = str(Subject.person(found.person)) if found.person else f"{ACTOR}:{CAUSE}"
    data = {
        "interview": one.id,
        **({"person": found.person} if found.person else {}),
        "comment": answers.said(answer.comment),
        "mail": answer.identity,
        "stamp": answer.stamp.isoformat() if answer.stamp else "",
    }
    reply = Reply.TENTATIVE if proposal else answer.reply
    tx.facts.add(Fact(app.clock(), actor, ANSWERED, f"loop:{loop.id}", "", reply.value, CAUSE, data))
    if found.person:
        seat = next(s for s in one.seats if s.person == found.person and s.state is not SeatState.REPLACED)
        answers.given(app, tx, one, seat, _STATES[reply], answers.said(answer.comment), CAUSE)
    elif reply is Reply.ACCEPTED:
        kinds = (unable.CANNOT, proposing.PROPOSED)
        holes.heal(
            app, tx, loop.id, actor, lambda r: r.kind in kinds and one.spec in r.interviews and not r.people
        )
    elif reply is Reply.DECLINED:
        unable.told(app, tx, loop, one, found.application, answer.comment, actor, tell=True)
    if proposal is not None:
        now = tx.loops.claim(loop.id)
        assert now is not None
        proposing.note(app, tx, now, proposal, verdict, actor)
