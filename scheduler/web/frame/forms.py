"""What a form sent, as a value; or what is wrong with it, to stand beside the field.

Told by `tests/scheduler/web/test_forms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_origin
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from scheduler.domain.errors import BadInput, BadInputs, DomainError
from scheduler.web.frame import proof
from scheduler.web.frame.words import N_, Words

MOST_FIELDS = 2_000

_FAULTS = {
    "missing": N_("is needed"),
    "string_too_short": N_("is needed"),
    "string_too_long": N_("is too long: at most %(max_length)s characters"),
    "string_pattern_mismatch": N_("holds characters that cannot stand here"),
    "int_parsing": N_("is not a whole number"),
    "enum": N_("is not one of what can be chosen"),
    "literal_error": N_("is not one of what can be chosen"),
    "too_short": N_("is needed: choose at least one"),
    "too_long": N_("is too many: at most %(max_length)s"),
    "greater_than_equal": N_("is too small: at least %(ge)s"),
    "less_than_equal": N_("is too large: at most %(le)s"),
    "extra_forbidden": N_("is not a field of this form"),
}
"""What pydantic calls a fault, in words; others are told as not usable."""


class Form(BaseModel):
    """A form: each field as it is typed, spaces around it taken off."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    version: int = 0
    """The number of the last fact of what the form is about, when its page was made."""


F = TypeVar("F", bound=Form)


@dataclass
class Filled(Generic[F]):
    """A form as it came: ``typed`` is shown again where there are ``faults`` by field; the fault of the whole is
    under an empty name."""

    typed: Mapping[str, Any]
    value: F | None
    faults: dict[str, str] = field(default_factory=dict)

    def refuse(self, error: DomainError) -> None:
        """Put what a service said of it beside its fields."""
        found = error.faults if isinstance(error, BadInputs) else [error]
        for one in found:
            name = one.field if isinstance(one, BadInput) and one.field in self.typed else ""
            text = one.text if not name else _beside(one)
            self.faults[name] = f"{self.faults[name]}\n{text}" if name in self.faults else text


def _beside(error: DomainError) -> str:
    """The fault and the fix, where the field's name stands beside them already."""
    if not isinstance(error, BadInput):
        return error.text
    return f"{error.fault}; {error.fix}" if error.fix else error.fault


async def _posted(request: Request) -> list[tuple[str, str]]:
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise BadInput("form", "cannot be read", "send it as the page does") from None
    if any("\x00" in part for pair in pairs for part in pair):
        raise BadInput("form", "holds NUL", "leave it out")
    return [pair for pair in pairs if pair[0] != proof.FIELD]  # which was looked at before


Posted = Annotated[list[tuple[str, str]], Depends(_posted)]


def read(form: type[F], posted: list[tuple[str, str]], words: Words) -> Filled[F]:
    """The form that was posted. A field that takes several values is a list of all that came by its name; of any
    other the last one counts, and one left blank is as if it were not there."""
    typed: dict[str, Any] = {}
    for name, text in posted:
        known = form.model_fields.get(name)
        if known is not None and get_origin(known.annotation) is list:
            typed.setdefault(name, []).append(text)
        else:
            typed[name] = text
    given = {name: value for name, value in typed.items() if value != ""}
    try:
        return Filled(typed, form.model_validate(given))
    except ValidationError as error:
        faults = {}
        for one in error.errors(include_url=False, include_input=False):
            name = str(one["loc"][0]) if one["loc"] else ""
            faults[name] = _fault(one["type"], one.get("ctx") or {}, str(one["msg"]), words)
        return Filled(typed, None, faults)


def _fault(kind: str, context: Mapping[str, Any], said: str, words: Words) -> str:
    if kind == "value_error":  # the words of our own validators
        return said.removeprefix("Value error, ")
    text = words(_FAULTS.get(kind, N_("cannot be used as it is")))
    return text % context if "%(" in text else text
