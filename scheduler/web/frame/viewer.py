"""Who looks at a page: their language, their clock, whose loops are theirs.

Who has signed in with an account is the person whom it names; of everybody else, and for clock and language, the
browser keeps it in cookies.

Told by `tests/scheduler/web/test_viewer.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import Response

from scheduler.domain.errors import BadInput
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.web.frame import proof
from scheduler.web.frame.words import LANGUAGES, Words

LANGUAGE, ZONE, ME, KEYS = "console-language", "console-zone", "console-me", "console-keys"
_READS = frozenset({"GET", "HEAD"})
_YEAR = 365 * 86_400
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


@dataclass(frozen=True)
class Viewer:
    """``me`` is the id of the person who looks, empty where they have not said; ``keys`` is whether single letters
    do something; ``known`` whether the browser has told its clock; ``account`` whether they have signed in with one,
    which says who they are."""

    language: str
    zone: str
    me: str
    keys: bool
    known: bool
    actor: str
    account: bool = False

    @cached_property
    def words(self) -> Words:
        return Words.of(self.language)

    @cached_property
    def tz(self) -> ZoneInfo:
        return zone(self.zone)


async def services(request: Request) -> App:
    """What the pages call."""
    found: App = request.app.state.app
    return found


Services = Annotated[App, Depends(services)]


def viewer_of(request: Request) -> Viewer:
    """Who looks, as far as the browser knows; in doubt the first language and UTC."""
    cookies = request.cookies
    told, known = cookies.get(ZONE, ""), True
    try:
        zone(told, "zone")
    except BadInput:
        told, known = "UTC", False
    actor = getattr(request.state, "actor", None)
    account = bool(actor is not None and actor.account)
    me = actor.person if actor is not None and account else cookies.get(ME, "")
    return Viewer(
        language=_language(cookies.get(LANGUAGE, ""), request.headers.get("accept-language", "")),
        zone=told,
        me=me if _ID.fullmatch(me) else "",
        keys=cookies.get(KEYS, "") != "off",
        known=known,
        actor=actor.name if actor is not None else "",
        account=account,
    )


async def _viewer(request: Request) -> Viewer:
    """Whoever looks. What they post is first seen to be a form of a page of theirs."""
    if request.method not in _READS:
        pairs = parse_qsl((await request.body()).decode("ascii", "replace"), keep_blank_values=True)
        proof.check(request, [value for name, value in pairs if name == proof.FIELD])
    return viewer_of(request)


Looking = Annotated[Viewer, Depends(_viewer)]


def remember(answer: Response, request: Request, **values: str) -> None:
    """Have the browser keep these, by the names of the cookies; an empty one is forgotten. The page's own script may
    read them: they say nothing that the page does not."""
    secure = request.url.scheme == "https"
    for name, value in values.items():
        key = f"console-{name}"
        if value:
            answer.set_cookie(key, value, max_age=_YEAR, path="/", samesite="lax", secure=secure)
        else:
            answer.delete_cookie(key, path="/", samesite="lax", secure=secure)


def _language(chosen: str, accepted: str) -> str:
    """The language that was chosen, else the first that the browser wants and there is (RFC 9110 section 12.5.4)."""
    if chosen in LANGUAGES:
        return chosen
    wanted = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2]) if weight else 1.0
        except ValueError:
            quality = 0.0
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and quality > 0:
            wanted.append((-quality, place, language))
    return min(wanted)[2] if wanted else next(iter(LANGUAGES))
