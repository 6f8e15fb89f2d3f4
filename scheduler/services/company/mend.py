"""Reads the values of a company file into its models and notes every fault on the way.

A refused value is taken out of a copy (or a stand-in is put where something must stand), so that the
rest is read too and all faults can be reported in one go. A file with any fault is never used.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from scheduler.services.company.faults import MOST, STAND_IN, Fault, Loc, from_pydantic, raise_all
from scheduler.services.company.file import TAGS

M = TypeVar("M", bound=BaseModel)

_ROUNDS = 12
_numbers = itertools.count(1)


def _name() -> str:
    return f"{STAND_IN}{next(_numbers)}"


def _address() -> str:
    return f"{_name()}@nowhere.invalid"


_STAND_INS: Mapping[str, Callable[[], Any]] = {
    "address": _address,
    "calendar": _address,
    "capacity": lambda: 10_000,
    "code": _name,
    "company": dict,
    "email": _address,
    "id": _name,
    "interviews": list,
    "name": _name,
    "organizer": _address,
    "people": list,
    "sites": list,
    "stage": _name,
    "stages": list,
    "summary": _name,
    "template": _name,
    "text": _name,
    "title": _name,
    "use": _name,
    "zone": lambda: "UTC",
}
"""What stands for a required field that is missing or unusable, while the rest is read."""


@dataclass(slots=True)
class Reading:
    """``mended`` are the places where a value was taken out or put in: what later checks say about
    them, or about what holds them, would only be a consequence."""

    faults: list[Fault] = field(default_factory=list)
    mended: set[Loc] = field(default_factory=set)

    def sound(self, loc: Loc) -> bool:
        """Whether nothing at or below this place was mended."""
        return not any(m[: len(loc)] == loc for m in self.mended)

    def consequence(self, loc: Loc) -> bool:
        """Whether a value that holds this place was mended, or one that it holds."""
        return not self.sound(loc) or any(loc[: len(m)] == m for m in self.mended)


def read_into(model: type[M], data: Any) -> tuple[M, Reading]:
    """The model of ``data`` with all refused values mended, and what was found wrong."""
    reading = Reading()
    data = copy.deepcopy(data)
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(data), reading
        except ValidationError as error:
            errors = error.errors(include_url=False)
        _note(errors[: MOST + 1], model, reading)
        if len(reading.faults) > MOST:
            raise_all(reading.faults, data)
        for one in errors:
            place = _mend(one, data)
            if one["type"] != "extra_forbidden":
                reading.mended.add(place)
    raise RuntimeError("a company file could not be mended for reading on")


def _loc(error: ErrorDetails) -> Loc:
    return tuple(p for p in error["loc"] if p not in TAGS and p != "[key]")


def _note(errors: Iterable[ErrorDetails], model: type[BaseModel], reading: Reading) -> None:
    for error in errors:
        loc = _loc(error)
        if not any(loc[: len(m)] == m for m in reading.mended):
            reading.faults.append(from_pydantic(error, loc, owner(model, error["loc"])))


def _mend(error: ErrorDetails, data: Any) -> Loc:
    """Take out the innermost named value that holds the fault, and say where that was."""
    loc, node = _loc(error), data
    spot: tuple[Any, Any, int] = (data, loc[0] if loc else "", 1)
    for depth, part in enumerate(loc, 1):
        if isinstance(node, dict) and isinstance(part, str):
            spot = (node, part, depth)
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            if depth == len(loc) and error["type"] in ("model_type", "model_attributes_type"):
                spot = (node, part, depth)
            node = node[part]
        else:
            break  # one value where a list may stand
    holder, key, depth = spot
    if isinstance(holder, list):
        holder[key] = {}
    elif error["type"] == "missing":
        holder[key] = _STAND_INS[key]()
    else:
        holder.pop(key, None)
    return loc[:depth]


def owner(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that has, or lacks, the field that ``loc`` ends with; a tag in it says which of several."""
    here: list[tuple[str, type[BaseModel]]] = [("", model)]
    for part in loc[:-1]:
        if isinstance(part, str) and part in TAGS:
            here = [(part, TAGS[part])]
        elif isinstance(part, str) and part.startswith("<"):
            here = [one for one in here if one[0] == part] or here
        elif isinstance(part, str):
            fields = (m.model_fields[part] for _, m in here if part in m.model_fields)
            here = [one for info in fields for one in _models_in(info.annotation)]
    models = [m for _, m in here]
    return next((m for m in models if str(loc[-1]) in m.model_fields), models[0] if models else None)


def _models_in(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model of an annotation, with its tag."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, BaseModel):
            yield tag, annotation
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType):
        parts = get_args(annotation)
        tag = next((part.tag for part in parts if isinstance(part, Tag)), tag)
        for part in parts:
            yield from _models_in(part, tag)
