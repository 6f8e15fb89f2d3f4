"""What a loop's page shows, put together from what the services know.

Told by `tests/scheduler/web/test_loop.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from scheduler.domain.access.policy import Actor, knows_needs
from scheduler.domain.bookings import Interview, SeatState, WriteState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Accommodation, LoopState
from scheduler.domain.proposals import Proposal
from scheduler.domain.time import zone
from scheduler.services.afterwards import silence
from scheduler.services.booking.offers import Told
from scheduler.services.changing import ground
from scheduler.services.overview.one import Whole
from scheduler.web.frame.facts import QUIET
from scheduler.web.frame.terms import Terms
from scheduler.web.frame.viewer import Viewer
from scheduler.web.frame.words import N_, Words

_NEWS = frozenset(
    {
        LoopState.AWAITING_CANDIDATE,
        LoopState.PROPOSED,
        LoopState.INFEASIBLE,
        LoopState.CONFIRMED,
        LoopState.REPAIRING,
        LoopState.NEEDS_ATTENTION,
        LoopState.COMPLETED,
        LoopState.CANCELLED,
    }
)
_MOVED = "moved"
UNANSWERED = (SeatState.ASSIGNED, SeatState.INVITED, SeatState.TENTATIVE)
_PLANNED_ANEW = frozenset({LoopState.PROPOSED, LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION})


@dataclass(frozen=True, slots=True)
class ClockOf:
    """A clock of the agenda: whose it is, and which."""

    whose: str
    zone: str


def zones(whole: Whole, viewer: Viewer) -> list[ClockOf]:
    """The clocks of the candidate, the place and whoever looks; each zone once, with all whose it is."""
    wanted = [
        (whole.application.candidate.zone, N_("candidate")),
        (whole.loop.zone, N_("place")),
        (viewer.zone, N_("you")),
    ]
    found: dict[str, list[str]] = {}
    for name, whose in wanted:
        found.setdefault(name, []).append(viewer.words(whose))
    return [ClockOf(", ".join(whose), name) for name, whose in found.items()]


def days(whole: Whole) -> list[tuple[date, list[Interview]]]:
    """The interviews by the day at the place."""
    tz = zone(whole.loop.zone)
    ordered = sorted(whole.interviews, key=lambda i: (i.span.start, i.id))
    return [(d, list(group)) for d, group in groupby(ordered, lambda i: i.span.start.astimezone(tz).date())]


def needs(whole: Whole, viewer: Viewer, actor: Actor) -> Accommodation | None:
    """What the candidate needs, for the recruiter and the coordinator of that application alone."""
    there = whole.application
    told = bool(viewer.me) and viewer.me in (there.recruiter, there.coordinator)
    told = told and knows_needs(actor, there.recruiter, there.coordinator)
    return there.accommodation if told and there.accommodation != Accommodation() else None


@dataclass(frozen=True, slots=True)
class Unread:
    """Who could not be read when a plan was made, by name: ``placed`` have a place in it nevertheless, ``apart`` are those
    that it does without."""

    placed: Sequence[str]
    apart: Sequence[str]


def unread(whole: Whole, proposal: Proposal, told: Sequence[Told]) -> Unread:
    """Whose calendars were missing for a plan."""
    seated = {seat.person for t in told for seat in t.seats}
    there, apart = (
        [whole.name(p) for p in proposal.unknown if (p in seated) is sits] for sits in (True, False)
    )
    return Unread(there, apart)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that can be chosen. ``gap`` is what it costs more than the best: that much where the best is ``proven``,
    at most that much otherwise."""

    proposal: Proposal
    told: Sequence[Told]
    gap: int
    proven: bool
    best: bool
    unread: Unread


def plans(whole: Whole) -> list[Plan]:
    """The plans beside the best of them. Where one of them is proven to be the best there is, the distance of the
    others is known exactly; else each has its own bound."""
    best = min((p.cost for p, _ in whole.plans if p.proven), default=None)
    return [
        Plan(
            p,
            told,
            p.cost - (p.bound if best is None else best),
            best is not None,
            p.proven,
            unread(whole, p, told),
        )
        for p, told in whole.plans
    ]


