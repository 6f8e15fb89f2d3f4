"""Checks requests and answers against Google's own descriptions, which ship with its client library.

The library validates neither: a misspelt field in a body is sent, and ignored by the service. Here
it is a `Mismatch`, and so is one in an answer of the stand-in server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache

_DOCUMENTS = Path(googleapiclient.discovery_cache.__file__).parent / "documents"


class Mismatch(Exception):
    """Something that the description does not know."""


@dataclass(frozen=True)
class Method:
    """One method of an API with what stood in the path."""

    api: Api
    description: Mapping[str, Any]
    path: Mapping[str, str]

    @property
    def id(self) -> str:
        return str(self.description["id"])

    @property
    def scopes(self) -> Sequence[str]:
        return list(self.description["scopes"])


class Api:
    """One description: its methods by address, its schemas by name."""

    def __init__(self, name: str) -> None:
        self._text = json.loads((_DOCUMENTS / name).read_text())
        self.schemas: Mapping[str, Any] = self._text["schemas"]
        self._routes = [
            (m["httpMethod"], re.compile(_pattern("/" + self._text["servicePath"] + m["path"])), m)
            for m in _methods(self._text["resources"])
        ]

    def find(self, verb: str, path: str) -> Method | None:
        for method, pattern, description in self._routes:
            match = pattern.fullmatch(path)
            if method == verb and match:
                return Method(self, description, match.groupdict())
        return None

    def check_query(self, method: Method, query: Mapping[str, list[str]]) -> None:
        known = {**self._text["parameters"], **method.description.get("parameters", {})}
        for name, values in query.items():
            about = known.get(name)
            if about is None or about.get("location") != "query":
                raise Mismatch(f"{method.id} has no parameter {name}")
            if len(values) > 1 and not about.get("repeated"):
                raise Mismatch(f"{method.id}: {name} is given {len(values)} times")
            for value in values:
                _check_parameter(f"{method.id} {name}", about, value)
        for name, about in method.description.get("parameters", {}).items():
            if about.get("required") and about["location"] == "query" and name not in query:
                raise Mismatch(f"{method.id} needs {name}")

    def check_body(self, method: Method, body: Any) -> None:
        wanted = method.description.get("request")
        if wanted is None:
            if body is not None:
                raise Mismatch(f"{method.id} takes no body")
            return
        if not isinstance(body, dict):
            raise Mismatch(f"{method.id} needs a body")
        patching = method.description["httpMethod"] == "PATCH"
        schema = self.schemas[wanted["$ref"]]
        self._check(wanted["$ref"], schema, body, sent=True, nulls=patching)
        for name, about in schema["properties"].items():
            if method.id in about.get("annotations", {}).get("required", ()) and name not in body:
                raise Mismatch(f"{method.id} needs {name} in its body")

    def check_answer(self, method: Method, body: Any) -> None:
        promised = method.description.get("response")
        if promised is None:
            if body is not None:
                raise Mismatch(f"{method.id} answers without a body")
            return
        self._check(promised["$ref"], self.schemas[promised["$ref"]], body, sent=False, nulls=False)

    def _check(self, place: str, about: Mapping[str, Any], value: Any, *, sent: bool, nulls: bool) -> None:
        if "$ref" in about:
            about = self.schemas[about["$ref"]]
        if value is None:
            if not nulls:
                raise Mismatch(f"{place} is null")
            return
        if (
            sent
            and re.search(r"\bRead-only\b", about.get("description", ""))
            and "except" not in about["description"]
        ):
            raise Mismatch(f"{place} is read-only")
        kind = about["type"]
        if kind == "array":
            if not isinstance(value, list):
                raise Mismatch(f"{place} is no list")
            for item in value:
                self._check(f"{place}[]", about["items"], item, sent=sent, nulls=False)
        elif kind == "object":
            self._check_object(place, about, value, sent=sent, nulls=nulls)
        elif kind != "any":
            _check_scalar(place, about, value)

    def _check_object(
        self, place: str, about: Mapping[str, Any], value: Any, *, sent: bool, nulls: bool
    ) -> None:
        if not isinstance(value, dict):
            raise Mismatch(f"{place} is no object")
        known = about.get("properties", {})
        for name, part in value.items():
            inner = known.get(name) or about.get("additionalProperties")
            if inner is None:
                raise Mismatch(f"{place} has no field {name}")
            self._check(f"{place}.{name}", inner, part, sent=sent, nulls=nulls)


def _methods(resources: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for resource in resources.values():
        found += resource.get("methods", {}).values()
        found += _methods(resource.get("resources", {}))
    return found


def _pattern(path: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))


def _check_parameter(place: str, about: Mapping[str, Any], text: str) -> None:
    kind = about["type"]
    if kind == "boolean":
        if text not in ("true", "false"):
            raise Mismatch(f"{place} must be true or false, not {text}")
    elif kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            raise Mismatch(f"{place} must be a number, not {text}")
        low, high = int(about.get("minimum", text)), int(about.get("maximum", text))
        if not low <= int(text) <= high:
            raise Mismatch(f"{place} must be {low} to {high}, not {text}")
    else:
        _check_scalar(place, about, text)


def _check_scalar(place: str, about: Mapping[str, Any], value: Any) -> None:
    wanted = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}[about["type"]]
    if not isinstance(value, wanted) or (about["type"] == "integer" and isinstance(value, bool)):
        raise Mismatch(f"{place} must be a {about['type']}, not {type(value).__name__}")
    if "enum" in about and value not in about["enum"]:
        raise Mismatch(f"{place} must be one of {about['enum']}, not {value}")
    listed = re.findall(r'^- "([A-Za-z]+)"', about.get("description", ""), re.MULTILINE)
    closed = re.search(r"(?<!Some of the )[Pp]ossible values are", about.get("description", ""))
    if listed and closed and value not in listed:
        raise Mismatch(f"{place} must be one of {listed}, not {value}")
    shape = about.get("format")
    try:
        if shape == "date-time":
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError
        elif shape == "date":
            date.fromisoformat(value)
        elif shape == "int64":
            int(value)
    except ValueError:
        raise Mismatch(f"{place} is no {shape}: {value}") from None


# --- partial answers ---------------------------------------------------------------------------


def parse_fields(mask: str) -> dict[str, Any]:
    """The tree of a ``fields`` parameter: ``items(id,start/date)`` is {items: {id: {}, start: {date: {}}}}."""
    tokens = re.findall(r"[\w*]+|[/(),]", mask)
    if "".join(tokens) != mask:
        raise Mismatch(f"fields: {mask} cannot be read")
    tree, rest = _fields(tokens)
    if rest:
        raise Mismatch(f"fields: {mask} has one bracket too many")
    return tree


def _fields(tokens: list[str]) -> tuple[dict[str, Any], list[str]]:
    tree: dict[str, Any] = {}
    while tokens:
        node, (name, *tokens) = tree, tokens
        node[name] = node = node.get(name, {})
        while tokens and tokens[0] == "/":
            name, tokens = tokens[1], tokens[2:]
            node[name] = node = node.get(name, {})
        if tokens and tokens[0] == "(":
            inner, tokens = _fields(tokens[1:])
            node.update(inner)
            if not tokens or tokens[0] != ")":
                raise Mismatch("fields: a bracket is not closed")
            tokens = tokens[1:]
        if not tokens or tokens[0] == ")":
            return tree, tokens
        if tokens[0] != ",":
            raise Mismatch(f"fields: {tokens[0]} where a comma was expected")
        tokens = tokens[1:]
    return tree, tokens


def check_fields(api: Api, about: Mapping[str, Any], tree: Mapping[str, Any], place: str = "fields") -> None:
    """Every name of a mask must be one of the description: Google answers 400 otherwise."""
    if "$ref" in about:
        about = api.schemas[about["$ref"]]
    if about["type"] == "array":
        check_fields(api, about["items"], tree, place)
        return
    for name, inner in tree.items():
        known = about.get("properties", {}).get(name)
        if known is None:
            raise Mismatch(f"{place} knows no {name}")
        if inner:
            check_fields(api, known, inner, f"{place}/{name}")


def keep_fields(tree: Mapping[str, Any], value: Any) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [keep_fields(tree, item) for item in value]
    if isinstance(value, dict):
        return {k: keep_fields(tree[k], v) for k, v in value.items() if k in tree}
    return value


@lru_cache(maxsize=1)
def apis() -> tuple[Api, Api]:
    """Google Calendar and the directory of rooms."""
    return Api("calendar.v3.json"), Api("admin.directory_v1.json")
