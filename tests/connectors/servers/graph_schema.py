"""Checks requests to, and answers of, the Graph stand-in against Microsoft's published description.

The schemas are open (OData allows additional properties); here an unknown property name is an error,
or a misspelt field would pass. Enum values are compared without case, as Microsoft's own examples need.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

_FILE = Path(__file__).with_name("graph-calendar.openapi.json.gz")
_WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?")

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_NUMBER: dict[str, Any] = {"type": ["integer", "null"]}
_YES: dict[str, Any] = {"type": ["boolean", "null"]}

# Not in the slice; names as in the models of Microsoft's own SDK for Python.
_EXTRA: dict[str, Any] = {
    "room": {
        "type": "object",
        "properties": {
            **dict.fromkeys(
                (
                    "id",
                    "emailAddress",
                    "displayName",
                    "building",
                    "bookingType",
                    "label",
                    "nickname",
                    "phone",
                    "floorLabel",
                    "audioDeviceName",
                    "videoDeviceName",
                    "displayDeviceName",
                ),
                _TEXT,
            ),
            "capacity": _NUMBER,
            "floorNumber": _NUMBER,
            "isWheelChairAccessible": _YES,
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    },
    "mailboxSettings": {"type": "object", "properties": {"timeZone": _TEXT}},
    # As the guide on JSON batching has it.
    "batch": {
        "type": "object",
        "required": ["requests"],
        "properties": {
            "requests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "method", "url"],
                    "properties": {
                        "id": {"type": "string"},
                        "method": {"enum": ["GET", "POST", "PATCH", "PUT", "DELETE"]},
                        "url": {"type": "string"},
                        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                        "body": {"type": ["object", "string"]},
                        "dependsOn": {"type": "array", "items": {"type": "string"}},
                    },
                },
            }
        },
    },
    "batch-answer": {
        "type": "object",
        "required": ["responses"],
        "properties": {
            "responses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": {"type": "string"},
                        "status": {"type": "integer"},
                        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                        "body": {"type": ["object", "string"]},
                    },
                },
            }
        },
    },
    "notice": {
        "type": "object",
        "required": ["subscriptionId"],
        "properties": dict.fromkeys(
            (
                "id",
                "subscriptionId",
                "subscriptionExpirationDateTime",
                "clientState",
                "changeType",
                "resource",
                "tenantId",
                "lifecycleEvent",
            ),
            _TEXT,
        )
        | {"resourceData": {"type": ["object", "null"]}},
    },
}

_READ_ONLY = frozenset(
    [
        "id",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "bodyPreview",
        "cancelledOccurrences",
        "hasAttachments",
        "iCalUId",
        "isCancelled",
        "isOrganizer",
        "onlineMeeting",
        "onlineMeetingUrl",
        "originalStart",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "responseStatus",
        "seriesMasterId",
        "type",
        "webLink",
        "organizer",
    ]
)


class SchemaError(AssertionError):
    """A request or an answer that the published description does not allow."""


def _names(validator: Any, schema: Mapping[str, Any], depth: int = 0) -> set[str]:
    """Property names of a schema and of the types derived from it."""
    found = set(schema.get("properties", {}))
    for branch in schema.get("anyOf", ()) if depth < 4 else ():
        if "$ref" in branch:
            found |= _names(
                validator, _document()["components"]["schemas"][branch["$ref"].split("/")[-1]], depth + 1
            )
    return found


def _strict_properties(
    validator: Any, properties: Mapping[str, Any], instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    allowed = _names(validator, schema)
    for name, value in instance.items():
        if name in properties:
            yield from validator.descend(value, properties[name], path=name, schema_path=name)
        elif "@" not in name and name not in allowed:
            yield ValidationError(f"unknown property {name!r}")


def _enum(validator: Any, words: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
    if str(instance).casefold() not in {str(word).casefold() for word in words}:
        yield ValidationError(f"{instance!r} is none of {words}")


_Strict = extend(Draft202012Validator, {"properties": _strict_properties, "enum": _enum})
_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))
    # The converter makes the key of every entity required; of these the service chooses it.
    for name in ("subscription", "event"):
        document["components"]["schemas"][f"microsoft.graph.{name}-create"].pop("required", None)
    document["components"]["schemas"] |= {f"extra.{name}": schema for name, schema in _EXTRA.items()}
    return document


@cache
def _validator(reference: str) -> Any:
    schema = {"$ref": reference, "components": _document()["components"], "paths": _document()["paths"]}
    return _Strict(schema, format_checker=_formats)


def check(name: str, instance: Any) -> None:
    """Check a value against one named type. Raises `SchemaError`."""
    _raise(_validator(f"#/components/schemas/{name}"), instance, name)


def check_action(path: str, body: Any) -> None:
    """Check the parameters of an action (``/users/{id}/calendar/getSchedule``)."""
    pointer = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    reference = f"#/paths/{pointer}/post/requestBody/content/application~1json/schema"
    _raise(_validator(reference), body, path)


def check_list(name: str, body: Any) -> None:
    """Check a collection answer: its items, and nothing but annotations beside them."""
    if set(body) - {"value"} - {k for k in body if k.startswith("@odata.")}:
        raise SchemaError(f"list of {name}: unknown property in {sorted(body)}")
    for item in body["value"]:
        check(name, item)


def check_event_request(body: Any, *, create: bool) -> None:
    """Check what a client sends to make or change an event, what only the service may set included."""
    checked = dict(body)
    if not create:
        # Extended properties of an existing event are written by PATCHing it (guide "Create single-value
        # extended property"); the converter leaves navigation properties out of updates.
        for entry in checked.pop("singleValueExtendedProperties", ()):
            check("microsoft.graph.singleValueLegacyExtendedProperty-create", entry)
    check(f"microsoft.graph.event-{'create' if create else 'update'}", checked)
    forbidden = _READ_ONLY & set(body)
    if not create:
        forbidden |= {"transactionId"} & set(body)
    if forbidden:
        raise SchemaError(f"event: only the service sets {sorted(forbidden)}")
    for end in ("start", "end"):
        if end in body:
            check_wall(body[end])


def check_wall(value: Mapping[str, Any]) -> None:
    """A dateTimeTimeZone in a request: a wall clock without offset, and a zone."""
    if not _WALL.fullmatch(str(value.get("dateTime"))) or not value.get("timeZone"):
        raise SchemaError(f"dateTimeTimeZone: {value!r} is no wall clock with a zone")


def _raise(validator: Any, instance: Any, what: str) -> None:
    for error in validator.iter_errors(instance):
        where = "/".join(map(str, error.absolute_path)) or "."
        raise SchemaError(f"{what}: {where}: {error.message[:300]}")
