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
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing, Taken, WrongState
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.api")

MEDIA_TYPE = "application/problem+json"


class FieldFault(BaseModel):
    """What is wrong with one field, and what to do."""

    field: str
    fault: str
    fix: str = ""


class Problem(BaseModel):
    """Why a request was refused. ``type`` is stable; ``errors`` names the fields to mend."""

    type: str = Field(examples=["bad_input"])
    title: str
    status: int
    detail: str
    errors: list[FieldFault] = []


TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    413: "Too large",
    415: "Not JSON",
    422: "Something in the request has to change",
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
    if isinstance(error, Unavailable):
        return problem(503, "unavailable", error.text, headers={"retry-after": "5"})
    if isinstance(error, BadInputs):
        faults = [FieldFault(field=f.field, fault=f.fault, fix=f.fix) for f in error.faults]
        return problem(422, error.code, error.text, faults)
    if isinstance(error, BadInput):
        fault = FieldFault(field=error.field, fault=error.fault, fix=error.fix)
        return problem(422, error.code, error.text, [fault])
    if isinstance(error, Missing):
        return problem(404, error.code, error.text)
    if isinstance(error, WrongState | Taken):
        return problem(409, error.code, error.text)
    return problem(422, error.code, error.text)


def of_validation(error: RequestValidationError) -> JSONResponse:
    """The answer for a body or parameter of the wrong form."""
    faults = []
    for found in error.errors():
        where = [str(p) for p in found["loc"] if p not in ("body", "query", "path", "header")]
        kind = str(found["type"])
        fix = _FIXES.get(kind, "")
        message = str(found["msg"]).removeprefix("Value error, ")
        faults.append(FieldFault(field=_path(where), fault=message[:1].lower() + message[1:], fix=fix))
    first = f"{faults[0].field}: {faults[0].fault}" if faults else "the request has the wrong form"
    return problem(422, "bad_input", first, faults)


_FIXES = {
    "missing": "give this field",
    "extra_forbidden": "no field has this name; see the API's description",
    "json_invalid": "send valid JSON",
}


def _path(parts: Sequence[str]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if part.isdigit() else f".{part}" if path else part
    return path or "body"


def install(app: FastAPI) -> None:
    """Answer every error of the app in the one shape."""

    def domain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DomainError)
        return of_domain(error)

    def validation(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return of_validation(error)

    def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kinds = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
        return problem(
            error.status_code, kinds.get(error.status_code, "refused"), str(error.detail), (), error.headers
        )

    def connector(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ConnectorError)
        return problem(502, error.code, str(error))

    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "internal", "something went wrong; it has been logged")

    app.add_exception_handler(DomainError, domain)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ConnectorError, connector)
    app.add_exception_handler(Exception, unexpected)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its description."""
    return {
        s: {
            "description": TITLES[s],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for s in (*statuses, 401, 403, 422, 500, 503)
    }
