"""Strict reading of parsed JSON: every wrong value names its path and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from solver.problem.errors import ProblemError
from solver.problem.values import Interval

T = TypeVar("T")
A = TypeVar("A")
Reader = Callable[[Any, str], T]
"""Reads one value at a path, or raises `ProblemError`."""


class Fields:
    """A JSON object that is taken apart field by field; what is left over is a mistake."""

    def __init__(self, value: object, path: str, what: str, *, newer: bool = False) -> None:
        if not isinstance(value, dict):
            raise ProblemError(path or "document", f"is not {what}", "give a JSON object")
        self.value: Mapping[Any, Any] = value
        self.path, self.what, self.newer = path, what, newer
        self.names: set[str] = set()
        self.new_names: set[str] = set()

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def get(self, name: str, read: Reader[T]) -> T:
        """A required field."""
        self.names.add(name)
        if name not in self.value:
            raise ProblemError(self.at(name), "is missing", f"{self.what} needs it{self._near(name)}")
        return read(self.value[name], self.at(name))

    def default(self, name: str, read: Reader[T], absent: A) -> T | A:
        """A field that may be absent."""
        self.names.add(name)
        return read(self.value[name], self.at(name)) if name in self.value else absent

    def since_2(self, name: str, read: Reader[T], absent: A) -> T | A:
        """A field of the second format, which may be absent."""
        if self.newer:
            return self.default(name, read, absent)
        self.new_names.add(name)
        return absent

    def empty_is_none(self, name: str, read: Reader[T]) -> T | None:
        """A field that means nothing when absent, null or empty."""
        self.names.add(name)
        value = self.value.get(name)
        return None if value is None or value in ({}, []) else read(value, self.at(name))

    def close(self) -> None:
        """Refuses the fields that nobody asked for."""
        for name in self.value:
            if name in self.new_names:
                raise ProblemError(self.at(name), "is a field of loopbench/2", 'set "format": "loopbench/2"')
            if name not in self.names:
                near = get_close_matches(str(name), sorted(self.names | self.new_names), 1)
                fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self.names))}"
                raise ProblemError(self.at(str(name)), "is an unknown field", fix)

    def _near(self, name: str) -> str:
        near = get_close_matches(name, [str(key) for key in self.value], 1, 0.8)
        return f"; did you mean it by {near[0]}?" if near else ""


def integer(value: object, path: str) -> int:
    if type(value) is not int:
        raise ProblemError(path, f"is {_short(value)}, not a whole number", "give an integer")
    return value


def boolean(value: object, path: str) -> bool:
    if type(value) is not bool:
        raise ProblemError(path, f"is {_short(value)}", "give true or false")
    return value


def text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ProblemError(path, f"is {_short(value)}, not a text", "give a string")
    return value


def _list(value: object, path: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ProblemError(path, f"is {_short(value)}, not a list", "give a list")
    return list(value)


def texts(value: object, path: str) -> tuple[str, ...]:
    items = _list(value, path)
    if not all(isinstance(item, str) for item in items):
        items = [text(item, f"{path}[{at}]") for at, item in enumerate(items)]
    return tuple(items)


def intervals(value: object, path: str) -> tuple[Interval, ...]:
    items = _list(value, path)
    for at, item in enumerate(items):
        if not (isinstance(item, list | tuple) and len(item) == 2 and type(item[0]) is type(item[1]) is int):
            raise ProblemError(f"{path}[{at}]", f"is {_short(item)}", "give [start, end] in whole minutes")
    return tuple((start, end) for start, end in items)


def each(read: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list of values."""
    return lambda value, path: tuple(
        read(item, f"{path}[{at}]") for at, item in enumerate(_list(value, path))
    )


def table(read: Reader[T]) -> Reader[dict[str, T]]:
    """An object that maps names to values."""

    def read_table(value: object, path: str) -> dict[str, T]:
        if not isinstance(value, dict):
            raise ProblemError(path, f"is {_short(value)}", "give an object of names and values")
        return {text(key, path): read(item, f"{path}[{key}]") for key, item in value.items()}

    return read_table


def optional(read: Reader[T]) -> Reader[T | None]:
    """A value or null."""
    return lambda value, path: None if value is None else read(value, path)


def choice(options: Iterable[str]) -> Reader[str]:
    """One of some words."""
    known = [str(option) for option in options]

    def read_choice(value: object, path: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise ProblemError(path, f"is {_short(value)}", f"give one of {', '.join(known)}")
        return value

    return read_choice


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """``object_pairs_hook`` for a JSON parser: refuses an object that says something twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ProblemError(twice, "is given twice in one object", "keep one of them")
    return found
