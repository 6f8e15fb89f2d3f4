"""One shape for every refusal: `application/problem+json` (RFC 9457) with the fields to mend."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from connectors.errors import ConnectorError
from scheduler.api.faults import FieldFault, faults_of
from scheduler.domain.errors import (
    BadInput,
    BadInputs,
    DomainError,
    Missing,
    NotAllowed,
    Overtaken,
    Stale,
    Taken,
    WrongState,
)
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.api")

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
NOT_NOW = "the database does not serve just now; send the same again after a moment"


class Problem(BaseModel):
    """Why a request was refused. ``type`` is stable; ``errors`` names the fields to mend."""

    type: str = Field(examples=["bad_input"])
    title: str
    status: int
    detail: str
    errors: list[FieldFault] = []


class NotServing(Exception):
    """This deployment cannot do that now; the text says why, to whoever asks."""


TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Not possible now",
    412: "Changed since",
    413: "Too large",
    415: "Not JSON",
    422: "Something in the request has to change",
    429: "Too many requests",
    500: "A mistake of ours",
    502: "A calendar service does not answer",
    503: "Not available",
}


def problem(
    status: int,
    kind: str,
    detail: str,
    errors: Sequence[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer for a refusal."""
    body = Problem(
        type=kind, title=TITLES.get(status, "Refused"), status=status, detail=detail, errors=list(errors)
    )
    return JSONResponse(body.model_dump(), status, dict(headers or {}), MEDIA_TYPE)


def of_domain(error: DomainError) -> JSONResponse:
    """The answer for one of our own errors."""
    if isinstance(error, BadInputs):
        faults = [FieldFault(field=f.field, fault=f.fault, fix=f.fix) for f in error.faults]
        return problem(422, error.code, error.text, faults)
    if isinstance(error, BadInput):
        fault = FieldFault(field=error.field, fault=error.fault, fix=error.fix)
        return problem(422, error.code, error.text, [fault])
    if isinstance(error, Stale):
        changes = [FieldFault(field=c.field, fault=c.fault, fix=c.fix) for c in error.changes]
        return problem(412, error.code, error.text, changes, {"etag": error.tag} if error.tag else {})
    if isinstance(error, Overtaken):
        changes = [FieldFault(field=c.field, fault=c.fault, fix=c.fix) for c in error.changes]
        return problem(409, error.code, error.text, changes)
    if isinstance(error, Missing):
        return problem(404, error.code, error.text)
    if isinstance(error, WrongState | Taken | NotAllowed):
        return problem(409, error.code, error.text)
    return problem(422, error.code, error.text)


def of_validation(error: RequestValidationError, request: Request) -> JSONResponse:
    """The answer for a body or parameter of the wrong form."""
    faults = faults_of(error, request)
    lines = [f"{f.field}: {f.fault}" + (f"; {f.fix}" if f.fix else "") for f in faults]
    return problem(422, "bad_input", "\n".join(lines), faults)


def of_unavailable(error: Unavailable) -> JSONResponse:
    """The answer while the database, or something else that everything needs, does not serve.

    What the database said is for the log: it may name files and hosts.
    """
    log.warning("not available: %s", error)
    return problem(503, "unavailable", NOT_NOW, headers={"retry-after": str(RETRY_SECONDS)})


def install(app: FastAPI) -> None:
    """Answer every error of the app in the one shape. None of it waits for anything: plain functions would be handed
    to a thread, once for every refusal."""

    async def domain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DomainError)
        return of_domain(error)

    async def validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return of_validation(error, request)

    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Unavailable)
        return of_unavailable(error)

    async def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kinds = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
        return problem(
            error.status_code, kinds.get(error.status_code, "refused"), str(error.detail), (), error.headers
        )

    async def connector(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ConnectorError)
        return problem(502, error.code, str(error))

    async def not_serving(_: Request, error: Exception) -> JSONResponse:
        return problem(503, "unavailable", str(error), headers={"retry-after": str(RETRY_SECONDS)})

    app.add_exception_handler(DomainError, domain)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ConnectorError, connector)
    app.add_exception_handler(Unavailable, unavailable)
    app.add_exception_handler(NotServing, not_serving)


def internal(method: str, path: str, error: Exception) -> JSONResponse:
    """The answer for a mistake of ours: nothing of it leaves, all of it is logged."""
    log.error("%s %s failed", method, path, exc_info=error)
    return problem(500, "internal", "something went wrong; it has been logged")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its description."""
    return {
        s: {
            "description": TITLES[s],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for s in sorted({*statuses, *(408 for s in statuses if s == 413), 401, 403, 422, 429, 500, 503})
    }
