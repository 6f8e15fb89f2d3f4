"""Somebody proposes another time for one interview, by mail or on a page: whoever looks after the loop is told, and whether
it would hold.

Nothing is moved by proposing. Told by `tests/stories/test_answers_by_mail.py` and
`tests/stories/test_interviewer_proposes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.errors import BadInput, DomainError, NotAllowed, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Link
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, merged, zone
from scheduler.services.afterwards import answers
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.changing import trying
from scheduler.services.changing.asked import Asked, Change, Move, Windows
from scheduler.services.changing.trying import Step
from scheduler.services.links import holding
from scheduler.services.links.interviewer import CAUSE, Duty, duty
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.naming import told_span
from scheduler.services.telling import colleagues
from scheduler.storage.database import Tx

PROPOSED = colleagues.PROPOSED
"""The fact, and the kind of the reason."""
REST = (LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION)
"""States in which nobody is working on a loop."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """``who`` proposes it, by name; ``person`` is their id, empty for the candidate."""

    interview: Interview
    to: Span
    who: str
    person: str
    comment: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it would ``hold`` with nothing else changed, in words; ``text`` is the end of a sentence."""

    holds: bool
    text: str


def judged(app: App, loop: Loop, proposal: Proposal) -> Verdict:
    """What would come of it. Everything else of the plan is kept where it can be."""
    changes: list[Change] = [Move(proposal.interview.spec, proposal.to.start.isoformat())]
    if not proposal.person:  # they can come then, whatever they offered before
        spans = merged((*loop.windows, proposal.to))
        texts = tuple((s.start.isoformat(), s.end.isoformat()) for s in spans)
        changes.insert(0, Windows(texts))
    try:
        tried = trying.look(app, loop.id, Asked(tuple(changes)))
    except BadInput as error:
        return Verdict(False, f"it would not hold: {error.fault}")
    except DomainError:
        return Verdict(False, "whether it would hold cannot be told now")
    if tried.verdict == trying.UNDECIDED:
        return Verdict(False, "whether it would hold could not be worked out in time")
    if tried.verdict != trying.ALLOWED:
        against = "; ".join(dict.fromkeys(r.text for r in tried.refused))
        return Verdict(False, f"it would not hold: {against}")
    more = [s.text for s in tried.steps if not s.asked] + [o.text for o in tried.overrides]
    steps = [s for s in tried.steps if not s.asked and not _follows(s)]
    text = f"it would hold, and then: {'; '.join(more)}" if more else "it would hold"
    return Verdict(not steps and not tried.overrides, text)


def _follows(step: Step) -> bool:
    """Whether a step changes nothing for anybody but in the room or the debrief, which follow by themselves."""
    return step.what == "room" or step.interview == DEBRIEF


def times(app: App, found: Duty) -> list[Span]:
    """Times at which somebody's interview could be instead with them, and everybody else, in it; none where it is no seat of
    the template, or the loop is not at rest."""
    if not found.may_hand_over or found.loop.state is not LoopState.CONFIRMED:
        return []
    return holding.times(app, found.loop, found.interview, _follows)


def propose(app: App, link: Link, interview: str, to: datetime, comment: str) -> None:
    """Propose a time that was shown; their seat is tentative until somebody decides. Raises `Missing`; `NotAllowed` where that
    time does not hold any more; `WrongState` while somebody is working on the loop. Then nothing has changed."""
    with app.db.read() as tx:
        found = duty(app, tx, link, interview)
        person = tx.people.get(link.person)
    one = found.interview
    inside = any(
        s.start <= to <= s.end - (one.span.end - one.span.start) for s in holding.left(found.loop, one)
    )
    if person is None or not found.may_hand_over or not inside:
        raise NotAllowed("propose", "that time was not offered")
    proposal = Proposal(one, Span(to, to + (one.span.end - one.span.start)), person.name, person.id, comment)
    verdict = judged(app, found.loop, proposal)
    if not verdict.holds:
        raise NotAllowed("propose", verdict.text)
    with app.db.write() as tx:
        now, loop = duty(app, tx, link, interview), tx.loops.claim(found.loop.id)
        assert loop is not None
        if loop.state not in REST or now.interview.span != one.span or now.seat.state is SeatState.DECLINED:
            raise WrongState("interview", interview, loop.state.value, "it has changed since")
        actor, said = str(Subject.person(person.id)), answers.said(comment)
        answers.given(app, tx, now.interview, now.seat, SeatState.TENTATIVE, said, CAUSE)
        note(app, tx, loop, proposal, verdict.text, actor)


def note(app: App, tx: Tx, loop: Loop, proposal: Proposal, verdict: str, actor: str) -> None:
    """Have the loop wait for a person who says yes or no, and tell its owner, in an open transaction of which this is the last
    thing. The same proposal again is told once."""
    spec, tz = proposal.interview.spec, zone(loop.zone)
    when = told_span(proposal.to, tz)
    said = answers.quoted(answers.said(proposal.comment))
    text = f"{proposal.who} proposes {when} ({loop.zone}) for {proposal.interview.title}: {verdict}{said}"
    mine = (proposal.person,) if proposal.person else ()
    if any(r.kind == PROPOSED and r.text == text for r in loop.reasons):
        return
    rest = tuple(
        r for r in loop.reasons if not (r.kind == PROPOSED and r.people == mine and spec in r.interviews)
    )
    if rest != loop.reasons:
        loop = tx.loops.change(loop.id, actor, actor, app.clock(), "reason_gone", reasons=rest)
    holes.attend(app, tx, loop, [Reason(PROPOSED, text, mine, (spec,))], actor)
    told = {
        "interview": proposal.interview.id,
        **({"person": proposal.person} if proposal.person else {}),
        "start": proposal.to.start.isoformat(),
        "text": text,
    }
    colleagues.tell(app, tx, Fact(app.clock(), actor, PROPOSED, f"loop:{loop.id}", data=told))
