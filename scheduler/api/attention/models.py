"""Matters that need a person, as they are told.

Told by `tests/scheduler/api/test_attention.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from scheduler.api.common import BASE
from scheduler.api.models.loops import Id, In, Short
from scheduler.domain.attention.matters import Do, Kind, Standing, Way
from scheduler.services.attention.care import Shown

ADDRESSES = {
    Do.LOOK: ("GET", "/loops/{target}"),
    Do.CHOOSE: ("POST", "/proposals/{target}/choose"),
    Do.REPAIR: ("POST", "/loops/{target}/repair"),
    Do.ACCEPT_MOVE: ("POST", "/loops/{target}/accept-move"),
    Do.FIX: ("POST", "/loops/{target}/fixes/{part}"),
    Do.REPLAN: ("POST", "/loops/{target}/replan"),
    Do.CHANGE: ("POST", "/loops/{target}/change"),
    Do.CANCEL: ("POST", "/loops/{target}/cancel"),
    Do.REMIND: ("POST", "/loops/{target}/remind"),
    Do.SEND_AGAIN: ("POST", "/loops/{target}/send-again"),
    Do.ENABLE: ("POST", "/hooks/{target}/enable"),
    Do.DELIVER_AGAIN: ("POST", "/webhooks/deliveries/{target}/replay"),
    Do.MATCHES: ("GET", "/connections/{target}/matches"),
    Do.RETRY: ("POST", "/advances/{target}/retry"),
    Do.READ_AGAIN: ("POST", "/connections/{target}/read"),
    Do.WORK_AGAIN: ("POST", "/inbox/{target}/replay"),
    Do.PERSON: ("GET", "/people/{target}"),
    Do.ROOM: ("GET", "/rooms/{target}"),
    Do.READY: ("GET", "/health/ready"),
    Do.DECIDE: ("POST", "/applications/{target}/decide"),
}
_NOTE = "More than the code says, for colleagues."


class WayOut(BaseModel):
    """Something that can be done: `name` is stable, `method` and `path` say how it is asked for."""

    name: Do
    method: str
    path: str
    text: str

    @staticmethod
    def of(way: Way) -> WayOut:
        method, path = ADDRESSES[way.do]
        return WayOut(
            name=way.do,
            method=method,
            path=BASE + path.format(target=way.target, part=way.part),
            text=way.text,
        )


class MatterOut(BaseModel):
    """Something that needs a person. `due` is when it is too late: the `interview` that it endangers begins, or the
    loop's last day is over."""

    id: str
    kind: Kind
    standing: Standing
    subject: str
    since: datetime
    due: datetime | None
    owner: str = Field(
        description="Who looks after it: who took it over, else whose loop it is; perhaps nobody."
    )
    loop: str | None
    interview: str | None
    about: str = Field(description="Whose loop it is about: the candidate and the job.")
    text: str
    people: list[str]
    actions: list[WayOut]
    taken_by: str
    taken_at: datetime | None
    snoozed_until: datetime | None
    closed_at: datetime | None
    reason: str
    note: str
    place: str = Field(description="Where it stands in the list: the `after` of the page behind it.")

    @staticmethod
    def of(shown: Shown) -> MatterOut:
        one, care, matter = shown.kept, shown.kept.care, shown.kept.matter
        return MatterOut(
            id=matter.id,
            kind=matter.kind,
            standing=one.standing,
            subject=matter.subject,
            since=matter.since,
            due=matter.due,
            owner=one.owner,
            loop=matter.loop or None,
            interview=matter.interview or None,
            about=shown.about,
            text=matter.text,
            people=list(matter.people),
            actions=[WayOut.of(way) for way in shown.ways],
            taken_by=care.taken_by if care else "",
            taken_at=care.taken_at if care else None,
            snoozed_until=care.snoozed_until if one.standing is Standing.SNOOZED and care else None,
            closed_at=care.closed_at if one.standing is Standing.CLOSED and care else None,
            reason=care.reason if one.standing is Standing.CLOSED and care else "",
            note=care.note if one.standing in (Standing.CLOSED, Standing.SNOOZED) and care else "",
            place=shown.place,
        )


class MattersOut(BaseModel):
    """How many there are, by kind and by who looks after them; those that nobody does stand under an empty name."""

    kinds: dict[Kind, int]
    owners: dict[str, int]


class TakeIn(In):
    person: Id = Field(description="Who looks after it from now on.")


class SnoozeIn(In):
    until: Short = Field(
        description="A time on the clock of `zone`, or with an offset.", examples=["2026-11-24T09:00+01:00"]
    )
    zone: Short = ""
    note: Annotated[str, Field(max_length=500, description=_NOTE)] = ""


class CloseIn(In):
    reason: Id = Field(description="Why: a code of `GET /reasons`.", examples=["as_it_should_be"])
    note: Annotated[str, Field(max_length=500, description=_NOTE)] = ""
