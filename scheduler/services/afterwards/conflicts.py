"""Looks again at the calendars of those who are booked: a meeting may have come into them since.

The organizer's calendar tells nothing of it. What was there when the booking was decided was read then
and was no conflict, so every hard one that is found now is new (`planning.meaning` says what is hard). It
is acted on once: the time is kept in the loop's ``blocked``. What is soft, and a calendar that cannot be
read, are shown and change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from connectors.types import Availability, Known, Unknown
from scheduler.domain.bookings import Interview, InterviewState, SeatState, Write, WriteState
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.policy import Policy
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.time import Span, zone
from scheduler.services import jobs
from scheduler.services.afterwards import left, moved
from scheduler.services.app import App
from scheduler.services.booking import recheck
from scheduler.services.booking.holes import CONFLICT, CONFLICTS, ROOM_CONFLICT
from scheduler.services.planning import availability
from scheduler.services.planning.meaning import Claim, Meaning, meaning
from scheduler.services.planning.picture import subjects_of
from scheduler.storage.database import Tx

ACTOR = "system:conflicts"
TENTATIVE, UNREAD = "tentative", "unread"
"""Labels of a loop: what is shown and changes nothing."""
_WATCHED = frozenset({LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION})
_SETTLED = timedelta(minutes=2)
"""A loop that changed this recently is left for the next look: invitations are still on their way."""
_ELSEWHERE = frozenset({"moved", "deleted"})
"""Flags of interviews whose event is not where we put it: a human decides on those."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at: the loops as they were then, their interviews, where our own events stand in
    each calendar (their keys begin with ``prefix``), names by subject; ``found`` is what the calendars say."""

    prefix: str
    policy: Policy
    names: Mapping[Subject, str]
    loops: Mapping[str, Loop]
    watched: Mapping[str, Sequence[Interview]]
    own: Mapping[Subject, Sequence[Span]]
    found: Mapping[Subject, Availability] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clash:
    """Something else at the time of an interview, in the calendar of somebody it needs."""

    subject: Subject
    interview: Interview
    hard: bool

    @property
    def time(self) -> tuple[Subject, Span]:
        return self.subject, self.interview.span


def watch(app: App, days: int, every: float) -> None:
    """Ask for the job that looks: one in ``every`` seconds, however many workers ask."""
    if days == 0:
        return
    with app.db.write() as tx:
        jobs.conflicts(app, tx, days, every)


def look(app: App, days: int) -> int:
    """Read the calendars of everybody who is booked within so many days, once, and act on what is
    new; how many calendars were asked for."""
    now = app.clock()
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return 0
    left.look(app)
    moved.look(app)
    with app.db.read() as tx:
        seen = _booked(app, tx, Span(now, now + timedelta(days=days)))
        spans = [i.span for rows in seen.watched.values() for i in rows]
        owners = recheck.owners_of(
            tx, {s for rows in seen.watched.values() for i in rows for s in _needed(i)}
        )
    if not owners:
        return 0
    window = Span(min(s.start for s in spans), max(s.end for s in spans))
    accounts = {s: owner.account for s, owner in owners.items()}
    names = {s: owner.name for s, owner in owners.items()}
    seen = replace(seen, names=names, found=availability.read(app, accounts, window))
    availability.noted(app, seen.found)
    for loop_id in sorted(seen.watched):
        if _found(seen, seen.loops[loop_id]).says_something_new(seen.loops[loop_id]):
            with app.db.write() as tx:
                _act(app, tx, seen, loop_id)
    return len(accounts)


def _booked(app: App, tx: Tx, window: Span) -> Seen:
    """What is booked in the window and has not begun, and all of our events there."""
    booked = tx.interviews.between(window)
    loops = {loop.id: loop for loop in tx.loops.of_ids({i.loop for i in booked}, _WATCHED)}
    watched: dict[str, list[Interview]] = defaultdict(list)
    own: dict[Subject, list[Span]] = defaultdict(list)
    for interview in booked:
        if interview.event_id:
            for subject in subjects_of(interview):
                own[subject].append(interview.span)
        loop = loops.get(interview.loop)
        if loop is None or loop.updated_at > window.start - _SETTLED or interview.span.start <= window.start:
            continue
        if interview.state is InterviewState.CONFIRMED and interview.flag not in _ELSEWHERE:
            watched[loop.id].append(interview)
    return Seen(f"{app.deployment}/", tx.company.policy(), {}, loops, watched, own)


def _needed(interview: Interview) -> list[Subject]:
    """Everybody and the room that the interview cannot do without; who declined is a hole already."""
    gone = {
        Subject.person(s.person)
        for s in interview.seats
        if s.state in (SeatState.DECLINED, SeatState.REPLACED)
    }
    return [s for s, _ in recheck.needs(interview) if s not in gone]


def _act(app: App, tx: Tx, seen: Seen, loop_id: str) -> None:
    """Send a loop to its repair, or tell whoever has to look at it anyway."""
    loop = tx.loops.claim(loop_id)
    if loop is None or _touched(tx, loop, seen.loops[loop_id]):
        return
    found = _found(seen, loop)
    if not found.says_something_new(loop):
        return
    cause = ", ".join(sorted({str(c.subject) for c in found.new})) or "calendar"
    at, changes = app.clock(), found.changes(loop)
    if found.new and loop.state is LoopState.CONFIRMED:
        moved = tx.loops.move(
            loop_id, LoopState.REPAIRING, expect={loop.state}, actor=ACTOR, cause=cause, at=at, **changes
        )
        jobs.repair_conflict(app, tx, moved)
        return
    what = "conflict_found" if found.new else "conflict_gone" if found.past else "calendars_seen"
    tx.loops.change(loop_id, ACTOR, cause, at, what, **changes)


def _touched(tx: Tx, loop: Loop, then: Loop) -> bool:
    """Whether the loop changed, or is being written, since its calendars were asked for."""
    if (loop.state, loop.updated_at) != (then.state, then.updated_at):
        return True
    return any(r.write is not Write.MAIL for r in tx.ledger.of_loop(loop.id, {WriteState.TODO}))


@dataclass(frozen=True, slots=True)
class _Findings:
    """What the calendars say of one loop: hard conflicts nobody knew of, with the sentence for each, those
    that are no more, and its labels."""

    new: Sequence[Clash]
    reasons: Sequence[Reason]
    past: Sequence[tuple[Reason, tuple[Subject, Span]]]
    labels: Mapping[str, str]

    def says_something_new(self, loop: Loop) -> bool:
        return bool(self.new or self.past or self.labels != dict(loop.labels))

    def changes(self, loop: Loop) -> dict[str, Any]:
        """The loop's fields with what is new added and what is over taken out."""
        over, gone = [reason for reason, _ in self.past], {time for _, time in self.past}
        return {
            "labels": self.labels,
            "blocked": (*(b for b in loop.blocked if b not in gone), *(c.time for c in self.new)),
            "reasons": (*(r for r in loop.reasons if r not in over), *self.reasons),
        }


