"""Notices of calendar services: *something changed*. Verified, noted, answered; worked on after."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.services.afterwards import push
from scheduler.services.app import App

router = APIRouter(prefix=f"{BASE}/push", tags=["push"])
Deliverer = Annotated[Actor, needs(Action.DELIVER)]


@router.post("/google", status_code=202, response_class=Response, responses=answers(404, 413))
async def receive_a_notice_from_google(request: Request, app: Services, _: Deliverer) -> Response:
    """Google says that the organizer's calendar changed.

    It counts if its channel is ours and it repeats that channel's secret. A forged one gets the same
    answer and has no effect.
    """
    return await _received(app, "google", request)


@router.post(
    "/microsoft",
    status_code=202,
    response_class=Response,
    responses={
        200: {"description": "The validation token, as it came.", "content": {"text/plain": {}}},
        **answers(404, 413),
    },
)
async def receive_notices_from_microsoft(
    request: Request,
    app: Services,
    _: Deliverer,
    validation_token: Annotated[
        str | None,
        Query(alias="validationToken", max_length=2048, description="Sent when Microsoft tries the address."),
    ] = None,
) -> Response:
    """Microsoft says that the organizer's calendar changed, or tries whether this address answers.

    Each notice counts if its subscription is ours and it repeats that subscription's secret; forged
    ones get the same answer and have no effect. Notices of a subscription's own life (removed,
    missed, to be authorized again) come here too.
    """
    if validation_token is not None:
        text = push.handshake(_open(app, "outlook"), "outlook", {"validationToken": validation_token})
        if text is None:
            raise HTTPException(400, "the validation token is not plain text")
        return PlainTextResponse(text)
    return await _received(app, "outlook", request)


async def _received(app: App, provider: str, request: Request) -> Response:
    # the bytes as they came, before anything parses them: the connector does, and trusts nothing
    body = await request.body()
    await run_in_threadpool(push.receive, _open(app, provider), provider, request.headers, body)
    return Response(status_code=202)


def _open(app: App, provider: str) -> App:
    """The app, where notices of that provider are asked for."""
    if not app.base_url or push.service(app, provider) is None:
        raise HTTPException(404, "no notices are asked for; set LOOPWRIGHT_BASE_URL and connect the service")
    return app
