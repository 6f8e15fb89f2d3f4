"""A loop is asked for: by a recruiter, or by the hiring system when a candidate reaches a stage."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.domain.errors import BadInput, BadInputs, WrongState
from scheduler.domain.loops import (
    Accommodation,
    Application,
    BookMode,
    InterviewLock,
    Loop,
    LoopState,
    Reason,
)
from scheduler.domain.people import Site
from scheduler.domain.templates import InterviewKind, LoopTemplate, Modality
from scheduler.domain.time import Span, instant, place, utc, zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.asking.owners import check_owner
from scheduler.services.asking.pinning import check_pins
from scheduler.services.asking.prepare import InterviewChange, prepare
from scheduler.services.failpoints import failpoint
from scheduler.services.planning import plan as planning
from scheduler.services.planning.fixes.eased import MAX_HORIZON_DAYS
from scheduler.storage.database import Tx

MAX_WINDOWS = 100
_MOST = 1000


@dataclass(frozen=True, slots=True)
class LoopRequest:
    """``windows`` are ``(start, end)`` texts as the candidate said them, wall-clock in ``zone`` unless
    they carry an offset. ``stage_visit`` names the visit that asked, so that it asks once. ``pins`` are what
    interviews keep from the first plan on."""

    application: Application
    template: str
    windows: Sequence[tuple[str, str]] = ()
    zone: str = ""
    mode: BookMode = BookMode.PROPOSE
    horizon: tuple[str, str] | None = None
    branch: Mapping[str, str] = field(default_factory=dict)
    leave_out: Collection[str] = ()
    adjust: Mapping[str, InterviewChange] = field(default_factory=dict)
    stage_visit: str = ""
    site: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    undo_minutes: int | None = None
    notice_hours: int | None = None
    pins: Sequence[InterviewLock] = ()


def ask(app: App, request: LoopRequest, actor: str, cause: str = "") -> Loop:
    """Make the loop and queue its planning; the same stage visit gives the same loop again.

    Raises `BadInput` naming the field, `Missing` for an unknown template.
    """
    with app.db.write() as tx:
        loop = ask_in(app, tx, request, actor, cause)
        failpoint("K0")
    failpoint("K1")
    return loop


def ask_in(app: App, tx: Tx, request: LoopRequest, actor: str, cause: str = "") -> Loop:
    """`ask` inside a transaction that is already open."""
    visit = request.stage_visit or f"request:{secrets.token_hex(8)}"
    known = tx.loops.by_visit(request.application.id, visit)
    if known is not None:
        return known
    loop = draft(app, tx, request, visit, cause)
    keep(tx, with_known_needs(tx, request.application))
    # whoever told of the same visit at the same time was waited for just now
    known = tx.loops.by_visit(request.application.id, visit)
    if known is not None:
        return known
    tx.loops.add(loop, actor=actor, cause=cause)
    return _start(app, tx, loop, actor, cause)


def draft(app: App, tx: Tx, request: LoopRequest, visit: str, cause: str = "") -> Loop:
    """The loop that is asked for, kept nowhere yet. Raises `BadInput` naming the field."""
    template = _template(tx, request)
    check_people(tx, request.application)
    check_owner(tx, request.owner)
    check_pins(tx, template, request.pins, app.clock())
    return _draft(app, request, template, _site_of(tx, request, template), visit, cause)


def _template(tx: Tx, request: LoopRequest) -> LoopTemplate:
    template = tx.templates.get(request.template)
    if template is None:
        known = ", ".join(sorted(t.id for t in tx.templates.list()))
        raise BadInput("template", f"no template {request.template!r}", f"use one of {known}")
    check_adjusted(tx, request.adjust)
    if request.notice_hours is not None:
        template = replace(template, notice_hours=request.notice_hours)
    return prepare(template, branch=request.branch, leave_out=request.leave_out, adjust=request.adjust)


def check_adjusted(tx: Tx, adjust: Mapping[str, InterviewChange]) -> None:
    """Whoever a step is given to must be somebody who can be asked: nobody else could ever be planned.

    Raises `BadInputs` naming every place."""
    faults = []
    for step, change in adjust.items():
        for n, id in enumerate(change.people):
            person = tx.people.get(id)
            if person is None or not person.active:
                fault = f"no person {id!r}" if person is None else f"{person.name} is not active any more"
                faults.append(
                    BadInput(f"adjust.{step}.people[{n}]", fault, "use the id of a person of the company")
                )
    if faults:
        raise BadInputs(faults)


def check_people(tx: Tx, application: Application) -> None:
    """Everybody the application names must be known, or nobody could be invited."""
    for field_name in ("hiring_manager", "recruiter", "coordinator"):
        id = getattr(application, field_name)
        if id is not None and tx.people.get(id) is None:
            raise BadInput(
                f"application.{field_name}", f"no person {id!r}", "use the id of a person of the company"
            )
    for n, id in enumerate(application.accommodation.also):
        if tx.people.get(id) is None:
            raise BadInput(
                f"application.accommodation.also[{n}]", f"no person {id!r}", "add them to the company file"
            )
    place(application.candidate.zone, "application.candidate.zone")


def claim(tx: Tx, id: str) -> Application | None:
    """The application as it is now, which nobody else changes until the transaction ends; ``None`` for one that
    is not there yet, which nobody else makes."""
    tx.loops.lock_of(id)  # first, as whoever takes another address over does
    return tx.applications.claim(id)


def keep(tx: Tx, application: Application) -> None:
    """Store an application. Where its candidate has another address now, what its loops hold of their time
    is kept for the person of that address. Raises `BadInput` for one that was erased."""
    if tx.erasures.knows(application.id):
        raise BadInput(
            "application.id", "was erased at the candidate's request", "use the id of a new application"
        )
    known = tx.applications.get(application.id)
    if known is not None and known.candidate.subject != application.candidate.subject:
        loops = [loop.id for loop in tx.loops.list(application=application.id, limit=_MOST)]
        tx.reservations.rename(loops, known.candidate.subject, application.candidate.subject)
    tx.applications.put(application)


def with_known_needs(tx: Tx, application: Application) -> Application:
    """An application that says nothing of accommodations keeps those that were agreed on before."""
    known = tx.applications.get(application.id)
    if known is None or application.accommodation != Accommodation():
        return application
    return replace(application, accommodation=known.accommodation)


def _draft(
    app: App, request: LoopRequest, template: LoopTemplate, where: Site | None, visit: str, cause: str
) -> Loop:
    now = app.clock()
    offered = request.zone or request.application.candidate.zone
    zone(offered, "zone")
    loop_zone = where.zone if where else request.application.candidate.zone
    return Loop(
        id=f"lp_{secrets.token_hex(8)}",
        application=request.application.id,
        template=template,
        state=LoopState.DRAFT,
        mode=request.mode,
        zone=loop_zone,
        site=where.id if where else None,
        horizon=_horizon(request, template, offered, now),
        windows=tuple(windows(request.windows, offered, now)),
        stage_visit=visit,
        created_at=now,
        updated_at=now,
        cause=cause,
        labels=dict(request.labels),
        owner=request.owner or "",
        undo_minutes=request.undo_minutes,
        locks=tuple(request.pins),
    )


def _site_of(tx: Tx, request: LoopRequest, template: LoopTemplate) -> Site | None:
    """Where an on-site loop takes place: as asked, as the template says, else the manager's site."""
    if not any(
        i.modality is Modality.ON_SITE and i.kind is not InterviewKind.TAKE_HOME for i in template.interviews
    ):
        return None
    wanted = request.site or template.site
    if wanted is None:
        manager = tx.people.get(request.application.hiring_manager)
        wanted = manager.site if manager else ""
    found = tx.sites.get(wanted)
    if found is None:
        known = ", ".join(sorted(s.id for s in tx.sites.list()))
        raise BadInput("site", f"no site {wanted!r}", f"use one of {known}")
    return found


