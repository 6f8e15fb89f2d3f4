"""Webhooks of hiring systems: verified on their raw bytes, stored, answered, worked on after.

Told by `tests/scheduler/api/hiring/test_arriving.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from connectors.hiring.signatures import Forged, NotAMessage
from scheduler.api.access import Action, Actor, needs
from scheduler.api.border import check_json
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.services.app import App
from scheduler.services.hiring import arriving

router = APIRouter(prefix=f"{BASE}/webhooks", tags=["webhooks"])
_ANY_OBJECT = {"content": {"application/json": {"schema": {"type": "object"}}}}


class Heard(BaseModel):
    """``delivery`` is our id of the message, empty for a ping and a handshake; ``new`` is false for one that came
    before."""

    delivery: str
    new: bool


@router.post(
    "/{system}/{connection}",
    response_model=Heard,
    responses=answers(404, 413),
    openapi_extra={"requestBody": {"required": True, **_ANY_OBJECT}},
)
async def hear_a_hiring_system(
    system: Annotated[str, Path(max_length=40)],
    connection: Annotated[str, Path(max_length=100)],
    request: Request,
    app: Services,
    _: Annotated[Actor, needs(Action.DELIVER)],
) -> Response:
    """A message of a hiring system, signed as that system signs.

    The same message has one effect, however often and in whatever order it comes: the system is read again before
    anything is done. What is not genuine is 401, what is genuine and no JSON object 400.
    """
    body = await request.body()  # the signature is over the bytes as they came
    return await run_in_threadpool(_heard, app, system, connection, body, dict(request.headers))


def _heard(app: App, system: str, connection: str, body: bytes, headers: dict[str, str]) -> Response:
    try:
        message = arriving.hear(app, connection, system, body, headers)
        if system == arriving.GENERIC:  # its body is acted on; of the others nothing but ids is taken
            check_json(body)
    except Forged:
        raise HTTPException(401, "the signature is not good") from None
    except NotAMessage:
        raise HTTPException(400, "the body is no JSON object") from None
    delivery, new = arriving.receive(app, connection, system, message, body)
    answer = Heard(delivery=delivery, new=new).model_dump_json()
    return Response(answer, 200, headers=message.echo, media_type="application/json")
