"""Column types that mean the same on SQLite and PostgreSQL, and refuse what either cannot keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_type_hints

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from scheduler.domain.errors import BadInput

DEEPEST = 50
"""Levels of nesting that a JSON column takes; hostile bodies come with thousands."""


class NotAware(ValueError):
    """A naive datetime was about to be stored or compared: a programming error."""


def clean_text(text: str, field: str) -> str:
    """``text`` unchanged if both databases can keep it. Raises `BadInput` for a NUL, which
    PostgreSQL cannot store, and for half a surrogate pair, which has no UTF-8."""
    if "\x00" in text:
        raise BadInput(field, "contains a NUL character", "remove it")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadInput(field, "contains half a surrogate pair", "send valid Unicode") from None
    return text


def clean_json(value: Any, field: str, depth: int = DEEPEST) -> Any:
    """``value`` as plain JSON values. Raises `BadInput` for text that `clean_text` refuses, for NaN
    and infinities, and for more than ``depth`` levels; `TypeError` for what is no JSON at all."""
    if isinstance(value, str):
        return clean_text(str(value), field)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadInput(field, f"{value} is not a JSON number", "send a finite number")
        return value
    if depth == 0:
        raise BadInput(field, f"is nested deeper than {DEEPEST} levels", "send a flatter value")
    if isinstance(value, Mapping):
        return {_key(k, field): clean_json(v, field, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(v, field, depth - 1) for v in value]
    raise TypeError(f"{field}: {type(value).__name__} is not JSON; encode it first")


def _key(key: object, field: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{field}: the key {key!r} is not text")
    return clean_text(str(key), field)


class Words(TypeDecorator[str]):
    """Text of any length, checked by `clean_text` whenever it is stored or compared."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else clean_text(str(value), self.field)


class Instant(TypeDecorator[datetime]):
    """An aware instant, in UTC when it comes back: ``timestamptz`` on PostgreSQL, on SQLite ISO text
    of fixed width, so that text order is time order. Raises `NotAware` for a naive one."""

    impl = sa.TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NotAware(f"{value} has no time zone")
        instant = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        return instant

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        if found.tzinfo is None:
            raise NotAware(f"an instant without its offset is stored: {found}")
        return found.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Plain JSON values, checked by `clean_json`: ``jsonb`` on PostgreSQL, text on SQLite. ``exact``
    keeps the text as written (``json``), for values that are hashed."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self, field: str, exact: bool = False) -> None:
        super().__init__(none_as_null=True)
        self.field, self.exact = field, exact

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql" and not self.exact:
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.JSON(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else clean_json(value, self.field)


def words(name: str, *more: Any, **options: Any) -> sa.Column[str]:
    """A text column, not null unless said otherwise."""
    return sa.Column(name, Words(name), *more, nullable=options.pop("nullable", False), **options)


def beginnings(name: str, *more: Any, **options: Any) -> sa.Column[str]:
    """Words of letters and digits, in the order of their code points on either database, so that those with one
    beginning are a range."""
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, *more, nullable=False, **options)


def instant(name: str, *more: Any, **options: Any) -> sa.Column[datetime]:
    """A column of UTC instants, not null unless said otherwise."""
    return sa.Column(name, Instant(), *more, nullable=options.pop("nullable", False), **options)


def json(name: str, *, exact: bool = False, nullable: bool = False) -> sa.Column[Any]:
    """A JSON column, not null unless said otherwise."""
    return sa.Column(name, Json(name, exact), nullable=nullable)


def number(name: str, *more: Any, **options: Any) -> sa.Column[int]:
    """A whole number of 64 bits, not null unless said otherwise."""
    return sa.Column(name, sa.BigInteger, *more, nullable=options.pop("nullable", False), **options)


def flag(name: str, *, nullable: bool = False) -> sa.Column[bool]:
    """A yes or no, not null unless said otherwise."""
    return sa.Column(name, sa.Boolean, nullable=nullable)


def columns_of(cls: type[Any]) -> Iterator[sa.Column[Any]]:
    """A column for each field of a dataclass by its type hint, ``id`` the primary key: text, numbers,
    yes or no and instants have a column of their kind, everything else is JSON; ``X | None`` may be null."""
    for name, hint in get_type_hints(cls).items():
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        nullable = NoneType in get_args(hint)
        make = _maker(kinds[0] if nullable else hint)
        yield make(name, **({"primary_key": True} if name == "id" else {"nullable": nullable}))


def _maker(kind: Any) -> Callable[..., sa.Column[Any]]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return words
    return _MAKERS.get(kind, json)


_MAKERS: dict[Any, Callable[..., sa.Column[Any]]] = {str: words, int: number, bool: flag, datetime: instant}