@dataclass(frozen=True, slots=True)
class May:
    """Which forms make sense as the loop stands; the services decide again."""

    choose: bool
    ask: bool
    replan: bool
    repair: bool
    accept: bool
    change: bool
    cancel: bool
    remind: bool
    send_again: bool
    send_once_more: bool


def may(whole: Whole) -> May:
    state, booked = whole.loop.state, bool(whole.interviews)
    attention = state is LoopState.NEEDS_ATTENTION
    return May(
        choose=bool(whole.plans),
        ask=state in (LoopState.PROPOSED, LoopState.AWAITING_CANDIDATE),
        replan=state in _PLANNED_ANEW and not booked,
        repair=attention and booked,
        accept=attention and any(i.flag == _MOVED for i in whole.interviews),
        change=(state in ground.BOOKED and booked) or (state is LoopState.PROPOSED and bool(whole.plans)),
        cancel=state not in ENDED and state is not LoopState.CANCELLING,
        remind=state is LoopState.AWAITING_CANDIDATE or _unanswered(whole),
        send_again=any(m.state == WriteState.FAILED for m in mails(whole)),
        send_once_more=booked and any(m.state == WriteState.DONE for m in mails(whole)),
    )


def _unanswered(whole: Whole) -> bool:
    return any(i.event_id and s.state in UNANSWERED for i in whole.interviews for s in i.seats)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is told: ``state`` is that of its write, ``error`` why it could not be sent."""

    to: str
    subject: str
    state: str
    error: str


def mails(whole: Whole) -> list[Mail]:
    """The mails of the loop, the newest first. What was meant to be sent of an earlier booking never is."""
    return [
        Mail(row.payload["message"]["to_name"], row.payload["message"]["subject"], row.state.value, row.error)
        for row in reversed(whole.mails)
        if "message" in row.payload  # else the candidate was erased
        and (
            row.state is WriteState.DONE
            or (row.generation == whole.loop.generation and row.state is not WriteState.DROPPED)
        )
    ]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact in words: when, who, what, and what was said beside it."""

    at: datetime
    who: str
    what: str
    more: str
    quiet: bool


def history(whole: Whole, words: Words) -> list[Happened]:
    """What happened, the newest first."""
    return told(whole, reversed(whole.facts), words)


def told(whole: Whole, facts: Iterable[Fact], words: Words) -> list[Happened]:
    """Facts in words."""
    in_words = Terms(words)
    return [
        Happened(
            f.at,
            in_words.actor(f.actor, whole.name),
            _what(whole, f, in_words),
            _more(whole, f),
            _quiet(f),
        )
        for f in facts
    ]


def _quiet(fact: Fact) -> bool:
    """Whether it is a step of the machine on its way to something that is told anyway."""
    return fact.what in QUIET or (fact.what == "loop_moved" and fact.after not in _NEWS)


def _what(whole: Whole, fact: Fact, in_words: Terms) -> str:
    if fact.what == "reason_given":
        return in_words.fact(
            fact.what, after=next((r.text for r in whole.reasons if r.code == fact.after), fact.after)
        )
    if (fact.what, fact.cause) == ("seat_declined", silence.CAUSE):
        return in_words.told(replace(fact, what="seat_opened"), whole.name)
    return in_words.told(fact, whole.name)


def _more(whole: Whole, fact: Fact) -> str:
    """What people said beside it, and why it was so."""
    texts: list[str] = []
    for name in ("comment", "text", "message"):
        value = fact.data.get(name)
        if isinstance(value, str) and value:
            texts.append(value)
    texts += _texts(fact.data.get("reasons"))
    if isinstance(fact.data.get("interview"), str):
        title = next((i.title for i in whole.interviews if i.id == fact.data["interview"]), "")
        texts = [title, *texts] if title else texts
    return "\n".join(texts)


def _texts(value: object) -> Sequence[str]:
    found = value if isinstance(value, list | tuple) else []
    return [part["text"] for part in found if isinstance(part, dict) and isinstance(part.get("text"), str)]
