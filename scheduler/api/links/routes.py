"""Links that open a page without signing in: made, listed, revoked.

Told by `tests/scheduler/api/test_links.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check
from scheduler.api.conditional.once import Key, Veil, once, once_outside
from scheduler.api.models.loops import In, LoopOut
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.guests.links import Link, Purpose
from scheduler.services import opening
from scheduler.services.links import inviting
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/links", tags=["links"])
asking = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])
LinkId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]
Id = Annotated[str, Field(max_length=100)]


class LinkIn(In):
    """For whom, and for how long. `choose` and `follow` are a candidate's, for one loop; `attend` is a person's."""

    purpose: Purpose
    loop: Id = ""
    person: Id = ""
    days: Annotated[int, Field(ge=1, le=opening.MOST_DAYS)] = opening.DAYS


class LinkOut(BaseModel):
    """`opens` is whether it still opens its page."""

    id: str
    purpose: Purpose
    loop: str | None
    person: str | None
    actor: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opens: bool

    @staticmethod
    def of(link: Link, now: datetime) -> LinkOut:
        return LinkOut(
            id=link.id,
            purpose=link.purpose,
            loop=link.loop or None,
            person=link.person or None,
            actor=link.actor,
            created_at=link.created_at,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
            opens=link.opens(now),
        )


class NewLinkOut(LinkOut):
    address: str = Field(
        description="Where the page is: whole where the deployment has an address, else from its root on. It is told "
        "this once and never again."
    )


_VEIL = Veil("link", "address", lambda _: ())
"""Nothing keeps the address: who asks again by the same key makes no second link, and is told so."""


@router.post("", status_code=201, response_model=NewLinkOut, responses=answers(404, 409, 413, 415))
def make_a_link(body: LinkIn, app: Services, actor: Asker, key: Key) -> Response:
    """Make a link that opens a page without signing in. Its address is in this answer and nowhere else: 409 where the
    same is asked again by its key."""

    def work() -> NewLinkOut:
        with app.db.write() as tx:
            link, path = opening.make(
                app, tx, body.purpose, actor.name, loop=body.loop, person=body.person, days=body.days
            )
        told = LinkOut.of(link, app.clock()).model_dump()
        return NewLinkOut(**told, address=f"{app.base_url}{path}")

    return once_outside(app, key, "POST /links", body, 201, work, _VEIL)


@router.get("", responses=answers())
def list_links(
    app: Services,
    _: Reader,
    loop: Annotated[str, Query(max_length=100, description="Of this loop.")] = "",
    person: Annotated[str, Query(max_length=100, description="Of this person.")] = "",
) -> list[LinkOut]:
    """The links of a loop or of a person, the newest first, without their addresses."""
    with app.db.read() as tx:
        found = opening.listed(tx, loop, person)
    return [LinkOut.of(link, app.clock()) for link in found]


@router.post("/{link_id}/revoke", response_model=LinkOut, responses=answers(404, 409, 412))
def revoke_a_link(link_id: LinkId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Have a link open nothing any more, at once."""

    def work(tx: Tx) -> LinkOut:
        if conditions.match is not None:
            now = tx.links.claim(link_id)
            if now is None:
                raise Missing("link", link_id)
            conditions.check("link", link_id, LinkOut.of(now, app.clock()))
        return LinkOut.of(opening.revoke(app, tx, link_id, actor.name), app.clock())

    return once(app, key, f"POST /links/{link_id}/revoke", None, 200, work)


@asking.post(
    "/{loop_id}/ask-candidate", status_code=202, response_model=LoopOut, responses=answers(404, 409, 412)
)
def ask_the_candidate(
    loop_id: Annotated[str, Path(max_length=100)], app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Have the candidate choose among the plans on offer, or give their times, by a mail that leads to their page."""

    def work(tx: Tx) -> LoopOut:
        check(tx, loop_id, conditions)
        return LoopOut.of(inviting.invite_in(app, tx, loop_id, actor.name))

    return once(app, key, f"POST /loops/{loop_id}/ask-candidate", None, 202, work)
