"""Webhooks of the hiring system: verified, stored and answered first, worked on afterwards."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Application, BookMode, Candidate
from scheduler.domain.time import utc
from scheduler.services import jobs, meters
from scheduler.services.app import App
from scheduler.services.asking import leaving, requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.company.faults import Said, from_pydantic, path
from scheduler.services.company.words import LINE, email_of
from scheduler.storage.database import Tx
from scheduler.storage.repositories.inbox import Delivery

log = logging.getLogger("loopwright.webhooks")
SOURCE = "webhook"
OTHER_BODY = "delivery_differed"
"""What the fact is called that a message's id came again with another body."""
ERASED = "ignored: the application was erased; delete it in the hiring system too"
"""The outcome of a message about somebody who was erased: nothing of it is kept."""
DEAD_LETTER = "dead_letter"
"""What the outcome of a delivery begins with that could not be acted on."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", str_max_length=2000, str_strip_whitespace=True)


Line = Annotated[str, Field(max_length=200, pattern=LINE)]


class CandidateIn(_Model):
    name: Annotated[Line, Field(min_length=1)]
    email: Annotated[str, Field(max_length=254), AfterValidator(email_of)]
    zone: Line


class ApplicationIn(_Model):
    id: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")
    job: Line
    candidate: CandidateIn
    hiring_manager: Line
    recruiter: Line
    coordinator: Line | None = None


class WindowIn(_Model):
    start: Line
    end: Line


class StageData(_Model):
    application: ApplicationIn
    stage: Line = ""
    stage_visit: Line = ""
    windows: list[WindowIn] = Field(default_factory=list, max_length=requests.MAX_WINDOWS)
    zone: Line = ""


def _moment(value: object) -> datetime | None:
    """An instant as text with its offset. Raises `Said`."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is not None and found.tzinfo is not None:
            return utc(found)
    except (ValueError, OverflowError):
        pass
    raise Said("is not an instant", "write it as 2026-03-09T07:00:00Z")


class StageEvent(_Model):
    """``type`` is ``application.stage_changed`` or ``application.closed`` (rejected, withdrawn);
    ``occurred_at`` is when it happened, where the hiring system says so."""

    id: Annotated[Line, Field(min_length=1)]
    type: Line
    occurred_at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    data: StageData


def receive(app: App, delivery_id: str, body: bytes) -> tuple[str, bool]:
    """Store a verified delivery and queue its work; ``(id, new)``. The same delivery is stored once.

    Raises `BadInput` for a body that is not a stage event, and for another body under an id that came before:
    that is noted, logged and told by `doctor`, since what the sender meant cannot be known.
    """
    parse(body)
    digest = hashlib.sha256(body).hexdigest()
    with app.db.write() as tx:
        delivery, new = tx.inbox.receive(SOURCE, delivery_id, digest, body, app.clock())
        if new:
            jobs.intake(app, tx, delivery.id)
        differs = delivery.digest != digest
        if differs:
            _note_other(app, tx, delivery, digest)
    meters.WEBHOOKS.labels("received", "differs" if differs else "new" if new else "repeated").inc()
    if differs:
        log.warning("webhook %r came again with another body; delivery %s stands", delivery_id, delivery.id)
        fault = f"came before with another body, which was taken as delivery {delivery.id}"
        raise BadInput("webhook-id", fault, "send what is new under a new webhook-id")
    return delivery.id, new


def _note_other(app: App, tx: Tx, delivery: Delivery, digest: str) -> None:
    """One fact for each other body, however often it is sent."""
    subject = f"delivery:{delivery.id}"
    if not any(f.what == OTHER_BODY and f.after == digest for f in tx.facts.of(subject)):
        tx.facts.add(
            Fact(app.clock(), "webhook", OTHER_BODY, subject, delivery.digest, digest, delivery.delivery_id)
        )


def other_bodies(tx: Tx, since: datetime) -> list[Fact]:
    """The deliveries whose id came again with another body, since an instant."""
    return list(tx.facts.called(OTHER_BODY, since))