def _horizon(request: LoopRequest, template: LoopTemplate, offered: str, now: datetime) -> Span:
    if request.horizon is None:
        return Span(now, now + timedelta(days=template.horizon_days))
    return said_horizon(request.horizon, offered, now)


def said_horizon(said: tuple[str, str], zone_name: str, now: datetime) -> Span:
    """A horizon as somebody wrote it. Raises `BadInput`."""
    start = instant(said[0], zone_name, "horizon.start")
    end = instant(said[1], zone_name, "horizon.end")
    if end <= start:
        raise BadInput("horizon.end", "ends before it starts", "swap start and end")
    if end <= now:
        raise BadInput("horizon.end", "lies in the past", "choose a horizon that is still ahead")
    if end - now > timedelta(days=MAX_HORIZON_DAYS):
        raise BadInput(
            "horizon.end", f"lies more than {MAX_HORIZON_DAYS} days ahead", "choose an earlier end"
        )
    return Span(max(start, utc(now)), end)


def windows(offered: Sequence[tuple[str, str]], zone_name: str, now: datetime) -> list[Span]:
    """The candidate's windows as instants. Raises `BadInput` naming the window that is unusable."""
    if len(offered) > MAX_WINDOWS:
        raise BadInput("windows", f"{len(offered)} windows", f"give at most {MAX_WINDOWS}")
    found = []
    for n, (start_text, end_text) in enumerate(offered):
        start = instant(start_text, zone_name, f"windows[{n}].start")
        end = instant(end_text, zone_name, f"windows[{n}].end")
        if end <= start:
            raise BadInput(f"windows[{n}].end", "the window ends before it starts", "swap start and end")
        if end - start > timedelta(days=MAX_HORIZON_DAYS):
            raise BadInput(f"windows[{n}].end", "the window is longer than the horizon can be", "shorten it")
        found.append(Span(start, end))
    ahead = [s for s in found if s.end > now]
    if found and not ahead:
        raise BadInput("windows", "every window lies in the past", "ask the candidate for new ones")
    return sorted(ahead)


