"""Opens the seats of people who were invited and reminded, and say nothing: where the policy says after how long.

As with reminders nothing waits in a timer: each round works out whose time is over. Only who was really sent a reminder
loses a seat, and only a seat that somebody else can take: a debrief is not moved for a silence. Told by
`tests/scheduler/services/afterwards/test_silence.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.facts import Fact
from scheduler.domain.policy import Policy
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.telling import colleagues, timely
from scheduler.storage.database import Tx

CAUSE = "unanswered"
_MOST = 500
"""Seats that one round looks at, of what begins first."""


def open_seats(app: App) -> int:
    """Open every seat whose time is over; how many. What follows is as after a decline."""
    now = app.clock()
    with app.db.read() as tx:
        policy = tx.company.policy() if tx.company.loaded_at() is not None else Policy()
        loops = {i.loop for i, _ in _due(tx, policy, now)} if policy.open_hours else set()
    return sum(_open(app, policy, now, loop) for loop in sorted(loops))


def _due(tx: Tx, policy: Policy, now: datetime, loop: str | None = None) -> list[tuple[Interview, str]]:
    """Interviews and people whose seat there is to be opened. Not at night: they have the morning to answer."""
    since = now - timedelta(hours=policy.open_hours)
    found = tx.interviews.still_unanswered(now, since, _MOST, loop)
    if not found:
        return []
    interviews = {i.id: i for i in tx.interviews.of_ids([id for _, id, _ in found])}
    zones = {p.id: zone(p.zone) for p in tx.people.list({who for *_, who in found})}
    return [
        (interviews[id], who)
        for _, id, who in found
        if who in zones and not timely.quiet(policy, now, zones[who]) and _can_be_taken(interviews[id], who)
    ]


def _can_be_taken(interview: Interview, person: str) -> bool:
    """Whether it is a seat of the template that the interview needs."""
    return interview.kind is not InterviewKind.DEBRIEF and any(
        s.person == person and s.required and s.number >= 0 for s in interview.seats
    )


def _open(app: App, policy: Policy, now: datetime, loop_id: str) -> int:
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        due = _due(tx, policy, now, loop_id) if loop is not None else []
        if loop is None or not due:
            return 0
        for interview, who in due:
            state = SeatState.DECLINED
            tx.interviews.set_seat(interview.id, who, state, actor=timely.ACTOR, cause=CAUSE, at=now)
        declined = tuple(dict.fromkeys((*loop.declined, *((who, i.spec) for i, who in due))))
        if declined != loop.declined:
            tx.loops.change(loop_id, timely.ACTOR, CAUSE, now, "seat_lost", declined=declined)
        holes.mend(app, tx, loop_id, CAUSE)
        data = {"seats": [[i.id, who] for i, who in due]}
        colleagues.tell(app, tx, Fact(now, timely.ACTOR, colleagues.UNANSWERED, f"loop:{loop_id}", data=data))
    return len(due)
