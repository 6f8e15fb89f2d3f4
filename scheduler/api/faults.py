"""What a body or parameter of the wrong form is told: the field by its path, the fault, the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails

from scheduler.services.changing.asked import KINDS
from scheduler.services.company.faults import Loc, from_pydantic, path, quoted
from scheduler.services.company.mend import owner

MOST = 50
"""Faults named in one answer."""
_OF_THE_REQUEST = frozenset({"body", "query", "path", "header", "cookie"})
_TAG = re.compile(r"<\w+>")
"""Which of several forms a value has: no key of it."""
_SEE = "see the API's description at /api/v1/docs"


class FieldFault(BaseModel):
    """What is wrong with one field, and what to do."""

    field: str = Field(examples=["windows[0].end"])
    fault: str = Field(examples=["the window ends before it starts"])
    fix: str = Field("", examples=["swap start and end"])


def faults_of(error: RequestValidationError, request: Request) -> list[FieldFault]:
    """One line per fault, the first `MOST` of them."""
    return [_fault(found, request) for found in error.errors()[:MOST]]


def _fault(found: ErrorDetails, request: Request) -> FieldFault:
    place, loc = _split(found["loc"])
    Body = _body(request) if place == "body" else None
    model = owner(Body, ("it", *found["loc"][1:])) if Body is not None else None
    name = path(loc) or place or "body"
    if loc and found["type"] in _SAID:
        fault, fix = _SAID[found["type"]](found["input"], found.get("ctx", {}))
        return FieldFault(field=name, fault=fault, fix=fix)
    if found["type"] == "missing" and not loc:
        return FieldFault(field=name, fault="missing", fix="send a JSON object")
    said = from_pydantic(found, loc or ("body",), model)
    return FieldFault(field=name, fault=said.fault, fix=said.fix or _SEE)


def _split(loc: Loc) -> tuple[str, Loc]:
    loc = tuple(part for part in loc if not (isinstance(part, str) and _TAG.fullmatch(part)))
    if loc and loc[0] in _OF_THE_REQUEST:
        return str(loc[0]), loc[1:]
    return "", loc


def _body(request: Request) -> type[BaseModel] | None:
    """A model whose field ``it`` is the body of the route that was asked."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return None
    annotation = route.body_field.field_info.annotation
    return type("Body", (BaseModel,), {"__annotations__": {"it": annotation}})


def _too_long(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"has {len(value)} characters", f"use at most {context['max_length']}"


def _too_short(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    least = context["min_length"]
    return "is empty" if not value else f"has only {len(value)} characters", f"give at least {least}"


def _too_many(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return (
        f"holds {context.get('actual_length') or len(value)} entries",
        f"give at most {context['max_length']}",
    )


def _pattern(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{quoted(value)} is not in the form wanted", f"it has to match {context['pattern']}"


def _whole(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{quoted(value)} is not a whole number", "write digits only"


def _do(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    do = value.get("do") if isinstance(value, dict) else None
    fault = "does not say what to do" if do is None else f"nobody can do {quoted(do)}"
    return fault, f"let `do` be one of {', '.join(KINDS)}"


def _clock(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{quoted(value)} is not a time of day", "write it as 09:00"


_SAID = {
    "string_too_long": _too_long,
    "string_too_short": _too_short,
    "too_long": _too_many,
    "string_pattern_mismatch": _pattern,
    "int_parsing": _whole,
    "time_parsing": _clock,
    "time_type": _clock,
    "union_tag_not_found": _do,
}
