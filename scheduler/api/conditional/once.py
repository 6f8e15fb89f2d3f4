"""`Idempotency-Key`: the same request sent again has its effect once, and the same answer.

After the IETF's draft *The Idempotency-Key HTTP Header Field*: another request under the same key is 422, and one whose
first is still under way 409. What was refused may be mended and sent again under its key.

Told by `tests/scheduler/api/test_once.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from scheduler.domain.errors import BadInput, WrongState
from scheduler.services.app import App
from scheduler.storage.database import Tx

NAME = "Idempotency-Key"
_LONGEST = 200
_BARE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_QUOTED = re.compile(r'"(?P<text>(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
"""A string of RFC 9651 section 3.3.3, as the draft wants it."""
_FIX = f"send 1 to {_LONGEST} visible ASCII signs, such as a UUID, in quotes or without"


async def _key(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(alias=NAME, description="The same key gives the same answer, and the effect once."),
    ] = None,
) -> str | None:
    if idempotency_key is None:
        return None
    given = request.headers.getlist(NAME)
    if len(given) > 1:
        raise BadInput(NAME, f"is given {len(given)} times", "give it once")
    text = given[0].strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        text = re.sub(r'\\(["\\])', r"\1", quoted["text"])
    elif _BARE.fullmatch(text) is None:
        raise BadInput(NAME, "is no key", _FIX)
    if len(text) > _LONGEST:
        raise BadInput(NAME, f"has {len(text)} characters", _FIX)
    return text


Key = Annotated[str | None, Depends(_key)]


def digest_of(asked: BaseModel | bytes | None) -> str:
    """What tells two requests of one key apart."""
    body = asked.model_dump_json().encode() if isinstance(asked, BaseModel) else asked or b""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class Veil:
    """How an answer with a secret in its ``field`` is kept: with a digest in its place. ``known`` gives the secrets
    of the thing of an id as they are kept elsewhere; ``noun`` names the thing.

    A digest tells nothing of a secret that is drawn at random and long."""

    noun: str
    field: str
    known: Callable[[str], Iterable[str]]

    def covered(self, body: str) -> str:
        value = json.loads(body)
        return json.dumps({**value, self.field: self._digest(value[self.field])})

    def lifted(self, body: str) -> str:
        """The answer as it was given. Raises `WrongState` where the secret is another one by now."""
        value = json.loads(body)
        for secret in self.known(value["id"]):
            if self._digest(secret) == value[self.field]:
                return json.dumps({**value, self.field: secret}, separators=(",", ":"))
        text = f"the {self.field} of that answer is told once and not kept; if it is lost, remove this one and make another"
        raise WrongState(self.noun, value["id"], "made already", text)

    @staticmethod
    def _digest(secret: str) -> str:
        return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


def once(
    app: App,
    key: str | None,
    route: str,
    asked: BaseModel | bytes | None,
    status: int,
    work: Callable[[Tx], BaseModel],
) -> Response:
    """Do ``work`` in one transaction with the answer kept for its key: either both are there or none. Who sends
    the same meanwhile waits, and gets the same answer. Raises `BadInput` for a key of another request."""
    with app.db.write() as tx:
        known = tx.inbox.answer(key, route, digest_of(asked), app.clock()) if key else None
        if known is not None:
            return _json(known.body, known.status)
        body = work(tx).model_dump_json()
        if key:
            tx.inbox.keep_answer(key, route, status, body)
    return _json(body, status)


def once_outside(
    app: App,
    key: str | None,
    route: str,
    asked: BaseModel | bytes | None,
    status: int,
    work: Callable[[], BaseModel],
    veil: Veil | None = None,
) -> Response:
    """The same for work that calls other services between its transactions: the key is claimed before it and the
    answer kept after. Such work has to bear a repetition, since a process may end in between: a claim without an
    answer counts for a minute. What of the answer must not be kept as it is, ``veil`` covers.

    Raises `WrongState` while the first is still under way, `BadInput` for a key of another request.
    """
    if key is None:
        return _json(work().model_dump_json(), status)
    known = _claimed(app, key, route, asked, veil)
    if known is not None:
        return known
    try:
        body = work().model_dump_json()
    except BaseException:
        _give_up(app, key, route)
        raise
    return _kept(app, key, route, status, body, veil)


async def once_awaited(
    app: App,
    key: str | None,
    route: str,
    asked: BaseModel | bytes | None,
    status: int,
    work: Callable[[], Awaitable[BaseModel]],
) -> Response:
    """`once_outside` for work that waits on the event loop: without a key no thread is needed for it."""
    if key is None:
        return _json((await work()).model_dump_json(), status)
    known = await run_in_threadpool(_claimed, app, key, route, asked)
    if known is not None:
        return known
    try:
        body = (await work()).model_dump_json()
    except BaseException:
        await run_in_threadpool(_give_up, app, key, route)
        raise
    return await run_in_threadpool(_kept, app, key, route, status, body)


def _claimed(
    app: App, key: str, route: str, asked: BaseModel | bytes | None, veil: Veil | None = None
) -> Response | None:
    with app.db.write() as tx:
        known = tx.inbox.claim_answer(key, route, digest_of(asked), app.clock())
    if known is None:
        return None
    return _json(veil.lifted(known.body) if veil else known.body, known.status)


def _give_up(app: App, key: str, route: str) -> None:
    with app.db.write() as tx:
        tx.inbox.give_up_claim(key, route)


def _kept(app: App, key: str, route: str, status: int, body: str, veil: Veil | None = None) -> Response:
    with app.db.write() as tx:
        tx.inbox.keep_answer(key, route, status, veil.covered(body) if veil else body)
    return _json(body, status)


def _json(body: str, status: int) -> Response:
    return Response(body, status, media_type="application/json")
