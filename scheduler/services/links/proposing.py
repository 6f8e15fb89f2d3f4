"""Somebody proposes another time for one interview: whoever looks after the loop is told, and whether it would hold.

Nothing is moved by proposing. Told by `tests/stories/test_answers_by_mail.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.domain.bookings import Interview
from scheduler.domain.errors import BadInput, DomainError
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.time import Span, merged, zone
from scheduler.services.afterwards import answers
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.changing import trying
from scheduler.services.changing.asked import Asked, Change, Move, Windows
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


def would_hold(app: App, loop: Loop, proposal: Proposal) -> str:
    """A sentence about what would come of it. Everything else of the plan is kept where it can be."""
    changes: list[Change] = [Move(proposal.interview.spec, proposal.to.start.isoformat())]
    if not proposal.person:  # they can come then, whatever they offered before
        spans = merged((*loop.windows, proposal.to))
        texts = tuple((s.start.isoformat(), s.end.isoformat()) for s in spans)
        changes.insert(0, Windows(texts))
    try:
        tried = trying.look(app, loop.id, Asked(tuple(changes)))
    except BadInput as error:
        return f"it would not hold: {error.fault}"
    except DomainError:
        return "whether it would hold cannot be told now"
    if tried.verdict == trying.UNDECIDED:
        return "whether it would hold could not be worked out in time"
    if tried.verdict != trying.ALLOWED:
        return "it would not hold: " + "; ".join(dict.fromkeys(r.text for r in tried.refused))
    more = [s.text for s in tried.steps if not s.asked] + [o.text for o in tried.overrides]
    return "it would hold" + (f", and then: {'; '.join(more)}" if more else "")


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
        loop = tx.loops.change(loop.id, actor, "mail", app.clock(), "reason_gone", reasons=rest)
    holes.attend(app, tx, loop, [Reason(PROPOSED, text, mine, (spec,))], actor)
    told = {
        "interview": proposal.interview.id,
        **({"person": proposal.person} if proposal.person else {}),
        "start": proposal.to.start.isoformat(),
        "text": text,
    }
    colleagues.tell(app, tx, Fact(app.clock(), actor, PROPOSED, f"loop:{loop.id}", data=told))