def _start(app: App, tx: Tx, loop: Loop, actor: str, cause: str) -> Loop:
    """From draft to where the loop can wait or go on."""
    to = LoopState.PLANNING
    reasons: tuple[Reason, ...] = ()
    if loop.template.incomplete:
        to = LoopState.NEEDS_ATTENTION
        reasons = tuple(Reason("incomplete", text) for text in loop.template.incomplete)
    elif not loop.windows:
        to = LoopState.AWAITING_CANDIDATE
    moved = tx.loops.move(
        loop.id, to, expect={LoopState.DRAFT}, actor=actor, cause=cause, at=app.clock(), reasons=reasons
    )
    if to is LoopState.PLANNING:
        jobs.plan(app, tx, moved)
    return moved


@dataclass(frozen=True, slots=True)
class LoopChanges:
    """New windows of the candidate (``offered``), another horizon, or steps left out or completed; texts as in
    `LoopRequest`."""

    offered: Sequence[tuple[str, str]] | None = None
    zone_name: str = ""
    horizon: tuple[str, str] | None = None
    leave_out: Collection[str] = ()
    adjust: Mapping[str, InterviewChange] = field(default_factory=dict)
    reason: str | None = None


def change(app: App, loop_id: str, actor: str, **changes: Any) -> Loop:
    """Change a loop by the fields of `LoopChanges`, and plan afresh.

    Raises `Missing`, `WrongState` (it is booked), `BadInput`.
    """
    with app.db.write() as tx:
        return change_in(app, tx, loop_id, actor, LoopChanges(**changes))


def change_in(app: App, tx: Tx, loop_id: str, actor: str, changes: LoopChanges) -> Loop:
    """`change` inside a transaction that is already open."""
    return planning.replan_in(
        app,
        tx,
        loop_id,
        actor=actor,
        cause="changed",
        reason=changes.reason,
        change=lambda tx, loop: {
            **_when(app, tx, loop, changes.offered, changes.zone_name, changes.horizon),
            **_what(tx, loop, changes.leave_out, changes.adjust),
        },
    )


def _when(
    app: App,
    tx: Tx,
    loop: Loop,
    offered: Sequence[tuple[str, str]] | None,
    zone_name: str,
    horizon: tuple[str, str] | None,
) -> dict[str, Any]:
    """The candidate's windows and the horizon, where they change."""
    changes: dict[str, Any] = {"blocked": ()}
    application = tx.applications.get(loop.application)
    assert application is not None
    now, said = app.clock(), zone_name or application.candidate.zone
    if offered is not None:
        changes["windows"] = tuple(windows(offered, said, now))
        if not changes["windows"]:
            raise BadInput("windows", "empty", "give at least one window")
        changes["horizon"] = moved_on(loop, now)
    if horizon is not None:
        changes["horizon"] = said_horizon(horizon, said, now)
    if not changes.get("windows", loop.windows):
        raise WrongState("loop", loop.id, loop.state.value, "give the candidate's windows first")
    return changes


def moved_on(loop: Loop, now: datetime) -> Span:
    """The horizon once the candidate has answered. One that was asked for is kept; the template's, which
    begins when the loop was made, counts from the answer."""
    usual = timedelta(days=loop.template.horizon_days)
    if loop.horizon.start != loop.created_at or loop.horizon.end < loop.created_at + usual:
        return loop.horizon
    return Span(loop.created_at, max(loop.horizon.end, now + usual))


def _what(
    tx: Tx, loop: Loop, leave_out: Collection[str], adjust: Mapping[str, InterviewChange]
) -> dict[str, Any]:
    """The template with steps left out or completed."""
    template = loop.template
    if leave_out or adjust:
        check_adjusted(tx, adjust)
        template = prepare(loop.template, branch={}, leave_out=leave_out, adjust=adjust)
    if template.incomplete:
        raise BadInput("adjust", template.incomplete[0], "give what is missing or leave the step out")
    return {"template": template}
