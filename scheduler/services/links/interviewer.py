"""An interviewer's page: all their interviews, and what they say to each.

Told by `tests/stories/test_interviewer_answers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduler.domain.bookings import Interview, InterviewState, Seat, SeatState
from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.guests.links import Link
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person
from scheduler.domain.reasons import Deed, ReasonCode
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind, SeatKind
from scheduler.domain.time import Span
from scheduler.services import reasons
from scheduler.services.afterwards import answers
from scheduler.services.app import App
from scheduler.services.changing import applying, places, trying
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Give
from scheduler.services.changing.places import FITS, PRICED, Substitute
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

AHEAD, BACK = timedelta(days=120), timedelta(days=14)
"""How far a page looks ahead, and a calendar back."""
CAUSE = "page"


@dataclass(frozen=True, slots=True)
class Duty:
    """One interview of somebody: ``others`` are the candidate's other interviews, each with who gives it; ``beside`` are
    those who sit in this one too, ``place`` is the room's name."""

    interview: Interview
    seat: Seat
    loop: Loop
    application: Application
    place: str
    address: str
    beside: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    about: str

    @property
    def observes(self) -> bool:
        return self.seat.kind is SeatKind.SHADOW

    @property
    def may_hand_over(self) -> bool:
        """Whether the seat is one of the template's, which somebody else can be found for."""
        return self.seat.number >= 0 and not self.observes


@dataclass(frozen=True, slots=True)
class Mine:
    """Everything an interviewer's page shows."""

    person: Person
    company: str
    duties: tuple[Duty, ...]
    reasons: tuple[ReasonCode, ...]


def mine(app: App, tx: Tx, link: Link, back: timedelta = timedelta(0)) -> Mine | None:
    """What the person of a link has to attend, the next first; ``None`` where they have left the company."""
    people = tx.people.list([link.person])
    if not people:
        return None
    now = app.clock()
    found = tx.interviews.upcoming(link.person, Span(now - back, now + AHEAD))
    duties = [_duty(tx, i, link.person) for i in sorted(found, key=lambda i: (i.span, i.id))]
    codes = tx.company.policy().reasons
    return Mine(
        people[0],
        tx.company.name(),
        tuple(d for d in duties if d),
        tuple(r for r in codes if r.fits(Deed.DECLINE)),
    )


def _duty(tx: Tx, interview: Interview, person: str) -> Duty | None:
    loop = tx.loops.get(interview.loop)
    application = tx.applications.get(loop.application) if loop else None
    if loop is None or application is None:
        return None
    whole = [i for i in tx.interviews.of_loop(loop.id) if i.kind is not InterviewKind.DEBRIEF]
    people, rooms = notices.roster(tx, [*whole, interview])
    site = tx.sites.get(loop.site) if loop.site else None
    room = rooms.get(interview.room or "")
    spec = next((s for s in loop.template.interviews if s.id == interview.spec), None)
    return Duty(
        interview=interview,
        seat=_seat(interview, person),
        loop=loop,
        application=application,
        place=room.name if room else "",
        address=site.address if site and room else "",
        beside=_names(interview, people, person),
        others=tuple(
            (i.title, ", ".join(_names(i, people)))
            for i in sorted(whole, key=lambda i: i.span)
            if i.id != interview.id
        ),
        about=spec.agenda if spec else "",
    )


def _names(interview: Interview, known: Mapping[str, Person], without: str = "") -> tuple[str, ...]:
    gone = (SeatState.REPLACED, SeatState.DECLINED)
    ids = dict.fromkeys(s.person for s in interview.seats if s.state not in gone and s.person != without)
    return tuple(known[p].name for p in ids if p in known)


def _seat(interview: Interview, person: str) -> Seat:
    """Their seat. Raises `Missing` where they have none."""
    for seat in interview.seats:
        if seat.person == person and seat.state is not SeatState.REPLACED:
            return seat
    raise Missing("interview", interview.id)


def duty(app: App, tx: Tx, link: Link, interview_id: str) -> Duty:
    """One interview of the person of a link that is still ahead. Raises `Missing` for every other one alike."""
    interview = tx.interviews.get(interview_id)
    if (
        interview is None
        or interview.state is InterviewState.CANCELLED
        or interview.span.start <= app.clock()
    ):
        raise Missing("interview", interview_id)
    found = _duty(tx, interview, link.person)
    if found is None:
        raise Missing("interview", interview_id)
    return found


def accept(app: App, link: Link, interview_id: str) -> None:
    """They come. Raises `Missing`; `WrongState` where they declined before: their seat may be somebody else's by now."""
    with app.db.write() as tx:
        found = duty(app, tx, link, interview_id)
        if found.seat.state is SeatState.DECLINED:
            raise WrongState("interview", interview_id, "declined", "ask whoever owns the loop")
        answers.given(app, tx, found.interview, found.seat, SeatState.ACCEPTED, found.seat.comment, CAUSE)


def decline(app: App, link: Link, interview_id: str, reason: str, comment: str) -> None:
    """They cannot come: somebody else is looked for at once. ``reason`` is a code, or empty. Raises `Missing`, and
    `BadInput` for a code that the company has not."""
    with app.db.write() as tx:
        found = duty(app, tx, link, interview_id)
        actor = str(Subject.person(link.person))
        reasons.note(app, tx, found.loop, Deed.DECLINE, reason or None, actor)
        answers.given(app, tx, found.interview, found.seat, SeatState.DECLINED, answers.said(comment), CAUSE)


def could_take_over(app: App, found: Duty) -> Sequence[Substitute]:
    """Who could sit there instead without anything else being changed, the cheapest first; nobody where that cannot be
    worked out now."""
    if not found.may_hand_over:
        return ()
    try:
        seat = places.substitutes(
            app, found.loop.id, found.interview.spec, found.seat.number, found.seat.person
        )
    except (NotAllowed, WrongState):
        return ()
    return [one for one in seat.others if one.verdict.verdict in (FITS, PRICED) and not one.verdict.overrides]


def hand_over(app: App, link: Link, interview_id: str, to: str) -> None:
    """Somebody else takes the seat at once, if every rule allows; calendars and notices follow.

    Raises `Missing`; `NotAllowed` where a rule stands against it, or somebody would have to be asked first; `Overtaken`,
    `Taken` or `Full` where somebody was quicker. Then nothing has changed.
    """
    with app.db.read() as tx:
        found = duty(app, tx, link, interview_id)
    if not found.may_hand_over:
        raise NotAllowed("seat", "nobody else can be found for this seat here")
    wanted = Asked((Give(found.interview.spec, to, found.seat.number, link.person),))
    tried = trying.look(app, found.loop.id, wanted)
    if not tried.version or tried.overrides or any(s.seen and not s.asked for s in tried.steps):
        text = tried.refused[0].text if tried.refused else "somebody has to be asked first"
        raise NotAllowed("hand_over", text)
    applying.apply(app, found.loop.id, wanted, tried.version, Why(), str(Subject.person(link.person)))
