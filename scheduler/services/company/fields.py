"""Models whose fields follow a dataclass of the domain, and the domain's values as they are written.

A field of a person, a room or a site is declared once, in `scheduler.domain.people`. A model that
`follows` it names only the fields that are written otherwise than they are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, Field, create_model

from scheduler.domain.people import Account, Hours
from scheduler.domain.templates import ClockWindow
from scheduler.services.company.words import DAYS

M = TypeVar("M", bound=BaseModel)

WRITTEN_AS = {"account": "calendar"}
"""Fields that are written under another name than the domain's."""
_KEPT_AS = {written: kept for kept, written in WRITTEN_AS.items()}


def follows(
    kind: type[Any], forms: Mapping[Any, Any], *, without: frozenset[str] = frozenset(), always: bool = False
) -> Callable[[type[M]], type[M]]:
    """Complete a model by the fields of the dataclass ``kind`` that it does not name itself, in their order.

    ``forms`` says what a field of some type becomes; default and help (``metadata={"help": …}``) are
    the dataclass's, and with ``always`` none has a default: every field is there. Raises `TypeError` for a field that has no form, is not named by the model and is
    not in ``without``: none is forgotten silently. Methods of the model are not kept, those of its
    bases are.
    """
    hints = get_type_hints(kind)

    def completed(model: type[M]) -> type[M]:
        own = {name: (info.annotation, info) for name, info in model.model_fields.items()}
        made: dict[str, Any] = {}
        for field in dataclasses.fields(kind):
            name, hint = WRITTEN_AS.get(field.name, field.name), hints[field.name]
            if name in own:
                made[name] = own[name]
            elif hint in forms:
                made[name] = (forms[hint], _info(field, always))
            elif name not in without:
                raise TypeError(
                    f"{model.__name__} has no form for {kind.__name__}.{field.name}: name it there"
                )
        fields = {**made, **own}
        return create_model(
            model.__name__,
            __base__=model.__bases__,
            __module__=model.__module__,
            __doc__=model.__doc__,
            **fields,
        )

    return completed


def _info(field: dataclasses.Field[Any], always: bool) -> Any:
    default: Any = ...
    if not always and field.default is not dataclasses.MISSING:
        default = written(field.default)
    elif not always and field.default_factory is not dataclasses.MISSING:
        default = written(field.default_factory())
    return Field(default=default, description=field.metadata.get("help"))


def kept(entry: BaseModel, kind: type[Any], *names: str) -> dict[str, Any]:
    """The fields of the dataclass ``kind`` that ``entry`` holds under the same names, as the domain keeps
    them; ``names`` are left out: the caller gives them."""
    hints = get_type_hints(kind)
    values = {
        field.name: getattr(entry, field.name)
        for field in dataclasses.fields(kind)
        if field.name in type(entry).model_fields and field.name not in names
    }
    return {n: frozenset(v) if hints[n] == frozenset[str] else v for n, v in values.items()}


def entry(value: Any, model: type[BaseModel]) -> dict[str, Any]:
    """A value of the domain as ``model`` has it written, field by field."""
    return {name: written(getattr(value, _KEPT_AS.get(name, name))) for name in model.model_fields}


def written(value: Any) -> Any:
    """A value of the domain in the plain form of a company file: times of day as text, sets and tuples
    as lists, a dataclass as its named fields."""
    match value:
        case Account():
            return {"address": value.address, "provider": value.provider, "mode": value.mode.value}
        case Hours():
            return f"{DAYS[value.weekday]} {_range(value.start, value.end)}"
        case ClockWindow():
            return _range(value.start, value.end)
        case time(), time():
            return _range(*value)
        case time():
            return f"{value:%H:%M}"
        case tuple():
            return [written(one) for one in value]
        case frozenset():
            return sorted(written(one) for one in value)
        case date():
            return value.isoformat()
        case str():
            return str(value)
    if dataclasses.is_dataclass(value):
        return {f.name: written(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def _range(start: time, end: time) -> str:
    return f"{start:%H:%M}-{end:%H:%M}"