def _found(seen: Seen, loop: Loop) -> _Findings:
    interviews = seen.watched[loop.id]
    clashes = _clashes(seen, loop, interviews)
    hard = [c for c in clashes if c.hard]
    new = [c for c in hard if c.time not in loop.blocked]
    return _Findings(
        new,
        [_reason(loop, c, seen.names) for c in new],
        _past(loop, interviews, seen.found, hard),
        _labels(loop, seen.found, interviews, [c for c in clashes if not c.hard], seen.names),
    )


def _clashes(seen: Seen, loop: Loop, interviews: Iterable[Interview]) -> list[Clash]:
    """What else stands at the time of each interview, and whether it stops the interview."""
    found = []
    for interview in interviews:
        span = interview.span
        for subject in _needed(interview):
            state = seen.found.get(subject)
            if not isinstance(state, Known):
                continue
            blocks = availability.without_own(state, seen.prefix, seen.own.get(subject, ()))
            claim = _claim(interview, subject)
            meant = {
                meaning(b.verdict, loop.mode, seen.policy, claim)
                for b in blocks
                if b.start < span.end and span.start < b.end
            }
            if meant:
                found.append(Clash(subject, interview, Meaning.HARD in meant))
    return found


def _claim(interview: Interview, subject: Subject) -> Claim:
    if subject.kind is Whose.ROOM:
        return Claim.ROOM
    accepted = any(s.person == subject.id and s.state is SeatState.ACCEPTED for s in interview.seats)
    return Claim.ACCEPTED if accepted else Claim.BOOKED


def _past(
    loop: Loop, interviews: Iterable[Interview], found: Mapping[Subject, Availability], hard: Sequence[Clash]
) -> list[tuple[Reason, tuple[Subject, Span]]]:
    """Conflicts that were told of and are no more: the calendar was read and has nothing there."""
    there = {c.time for c in hard}
    spans = {i.spec: i for i in interviews}
    past = []
    for reason in loop.reasons:
        interview = spans.get(reason.interviews[0]) if reason.interviews else None
        if reason.kind not in CONFLICTS or interview is None or not (reason.people or interview.room):
            continue
        subject = Subject.person(reason.people[0]) if reason.people else Subject.room(interview.room or "")
        time = (subject, interview.span)
        if time not in there and isinstance(found.get(subject), Known):
            past.append((reason, time))
    return past


def _labels(
    loop: Loop,
    found: Mapping[Subject, Availability],
    interviews: Iterable[Interview],
    soft: Iterable[Clash],
    names: Mapping[Subject, str],
) -> dict[str, str]:
    """The loop's labels with what is only shown: who is perhaps busy, and whose calendar cannot be
    read. One that will be readable again in a moment is not worth a word."""
    unread = {
        names.get(subject, str(subject))
        for interview in interviews
        for subject in _needed(interview)
        if isinstance(state := found.get(subject), Unknown) and state.code not in recheck.PASSING
    }
    texts = {
        TENTATIVE: "; ".join(_words(loop, c, names, "may be busy") for c in soft),
        UNREAD: f"conflicts would not be seen: {', '.join(sorted(unread))}" if unread else "",
    }
    labels = {k: v for k, v in loop.labels.items() if k not in texts}
    return labels | {k: v for k, v in texts.items() if v}


def _reason(loop: Loop, clash: Clash, names: Mapping[Subject, str]) -> Reason:
    text = _words(loop, clash, names, "is busy with something else")
    spec, subject = (clash.interview.spec,), clash.subject
    if subject.kind is Whose.PERSON:
        return Reason(CONFLICT, text, (subject.id,), spec)
    return Reason(ROOM_CONFLICT, text, (), spec)


def _words(loop: Loop, clash: Clash, names: Mapping[Subject, str], verb: str) -> str:
    start = clash.interview.span.start.astimezone(zone(loop.zone))
    when = f"{start:%a %d %b %H:%M} ({loop.zone})"
    return f"{names.get(clash.subject, str(clash.subject))} {verb} during {clash.interview.title}, {when}"
