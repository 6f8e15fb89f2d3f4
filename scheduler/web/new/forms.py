"""What is asked when a loop is asked for.

Told by `tests/scheduler/web/planning/test_new.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode
from scheduler.domain.time import place
from scheduler.services.company.faults import Said
from scheduler.services.company.words import LINE, email_of
from scheduler.web.frame.forms import Form

Line = Annotated[str, Field(max_length=200, pattern=LINE)]
Short = Annotated[str, Field(max_length=100)]
MOST_STEPS = 60


class NewForm(Form):
    """``key`` is the page's own, so that one page asks once. ``branch`` has ``branch:step`` for each choice;
    ``step``, ``minutes`` and ``people`` have one text for each step that is unfinished, in the template's order; ``pin``,
    ``at`` and ``seated`` one for each that can be fixed. The needs are as in `scheduler.domain.loops.Accommodation`."""

    template: Short
    key: str = Field(pattern=r"^[0-9a-f]{16}$")
    name: Line
    email: str = Field(max_length=254)
    zone: str = Field(max_length=60)
    job: Line
    application: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9._:-]*$")
    manager: str = Field(max_length=254)
    recruiter: str = Field(max_length=254)
    windows: str = Field("", max_length=5000)
    clock: str = Field("", max_length=60)
    site: Short = ""
    mode: Literal[BookMode.PROPOSE, BookMode.BOOK] = BookMode.PROPOSE
    branch: list[Short] = Field(default_factory=list, max_length=MOST_STEPS)
    leave_out: list[Short] = Field(default_factory=list, max_length=MOST_STEPS)
    step: list[Short] = Field(default_factory=list, max_length=MOST_STEPS)
    minutes: list[Annotated[str, Field(max_length=4, pattern=r"^\d*$")]] = Field(
        default_factory=list, max_length=MOST_STEPS
    )
    people: list[Annotated[str, Field(max_length=500)]] = Field(default_factory=list, max_length=MOST_STEPS)
    pin: list[Short] = Field(default_factory=list, max_length=MOST_STEPS)
    at: list[Annotated[str, Field(max_length=25)]] = Field(default_factory=list, max_length=MOST_STEPS)
    seated: list[Annotated[str, Field(max_length=500)]] = Field(default_factory=list, max_length=MOST_STEPS)
    extra_time: int = Field(0, ge=0, le=200)
    break_every: int = Field(0, ge=0, le=480)
    max_day: int = Field(0, ge=0, le=720)
    features: list[Short] = Field(default_factory=list, max_length=20)
    also: str = Field("", max_length=500)

    @field_validator("email")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            return email_of(value)
        except Said as error:
            raise ValueError(f"{error.fault}; {error.fix}") from None

    @field_validator("zone")
    @classmethod
    def _a_place(cls, name: str) -> str:
        try:
            place(name, "zone")
        except BadInput as error:
            raise ValueError(f"{error.fault}; {error.fix}") from None
        return name


class FitForm(NewForm):
    """The same before anything is asked of the candidate: who they are need not be known yet."""

    name: Line = "–"
    email: str = Field("", max_length=254)
    job: Line = "–"

    @field_validator("email")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return NewForm._an_address(value) if value else value
