"""Domain values to JSON values and back, by their type hints: one way to write each of them down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from scheduler.domain.errors import BadInput
from scheduler.domain.subjects import Subject

T = TypeVar("T")


def encode(value: Any) -> Any:
    """``value`` as plain JSON values: instants in UTC, sets sorted, enums by value, subjects
    as their text, every field of another dataclass by its name. Raises `TypeError` for what has no such form."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Subject):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"{value} has no time zone")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_key(k): encode(v) for k, v in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(encode(v) for v in value)
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _key(key: Any) -> str:
    plain = encode(key)
    if not isinstance(plain, str):
        raise TypeError(f"the key {key!r} is not text")
    return plain


def decode(kind: type[T], data: Any, path: str = "value") -> T:
    """The value of type ``kind`` that `encode` wrote as ``data``; ``path`` names it in faults.

    A field that is missing takes its default (older rows know fewer fields); an unknown key, a
    missing one without default or a value of another type raises `BadInput` with its path.
    """
    result: T = _decoder(cast(Any, kind))(data, path)
    return result


Decoder = Callable[[Any, str], Any]


@lru_cache(maxsize=512)
def _decoder(kind: Any) -> Decoder:
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda data, _path: data
    if origin in (Union, UnionType):
        return _optional(args)
    if origin is tuple:
        return _tuple(args)
    if origin is frozenset:
        return _frozenset(args[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(args)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    raise TypeError(f"no JSON form for the type {kind}")


def _wrong(path: str, data: Any, wanted: str) -> BadInput:
    return BadInput(path, f"{data!r:.60} is not {wanted}")


def _exactly(kind: type, wanted: str) -> Decoder:
    def read(data: Any, path: str) -> Any:
        if type(data) is not kind:
            raise _wrong(path, data, wanted)
        return data

    return read


def _float(data: Any, path: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise _wrong(path, data, "a number")
    return float(data)


def _parsed(parse: Callable[[str], Any], wanted: str) -> Decoder:
    def read(data: Any, path: str) -> Any:
        try:
            return parse(data)
        except (TypeError, ValueError):
            raise _wrong(path, data, wanted) from None

    return read


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("naive")
    return found.astimezone(UTC)


def _subject(text: object) -> Subject:
    if not isinstance(text, str):
        raise TypeError("no text")
    return Subject.parse(text)


_SCALARS: dict[Any, Decoder] = {
    str: _exactly(str, "text"),
    int: _exactly(int, "a whole number"),
    bool: _exactly(bool, "true or false"),
    float: _float,
    NoneType: _exactly(NoneType, "null"),
    datetime: _parsed(_instant, "an instant with its offset"),
    date: _parsed(date.fromisoformat, "a date"),
    time: _parsed(time.fromisoformat, "a time of day"),
    Subject: _parsed(_subject, "a person, a room or a candidate, as in person:anna"),
}


def _enum(kind: type[Enum]) -> Decoder:
    values = ", ".join(str(m.value) for m in kind)

    def read(data: Any, path: str) -> Any:
        try:
            return kind(data)
        except ValueError:
            raise _wrong(path, data, f"one of {values}") from None

    return read


def _optional(args: tuple[Any, ...]) -> Decoder:
    others = [a for a in args if a is not NoneType]
    if len(others) != 1 or len(args) != 2:
        raise TypeError(f"no JSON form for a choice of {args}: only X | None")
    inner = _decoder(others[0])
    return lambda data, path: None if data is None else inner(data, path)


def _list(data: Any, path: str) -> list[Any]:
    if not isinstance(data, list):
        raise _wrong(path, data, "a list")
    return data


def _tuple(args: tuple[Any, ...]) -> Decoder:
    if len(args) == 2 and args[1] is Ellipsis:
        each = _decoder(args[0])
        return lambda data, path: tuple(each(v, f"{path}[{n}]") for n, v in enumerate(_list(data, path)))
    places = [_decoder(a) for a in args]

    def read(data: Any, path: str) -> Any:
        if len(_list(data, path)) != len(places):
            raise _wrong(path, data, f"a list of {len(places)}")
        return tuple(place(v, f"{path}[{n}]") for n, (place, v) in enumerate(zip(places, data, strict=True)))

    return read


def _frozenset(kind: Any) -> Decoder:
    each = _decoder(kind)
    return lambda data, path: frozenset(each(v, f"{path}[{n}]") for n, v in enumerate(_list(data, path)))


def _mapping(args: tuple[Any, ...]) -> Decoder:
    key, each = (_decoder(a) for a in args)

    def read(data: Any, path: str) -> Any:
        if not isinstance(data, Mapping):
            raise _wrong(path, data, "an object")
        return {key(k, path): each(v, f"{path}.{k}") for k, v in data.items()}

    return read


def _dataclass(kind: type[Any]) -> Decoder:
    hints = get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    missing = dataclasses.MISSING
    required = [n for n, f in fields.items() if f.default is missing and f.default_factory is missing]
    decoders: dict[str, Decoder] = {}

    def read(data: Any, path: str) -> Any:
        if not decoders:  # made late: a type may hold itself
            decoders.update({n: _decoder(hints[n]) for n in fields})
        if not isinstance(data, Mapping):
            raise _wrong(path, data, "an object")
        for name in data:
            if name not in fields:
                raise BadInput(f"{path}.{name}", f"{kind.__name__} has no such field", "remove it")
        for name in required:
            if name not in data:
                raise BadInput(f"{path}.{name}", "is missing")
        values = {name: decoders[name](value, f"{path}.{name}") for name, value in data.items()}
        try:
            return kind(**values)
        except ValueError as fault:
            raise BadInput(path, str(fault)) from None

    return read
