"""What needs a person: looked at, taken over, left alone for a while, closed.

Told by `tests/scheduler/api/test_attention.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.attention.models import CloseIn, MatterOut, MattersOut, SnoozeIn, TakeIn
from scheduler.api.common import BASE, Limit, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, once
from scheduler.api.problems import answers
from scheduler.api.reading.asked import moment
from scheduler.domain.attention.matters import Kind, Standing
from scheduler.domain.errors import BadInput
from scheduler.services.app import App
from scheduler.services.attention import care
from scheduler.services.company.faults import nearest
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/attention", tags=["attention"])
MatterId = Annotated[str, Path(max_length=300)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]
NOBODY = "-"


T = TypeVar("T")


def _words(text: str | None, field: str, known: Callable[[str], T], names: list[str]) -> frozenset[T] | None:
    """A list of words separated by commas. Raises `BadInput` for one that is none of ``names``."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in names:
            raise BadInput(field, f"{word!r:.80} is none", nearest(word, names))
    return frozenset(known(word) for word in words)


def _wanted(
    owner: Annotated[
        str | None,
        Query(max_length=100, description="Who looks after it; `-` for what nobody does."),
    ] = None,
    kind: Annotated[
        str | None, Query(max_length=400, description="One kind, or several: `repair_offered,mail_unsent`.")
    ] = None,
    standing: Annotated[
        str | None,
        Query(
            max_length=100,
            description="`open`, `taken`, `snoozed`, `closed`; the first two where none is given.",
        ),
    ] = None,
) -> care.Wanted:
    wanted_kinds = _words(kind, "kind", Kind, [k.value for k in Kind])
    standings = _words(standing, "standing", Standing, [s.value for s in Standing])
    named = "" if owner == NOBODY else owner
    return (
        care.Wanted(named, wanted_kinds) if standings is None else care.Wanted(named, wanted_kinds, standings)
    )


Wanted = Annotated[care.Wanted, Depends(_wanted)]


@router.get("", responses=answers())
def list_what_needs_a_person(
    app: Services,
    wanted: Wanted,
    _: Reader,
    limit: Limit = 50,
    after: Annotated[
        str | None, Query(max_length=600, description="The `place` of the last row before.")
    ] = None,
) -> list[MatterOut]:
    """What needs a person now, the most urgent first. What is mended is gone from it by itself."""
    with app.db.read() as tx:
        return [MatterOut.of(shown) for shown in care.look(app, tx, wanted, limit, after)]


@router.get("/counts", responses=answers())
def count_what_needs_a_person(app: Services, wanted: Wanted, _: Reader) -> MattersOut:
    """How many there are of each kind, and for each who looks after them."""
    with app.db.read() as tx:
        by_kind, by_owner = care.counts(app, tx, wanted)
    return MattersOut(kinds=by_kind, owners=by_owner)


@router.get("/{matter_id}", responses=answers(404))
def get_a_matter(matter_id: MatterId, app: Services, _: Reader) -> MatterOut:
    """One matter, as long as its cause is there."""
    with app.db.read() as tx:
        return MatterOut.of(care.show(app, tx, matter_id))


def _before(matter_id: str, conditions: Conditions) -> care.Before | None:
    if conditions.match is None:
        return None
    return lambda shown: conditions.check("matter", matter_id, MatterOut.of(shown))


def _answer(
    app: App, key: str | None, what: str, id: str, asked: BaseModel | None, work: Callable[[Tx], care.Shown]
) -> Response:
    return once(app, key, f"POST /attention/{id}/{what}", asked, 200, lambda tx: MatterOut.of(work(tx)))


@router.post("/{matter_id}/take", response_model=MatterOut, responses=answers(404, 409, 412, 413, 415))
def take_over(
    matter_id: MatterId, body: TakeIn, app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Somebody looks after it from now on. 409 where somebody else has it: who has seen that, sends `If-Match`."""
    before = _before(matter_id, conditions)

    def work(tx: Tx) -> care.Shown:
        return care.take(app, tx, matter_id, body.person, actor.name, before)

    return _answer(app, key, "take", matter_id, body, work)


@router.post("/{matter_id}/snooze", response_model=MatterOut, responses=answers(404, 412, 413, 415))
def snooze(
    matter_id: MatterId, body: SnoozeIn, app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Leave it alone until a moment; it comes back sooner where its cause changes."""
    before, until = _before(matter_id, conditions), moment(body.until, body.zone, "until")

    def work(tx: Tx) -> care.Shown:
        return care.snooze(app, tx, matter_id, until, actor.name, body.note, before)

    return _answer(app, key, "snooze", matter_id, body, work)


@router.post("/{matter_id}/close", response_model=MatterOut, responses=answers(404, 412, 413, 415))
def close(
    matter_id: MatterId, body: CloseIn, app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Be done with it, for a reason. Where its cause goes on, it comes back when that changes."""
    before = _before(matter_id, conditions)

    def work(tx: Tx) -> care.Shown:
        return care.close(app, tx, matter_id, body.reason, actor.name, body.note, before)

    return _answer(app, key, "close", matter_id, body, work)


@router.post("/{matter_id}/reopen", response_model=MatterOut, responses=answers(404, 412))
def reopen(matter_id: MatterId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Take back what was said of it: nobody has it, and it is shown again."""
    before = _before(matter_id, conditions)
    return _answer(
        app, key, "reopen", matter_id, None, lambda tx: care.reopen(app, tx, matter_id, actor.name, before)
    )
