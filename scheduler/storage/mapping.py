"""Domain dataclasses to table rows and back, field by field, decided once from the type hints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import sqlalchemy as sa

from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.storage.codec import decode, encode
from scheduler.storage.columns import Json

T = TypeVar("T")
_REMEMBERED = 8
"""So many different contents of a column are kept while rows are read."""


class Rows(Generic[T]):
    """How values of ``cls`` lie in ``table``.

    A field is the column of its name, or of the name in ``renamed``; ``span`` is ``start_at`` and
    ``end_at``; a JSON column holds the field's coded form, a subject is its text; fields in ``without`` lie elsewhere and
    are handed to `value`.
    """

    def __init__(
        self,
        cls: type[T],
        table: sa.Table,
        *,
        renamed: Mapping[str, str] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.cls, self.table = cls, table
        self.hints = get_type_hints(cls)
        self.renamed = dict(renamed or {})
        self.fields = [f.name for f in dataclasses.fields(cls) if f.name not in without]  # type: ignore[arg-type]
        self.coded = {f for f in self.fields if f != "span" and isinstance(self._column(f).type, Json)}
        self.enums = {f: kind for f in self.fields if (kind := _enum(self.hints[f])) is not None}
        self.subjects = {f for f in self.fields if self.hints[f] is Subject}

    def _column(self, field: str) -> sa.Column[Any]:
        return self.table.c[self.renamed.get(field, field)]

    def row(self, value: T) -> dict[str, Any]:
        """The row of a whole value."""
        return self.part({name: getattr(value, name) for name in self.fields})

    def part(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of some fields; an unknown field is a `TypeError`."""
        row: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in self.fields:
                raise TypeError(f"{self.cls.__name__} has no field {name!r} that could be stored here")
            if name == "span":
                row["start_at"], row["end_at"] = value.start, value.end
            elif name in self.coded:
                row[self.renamed.get(name, name)] = None if value is None else encode(value)
            else:
                row[self.renamed.get(name, name)] = _plain(value)
        return row

    def value(self, row: Mapping[Any, Any], **elsewhere: Any) -> T:
        """The value of a row, completed by the fields that lie ``elsewhere``."""
        return self.cls(**{name: self._field(name, row) for name in self.fields}, **elsewhere)

    def values(self, rows: Iterable[Mapping[Any, Any]]) -> list[T]:
        """Those of several rows. What many of them hold alike, such as the template of loops, is read once: the values
        are never changed, so they may be the same object."""
        known: dict[str, list[tuple[Any, Any]]] = {name: [] for name in self.coded}
        return [self.cls(**{name: self._once(name, row, known) for name in self.fields}) for row in rows]

    def _once(self, name: str, row: Mapping[Any, Any], known: Mapping[str, list[tuple[Any, Any]]]) -> Any:
        if name not in known:
            return self._field(name, row)
        found, seen = row[self.renamed.get(name, name)], known[name]
        for raw, value in seen:
            if raw == found:
                return value
        value = self._field(name, row)
        seen.insert(0, (found, value))
        del seen[_REMEMBERED:]
        return value

    def _field(self, name: str, row: Mapping[Any, Any]) -> Any:
        if name == "span":
            start: datetime = row["start_at"]
            return Span(start, row["end_at"])
        found = row[self.renamed.get(name, name)]
        if found is None:
            return None
        if name in self.coded or name in self.subjects:
            return decode(self.hints[name], found, f"{self.cls.__name__.lower()}.{name}")
        if name in self.enums:
            return self.enums[name](found)
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, Subject):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def _enum(hint: Any) -> type[Enum] | None:
    kinds = [a for a in get_args(hint) if a is not NoneType] or [hint]
    kind = kinds[0]
    return kind if len(kinds) == 1 and isinstance(kind, type) and issubclass(kind, Enum) else None
