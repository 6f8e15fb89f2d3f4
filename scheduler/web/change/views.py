"""One interview of a loop at another time or with other people, seen before it is done.

What is tried stands in the address: nothing is changed by looking. It is done as it was tried, or not at all.

Told by `tests/scheduler/web/change/test_change.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing, NotAllowed, WrongState
from scheduler.domain.fixes.fix import Fix
from scheduler.domain.loops import InterviewLock
from scheduler.domain.proposals import PlannedInterview, Undoable
from scheduler.domain.reasons import Deed
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.booking import offers
from scheduler.services.booking.offers import Told
from scheduler.services.changing import applying, ground, places, trying, undoing
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Change
from scheduler.services.changing.fixes import granted
from scheduler.services.changing.ground import Ground
from scheduler.services.changing.places import Seat
from scheduler.services.changing.trying import Tried
from scheduler.services.changing.words import Refusal
from scheduler.services.overview import one
from scheduler.services.overview.one import Whole
from scheduler.services.planning.fixes.saying import Names, of_fix
from scheduler.services.planning.panels import DEBRIEF
from scheduler.web.change import week as weeks
from scheduler.web.change.forms import ApplyForm, UndoForm
from scheduler.web.change.week import Week
from scheduler.web.change.written import added, address, read, written
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Posted
from scheduler.web.frame.forms import read as read_form
from scheduler.web.frame.said import say
from scheduler.web.frame.saying import Sentence
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer

router = APIRouter(
    prefix="/loops/{loop_id}/change", include_in_schema=False, dependencies=acts(Action.REQUEST, Action.BOOK)
)
LoopId = Annotated[str, Path(max_length=100)]
Word = Annotated[str, Query(max_length=300)]


@dataclass
class Shown:
    """What the page shows of a loop that can be changed: its plan, the interview that is ``picked``, its week and
    seats, and what the changes so far would lead to."""

    whole: Whole
    ground: Ground
    told: Sequence[Told]
    picked: str
    changes: tuple[Change, ...] = ()
    tried: Tried | None = None
    after: Sequence[Told] = ()
    week: Week | None = None
    seats: Sequence[Seat] = ()
    already: Sequence[Refusal] = ()
    faults: list[str] = field(default_factory=list)
    sites: Mapping[str, str] = field(default_factory=dict)
    undoable: Undoable | None = None
    """The last change by hand, where it may still be undone."""

    @property
    def stands(self) -> PlannedInterview:
        return self.ground.base[self.picked]

    @property
    def wanted(self) -> datetime | None:
        """When the interview would begin as tried."""
        planned = self.tried.planned if self.tried else ()
        found = next((p.span.start for p in planned if p.interview == self.picked), None)
        return found if found != self.stands.span.start else None

    @property
    def lock(self) -> InterviewLock | None:
        return self.whole.loop.lock_of(self.picked)

    def beside(self, seat: Seat) -> list[str]:
        """Who else sits in a seat for several people, by name."""
        return [self.ground.name(id) for id in seat.holders if id != seat.instead_of]

    def sentence(self, fix: Fix) -> Sentence:
        """What would help, to be said."""
        names = Names(
            person=self.ground.name,
            interview=self.title,
            site=lambda id: self.sites.get(id, id),
            candidate=self.whole.application.candidate.name,
            zone=self.whole.loop.zone,
        )
        return Sentence(fix.text, of_fix(fix, names))

    def title(self, id: str) -> str:
        return next((t.title for t in self.told if t.planned.interview == id), id)


@router.get("")
def get_change(
    request: Request,
    loop_id: LoopId,
    app: Services,
    viewer: Looking,
    c: Annotated[list[Annotated[str, Query(max_length=300)]], Query()] = [],  # noqa: B006 - the framework's way
    interview: Word = "",
    week: Word = "",
    to: Word = "",
    add: Word = "",
) -> Response:
    """The page; ``to`` and ``add`` are one more change, which then stands in the address."""
    more = [written("move", interview, to)] if to and interview else []
    more += [add] if add else []
    if more:
        texts = list(c)
        for text in more:
            texts = added(texts, text)
        return see(address(loop_id, texts, interview=interview, week=week))
    return _page(request, app, viewer, loop_id, c, interview, week, Filled[ApplyForm]({}, None))


@router.post("")
def change(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read_form(ApplyForm, posted, viewer.words)
    form, status = filled.value, 422
    if form is not None:
        try:
            return say(see(f"/loops/{loop_id}"), _done(app, loop_id, form, viewer))
        except Missing:
            raise
        except DomainError as error:
            filled.refuse(error)
            status = 422 if isinstance(error, BadInput | BadInputs) else 409
    typed = filled.typed
    return _page(
        request, app, viewer, loop_id, typed.get("c", []), typed.get("interview", ""), typed.get("week", ""),
        filled, status,
    )  # fmt: skip


def _done(app: App, loop_id: str, form: ApplyForm, viewer: Viewer) -> str:
    """Do what was tried, or what a fix of it says; what is to be told then."""
    asked, why = Asked(read(form.c)), Why(form.reason or None, form.override or None, form.note)
    if not form.fix:
        applying.apply(app, loop_id, asked, form.tried, why, viewer.actor)
        return "changed"
    done = granted.carry_out(app, loop_id, form.fix, asked, form.tried, why, viewer.actor)
    return "changed" if done.applied else "mailed"


@router.post("/undo")
def undo(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read_form(UndoForm, posted, viewer.words)
    form = filled.value
    try:
        undoing.undo(app, loop_id, viewer.actor)
        return say(see(f"/loops/{loop_id}"), "undone")
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
    picked = form.interview if form else ""
    return _page(request, app, viewer, loop_id, [], picked, "", filled, 409)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    texts: Sequence[str],
    interview: str,
    week: str,
    form: Filled[Any],
    status: int = 200,
) -> Response:
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
    values: dict[str, Any] = {"viewer": viewer, "w": whole, "form": form, "texts": list(texts)}
    try:
        shown = _shown(app, whole, interview)
    except WrongState:
        return page(request, "change/closed.html", **values)
    _try(app, shown, texts)
    _places(app, shown, week)
    return page(
        request,
        "change/change.html",
        status,
        s=shown,
        reasons={deed.value: [r for r in whole.reasons if r.fits(deed)] for deed in Deed},
        address=address,
        written=written,
        **values,
    )


def _shown(app: App, whole: Whole, interview: str) -> Shown:
    """Raises `WrongState` for a loop that is not changed by hand now, `BadInput` for an interview that it has not."""
    with app.db.read() as tx:
        base = ground.read(tx, whole.loop.id, app.clock())
        told = offers.drawn(tx, base.loop, base.application, tuple(base.base.values()))
        last = undoing.undoable(tx, base)
        sites = {site.id: site.name for site in tx.sites.list()}
    told = sorted(told, key=lambda t: (t.planned.span.start, t.planned.interview))
    ahead = [t.planned.interview for t in told if t.planned.interview not in base.begun]
    if not ahead:
        raise WrongState("loop", whole.loop.id, whole.loop.state.value, "everything of it has begun")
    if interview and interview not in ahead:
        raise BadInput("interview", f"{interview[:60]!r} cannot be changed", f"use one of {', '.join(ahead)}")
    return Shown(whole, base, told, interview or ahead[0], sites=sites, undoable=last)


def _try(app: App, shown: Shown, texts: Sequence[str]) -> None:
    """What the changes would lead to. A change that cannot be meant is told on the page."""
    if not texts:
        return
    try:
        shown.changes = read(texts)
        shown.tried = trying.look(app, shown.whole.loop.id, Asked(shown.changes))
    except DomainError as error:
        shown.faults.append(error.text)
        return
    made = shown.tried.draft
    with app.db.read() as tx:
        drawn = offers.drawn(tx, made.loop, made.ground.application, shown.tried.planned)
    shown.after = sorted(drawn, key=lambda t: t.planned.span.start)


def _places(app: App, shown: Shown, week: str) -> None:
    """The week of starts and who could take each seat."""
    loop, tz = shown.whole.loop, zone(shown.whole.loop.zone)
    stands = shown.stands.span
    monday = weeks.monday_of(_day(week) or stands.start.astimezone(tz).date())
    try:
        found = places.starts(app, loop.id, shown.picked, weeks.span_of(monday, tz))
        shown.week = weeks.week(monday, found.starts, stands, tz)
        shown.already = found.already
        if shown.picked != DEBRIEF:
            shown.seats = [
                places.substitutes(app, loop.id, shown.picked, number, holder)
                for number, holders in enumerate(shown.stands.people)
                for holder in holders or (None,)
            ]
    except (NotAllowed, WrongState) as error:
        shown.faults.append(error.text)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput("week", f"{text[:20]!r} is no day", "write it as 2026-03-09") from None
    if not date(2000, 1, 10) < found < date(2100, 1, 1) - timedelta(days=10):
        raise BadInput("week", f"{text[:20]!r} is too far away", "choose a nearer week")
    return found
