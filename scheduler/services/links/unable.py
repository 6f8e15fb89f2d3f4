"""A candidate cannot come to one interview: that one is moved into their own times, or a person is asked.

Nothing else is moved where that can be. Told by `tests/stories/test_candidate_cannot.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.bookings import Interview, InterviewState
from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Link, Purpose
from scheduler.domain.loops import Application, BookMode, Loop, LoopState, Reason
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span, zone
from scheduler.services.afterwards import answers
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.changing import applying, trying
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Move, Windows
from scheduler.services.links import holding
from scheduler.services.links.choosing import ACTOR
from scheduler.services.planning.naming import told_span
from scheduler.services.telling import colleagues
from scheduler.storage.database import Tx

CANNOT = colleagues.CANNOT
"""The fact, and the kind of the reason where a person is asked."""
MOST = 3
"""How often a candidate moves interviews of one loop; after that a person is asked."""


class Way(StrEnum):
    """What comes of it."""

    AT_ONCE = "at_once"  # a time that fits is shown, and taken by one click
    ASKED = "asked"  # the company is asked: so it wants, or it was moved often
    LATE = "late"  # it begins too soon: they should call
    NOT_NOW = "not_now"  # somebody is working on the loop


def interview_of(app: App, tx: Tx, link: Link, spec: str) -> Interview:
    """One booked interview of a link's loop that is still ahead. Raises `Missing` for every other one alike."""
    for one in tx.interviews.of_loop(link.loop):
        ahead = one.state is not InterviewState.CANCELLED and one.span.start > app.clock()
        if one.spec == spec and one.kind is not InterviewKind.DEBRIEF and ahead:
            return one
    raise Missing("interview", spec)


def way(app: App, tx: Tx, link: Link, one: Interview) -> Way:
    """What comes of it if they cannot come to an interview."""
    loop, policy = tx.loops.get(link.loop), tx.company.policy()
    assert loop is not None
    if one.span.start - app.clock() < timedelta(hours=policy.freeze_hours):
        return Way.LATE
    if loop.state is not LoopState.CONFIRMED:
        return Way.NOT_NOW
    alone = link.purpose is Purpose.CHOOSE or (loop.mode is BookMode.BOOK and not policy.approve_moves)
    often = sum(f.what == CANNOT for f in tx.facts.of(f"loop:{loop.id}")) >= MOST
    return Way.AT_ONCE if alone and not often else Way.ASKED


def look(app: App, link: Link, spec: str) -> list[Span]:
    """Times at which the interview could be instead, the nearest first: within what the candidate offered, with
    everything else where it is and no rule broken, however soft. Raises `Missing`, and `WrongState` where that is not theirs
    to do."""
    loop, one = _at_once(app, link, spec)
    return holding.times(app, loop, one, lambda step: not step.seen)


def move(app: App, link: Link, spec: str, to: datetime, comment: str) -> None:
    """Move the interview to a time that was shown. Raises `Missing`, `WrongState`, `NotAllowed` where that time does not
    hold any more, and what `applying.apply` raises where somebody was quicker; then nothing has changed."""
    loop, one = _at_once(app, link, spec)
    left, length = holding.left(loop, one), one.span.end - one.span.start
    if not any(s.start <= to <= s.end - length for s in left):
        raise NotAllowed("move", "that time was not offered")
    texts = tuple((s.start.isoformat(), s.end.isoformat()) for s in left)
    asked = Asked((Windows(texts), Move(spec, to.isoformat())))
    tried = trying.look(app, loop.id, asked)
    others = [s for s in tried.steps if s.seen and s.interview != spec]
    if not tried.version or tried.overrides or others:
        raise NotAllowed("move", "that time does not hold any more")

    def noted(tx: Tx) -> None:
        tx.facts.add(_fact(app, link.loop, one, comment, f"{ACTOR}:{link.id}"))

    applying.apply(app, loop.id, asked, tried.version, Why(), f"{ACTOR}:{link.id}", noted)


def ask(app: App, link: Link, spec: str, comment: str) -> None:
    """Have a person look for another time. Raises `Missing`, `WrongState`."""
    with app.db.write() as tx:
        one, loop = interview_of(app, tx, link, spec), tx.loops.claim(link.loop)
        assert loop is not None
        if loop.state not in (LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION):
            raise WrongState("loop", loop.id, loop.state.value, "somebody is working on it just now")
        application = tx.applications.get(loop.application)
        assert application is not None
        told(app, tx, loop, one, application, comment, f"{ACTOR}:{link.id}")


def told(
    app: App,
    tx: Tx,
    loop: Loop,
    one: Interview,
    application: Application,
    comment: str,
    actor: str,
    *,
    tell: bool = False,
) -> None:
    """Have a person look for another time for an interview, in an open transaction. Where the owner is told by mail
    (``tell``), it is the last thing of it."""
    when = told_span(one.span, zone(loop.zone))
    said = answers.quoted(answers.said(comment))
    text = f"{application.candidate.name} cannot come to {one.title}, {when} ({loop.zone}){said}"
    known = any(r.kind == CANNOT and one.spec in r.interviews for r in loop.reasons)
    holes.attend(app, tx, loop, [Reason(CANNOT, text, (), (one.spec,))], actor)
    if known:
        return
    fact = _fact(app, loop.id, one, comment, actor)
    if tell:
        colleagues.tell(app, tx, fact)
    else:
        tx.facts.add(fact)


def _at_once(app: App, link: Link, spec: str) -> tuple[Loop, Interview]:
    with app.db.read() as tx:
        one, loop = interview_of(app, tx, link, spec), tx.loops.get(link.loop)
        assert loop is not None
        found = way(app, tx, link, one)
    if found is not Way.AT_ONCE:
        raise WrongState("interview", spec, found.value, "a person has to be asked")
    return loop, one


def _fact(app: App, loop: str, one: Interview, comment: str, actor: str) -> Fact:
    data = {"interview": one.id, "comment": answers.said(comment)}
    return Fact(app.clock(), actor, CANNOT, f"loop:{loop}", data=data)