def parse(body: bytes) -> StageEvent:
    """The event in a body. Raises `BadInputs` naming the fields."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("body", "is not JSON", "send one JSON object in UTF-8") from None
    try:
        return StageEvent.model_validate(data)
    except ValidationError as error:
        said = [from_pydantic(e, e["loc"] or ("body",), None) for e in error.errors()]
        see = "see the webhook's description in the API docs"
        raise BadInputs([BadInput(path(f.loc), f.fault, f.fix or see) for f in said]) from None


def work(app: App, delivery_id: str) -> None:
    """Act on a stored delivery, once. What cannot be acted on ends as a dead letter with its reason,
    and nothing of it is done: the transaction that failed is given up before the reason is noted."""
    try:
        with app.db.write() as tx:
            delivery = tx.inbox.get(delivery_id)
            if delivery is None or delivery.outcome:
                return
            outcome, loop = _act(app, tx, parse(delivery.body), delivery.id)
            tx.inbox.finish(delivery.id, outcome, loop)
    except DomainError as error:
        with app.db.write() as tx:
            tx.inbox.finish(delivery_id, f"{DEAD_LETTER}: {error.text}")


def again_in(app: App, tx: Tx, delivery_id: str, actor: str) -> None:
    """Work once more on a dead letter: what was in its way may be mended. Raises `Missing`, `WrongState`."""
    delivery, now = tx.inbox.get(delivery_id), app.clock()
    if delivery is None:
        raise Missing("delivery", delivery_id)
    if not tx.inbox.reopen(delivery_id, DEAD_LETTER):
        raise WrongState(
            "delivery", delivery_id, delivery.outcome or "at work", "only a dead letter is worked on again"
        )
    tx.facts.add(Fact(now, actor, "delivery_replayed", f"delivery:{delivery_id}", delivery.outcome))
    jobs.intake_asked(app, tx, delivery_id)


def _act(app: App, tx: Tx, event: StageEvent, cause: str) -> tuple[str, str | None]:
    if tx.erasures.knows(event.data.application.id):
        tx.inbox.empty(cause)
        return ERASED, None
    if event.type == "application.stage_changed":
        return _advanced(app, tx, event, cause)
    if event.type == "application.closed":
        leaving.closed(app, tx, event.data.application.id, event.id)
        return "closed", None
    return f"ignored: {event.type} is nothing to act on", None


def _advanced(app: App, tx: Tx, event: StageEvent, cause: str) -> tuple[str, str | None]:
    data = event.data
    if leaving.superseded(tx, data.application.id, event.occurred_at):
        return "superseded: a later stage change of this application came before this one", None
    mine = leaving.untold(tx, data.application.id, data.stage)
    known = tx.applications.get(data.application.id)
    passed = mine is not None and known is not None and known.stage != data.stage
    leaving.entered(app, tx, data.application.id, data.stage, event.id, event.occurred_at, passed=passed)
    if mine is not None:  # a decision here has asked for it
        return "loop", mine.id
    rule = tx.company.policy().rule_for(data.application.job, data.stage)
    if rule is None or rule.mode is BookMode.OFF:
        return f"no_template: stage {data.stage!r} asks for no loop", None
    request = LoopRequest(
        application=_application(data),
        template=rule.template,
        windows=[(w.start, w.end) for w in data.windows],
        zone=data.zone,
        mode=rule.mode,
        stage_visit=data.stage_visit or f"{data.stage}:{event.id}",
        labels={leaving.STAGE: data.stage} if data.stage else {},
    )
    loop = requests.ask_in(app, tx, request, actor=f"webhook:{cause}", cause=cause)
    return "loop", loop.id


def _application(data: StageData) -> Application:
    told = data.application
    return Application(
        id=told.id,
        candidate=Candidate(told.candidate.name, told.candidate.email, told.candidate.zone),
        job=told.job,
        hiring_manager=told.hiring_manager,
        recruiter=told.recruiter,
        coordinator=told.coordinator,
        stage=data.stage,
    )
