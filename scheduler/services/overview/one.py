"""One loop with all that belongs to it, and what has happened to it since somebody looked.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Interview, LedgerRow, Write
from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.domain.finding import people_of
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.people import Person, Room, Site
from scheduler.domain.proposals import Proposal, ProposalState, Seen
from scheduler.domain.reasons import ReasonCode
from scheduler.domain.subjects import Subject, Whose
from scheduler.services.booking import offers
from scheduler.services.booking.offers import Told
from scheduler.services.booking.undo_end import books_at
from scheduler.services.planning import plan as planning
from scheduler.storage.database import Tx

HISTORY = 200
"""Facts that are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Whole:
    """``version`` is the number of the loop's newest fact. ``plans`` are those that can be chosen, best first; ``taken``
    is the one that was. ``looking`` and ``no_more`` as `planning.looking` says."""

    loop: Loop
    application: Application
    version: int
    interviews: Sequence[Interview]
    plans: Sequence[tuple[Proposal, Sequence[Told]]]
    taken: Proposal | None
    looking: bool
    no_more: str | None
    facts: Sequence[Fact]
    seen: Seen | None
    people: Mapping[str, Person]
    rooms: Mapping[str, Room]
    site: Site | None
    reasons: Sequence[ReasonCode]
    mails: Sequence[LedgerRow]
    books_at: datetime | None = None
    """Until when it can be undone before the best plan is booked by itself."""

    def name(self, person: str) -> str:
        """What somebody is called."""
        return self.people[person].name if person in self.people else person

    def room(self, id: str | None) -> str:
        """What a room is called; empty for none."""
        return self.rooms[id].name if id and id in self.rooms else id or ""

    def subject(self, subject: Subject) -> str:
        """Whose calendar it is, by name; empty for the candidate, who is called otherwise on every page."""
        if subject.kind is Whose.CANDIDATE:
            return ""
        return self.name(subject.id) if subject.kind is Whose.PERSON else self.room(subject.id)


def whole(tx: Tx, loop_id: str) -> Whole:
    """Everything about a loop, in a dozen statements. Raises `Missing`."""
    facts = tx.facts.of(f"loop:{loop_id}", limit=HISTORY)
    loop = tx.loops.get(loop_id)
    application = tx.applications.get(loop.application) if loop else None
    if loop is None or application is None:
        raise Missing("loop", loop_id)
    interviews, proposals = tx.interviews.of_loop(loop_id), tx.proposals.of_loop(loop_id)
    offered = [p for p in proposals if p.state is ProposalState.OFFERED]
    plans = offers.told(tx, sorted(offered, key=lambda p: (p.rank, p.id))) if _open(loop) and offered else []
    seen, (looking, no_more) = tx.seen.last(loop_id), planning.looking(tx, loop)
    unread = {person for proposal in offered for person in proposal.unknown}
    ids = {*_people(loop, application, interviews, facts), *_asked(seen, Whose.PERSON), *unread}
    rooms = {i.room for i in interviews if i.room} | _asked(seen, Whose.ROOM)
    return Whole(
        loop=loop,
        application=application,
        version=facts[-1].seq if facts else 0,
        interviews=interviews,
        plans=plans,
        taken=next((p for p in proposals if p.id == loop.chosen), None),
        looking=looking,
        no_more=no_more,
        facts=facts,
        seen=seen,
        people={p.id: p for p in tx.people.list(ids, active=False)},
        rooms={r.id: r for r in tx.rooms.list(rooms, active=False)} if rooms else {},
        site=tx.sites.get(loop.site) if loop.site else None,
        reasons=tx.company.policy().reasons,
        mails=[row for row in tx.ledger.of_loop(loop_id) if row.write is Write.MAIL],
        books_at=books_at(tx, loop),
    )


def since(tx: Tx, loop_id: str, version: int, quiet: Iterable[str]) -> Sequence[Fact]:
    """What has happened to the loop since somebody looked at it, beside what is ``quiet``."""
    unheeded = frozenset(quiet)
    return [fact for fact in tx.facts.since(f"loop:{loop_id}", version) if fact.what not in unheeded]


def people_in(fact: Fact) -> list[str]:
    """The ids of those whom a fact itself names, beside whoever did it."""
    one, several = fact.data.get("person"), fact.data.get("people")
    found = [one] if isinstance(one, str) else []
    return found or [p for p in (several if isinstance(several, list | tuple) else ()) if isinstance(p, str)]


def _open(loop: Loop) -> bool:
    return loop.state in (LoopState.PROPOSED, LoopState.NEEDS_ATTENTION)


def _people(
    loop: Loop, application: Application, interviews: Sequence[Interview], facts: Sequence[Fact]
) -> set[str]:
    """The ids of everybody who is named on a loop's page."""
    roles = (application.hiring_manager, application.recruiter, application.coordinator, loop.owner)
    seated = {seat.person for i in interviews for seat in i.seats}
    told = {id for fact in facts for id in people_of(fact)}
    given = {text for f in facts if f.what == "loop_assigned" for text in (f.before, f.after)}
    beside = application.accommodation.also
    return {id for id in (*roles, *beside, *seated, *told, *given, *loop.unknown) if id}


def _asked(seen: Seen | None, kind: Whose) -> set[str]:
    return {c.subject.id for c in seen.calendars if c.subject.kind is kind} if seen else set()
