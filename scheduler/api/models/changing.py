"""Changes of a loop by hand in requests and answers.

Told by `tests/scheduler/api/test_changing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from scheduler.api.models.fixes import HelpOut
from scheduler.api.models.loops import Id, In, Short, Window
from scheduler.api.models.proposals import PlannedOut
from scheduler.services.asking.requests import MAX_WINDOWS
from scheduler.services.booking.offers import Told
from scheduler.services.changing import asked
from scheduler.services.changing.asked import Asked
from scheduler.services.changing.trying import Tried
from scheduler.services.changing.words import Refusal, price_in_words
from scheduler.services.company.file import InterviewFile, SeatFile
from scheduler.services.company.templates.building import interview_spec, seat_spec

Number = Annotated[int, Field(ge=0, le=50, description="Of the seat, from 0; shadows are not counted.")]
_WHICH = "The template's id of it."
_EITHER = "The template's id of it, or `debrief`."


class MoveIn(In):
    do: Literal["move"]
    interview: Id = Field(description=_EITHER)
    to: Short = Field(description="When it begins, on the loop's clock or with an offset.")

    def value(self) -> asked.Change:
        return asked.Move(self.interview, self.to)


class SeatIn(In):
    """Give somebody a seat; whoever sits there makes room."""

    do: Literal["seat"]
    interview: Id = Field(description=_WHICH)
    person: Id
    seat: Number | None = None
    instead_of: Id | None = None

    def value(self) -> asked.Change:
        return asked.Give(self.interview, self.person, self.seat, self.instead_of)


class FreeIn(In):
    """Somebody leaves an interview; who comes instead is found."""

    do: Literal["free"]
    interview: Id = Field(description=_WHICH)
    person: Id

    def value(self) -> asked.Change:
        return asked.Free(self.interview, self.person)


class SwapIn(In):
    """Two people change places."""

    do: Literal["swap"]
    interview: Id = Field(description=_WHICH)
    person: Id
    other_interview: Id = Field(description=_WHICH)
    other_person: Id

    def value(self) -> asked.Change:
        return asked.Swap(self.interview, self.person, self.other_interview, self.other_person)


class RoomIn(In):
    do: Literal["room"]
    interview: Id = Field(description=_WHICH)
    room: Id

    def value(self) -> asked.Change:
        return asked.Place(self.interview, self.room)


class AddIn(In):
    """One more interview, written as in the company file; its time and people are found."""

    do: Literal["add"]
    add: InterviewFile

    def value(self) -> asked.Change:
        return asked.Add(interview_spec(self.add))


class RemoveIn(In):
    do: Literal["remove"]
    interview: Id = Field(description=_WHICH)

    def value(self) -> asked.Change:
        return asked.Remove(self.interview)


class AddSeatIn(In):
    """One more seat, written as in the company file."""

    do: Literal["add_seat"]
    interview: Id = Field(description=_WHICH)
    seat: SeatFile

    def value(self) -> asked.Change:
        return asked.AddSeat(self.interview, seat_spec(self.seat))


class RemoveSeatIn(In):
    do: Literal["remove_seat"]
    interview: Id = Field(description=_WHICH)
    seat: Number

    def value(self) -> asked.Change:
        return asked.RemoveSeat(self.interview, self.seat)


class WindowsIn(In):
    """What the candidate offers instead."""

    do: Literal["windows"]
    windows: list[Window] = Field(max_length=MAX_WINDOWS)
    zone: Short = ""

    def value(self) -> asked.Change:
        return asked.Windows(tuple((w.start, w.end) for w in self.windows), self.zone)


class HorizonIn(In):
    do: Literal["horizon"]
    start: Short
    end: Short
    zone: Short = ""

    def value(self) -> asked.Change:
        return asked.Horizon(self.start, self.end, self.zone)


class LockIn(In):
    """Keep time, people or room of an interview, each for itself, whatever is repaired or planned anew."""

    do: Literal["lock", "unlock"]
    interview: Id = Field(description=_EITHER)
    time: bool = False
    people: bool = Field(False, description="All seats.")
    seats: list[Number] = Field(default=[], max_length=20)
    room: bool = False

    def value(self) -> asked.Change:
        kind = asked.Lock if self.do == "lock" else asked.Unlock
        return kind(self.interview, self.time, tuple(self.seats), self.people, self.room)


def _kind(value: Any) -> str | None:
    do = value.get("do") if isinstance(value, dict) else getattr(value, "do", None)
    return f"<{'lock' if do == 'unlock' else do}>" if do in asked.KINDS else None


HandChange = Annotated[
    Annotated[MoveIn, Tag("<move>")]
    | Annotated[SeatIn, Tag("<seat>")]
    | Annotated[FreeIn, Tag("<free>")]
    | Annotated[SwapIn, Tag("<swap>")]
    | Annotated[RoomIn, Tag("<room>")]
    | Annotated[AddIn, Tag("<add>")]
    | Annotated[RemoveIn, Tag("<remove>")]
    | Annotated[AddSeatIn, Tag("<add_seat>")]
    | Annotated[RemoveSeatIn, Tag("<remove_seat>")]
    | Annotated[WindowsIn, Tag("<windows>")]
    | Annotated[HorizonIn, Tag("<horizon>")]
    | Annotated[LockIn, Tag("<lock>")],
    Discriminator(_kind),
]
"""One change; ``do`` says which."""


class TryIn(In):
    """Changes, made one after another."""

    changes: list[HandChange] = Field(min_length=1, max_length=asked.MOST)
    proposal: Id | None = Field(
        None, description="The plan to change, of a loop that is not booked; the best one without it."
    )

    def value(self) -> Asked:
        return Asked(tuple(c.value() for c in self.changes), self.proposal)


class ApplyIn(TryIn):
    """The same changes with the `version` of their try."""

    version: Annotated[str, Field(max_length=20_000)]
    reason: Id | None = Field(None, description="Why: a code of `GET /reasons` for `reschedule` or `swap`.")
    override: Id | None = Field(
        None,
        description="Why a soft rule is broken: a code for `override`; needed where the try has `overrides`.",
    )
    note: Annotated[str, Field(max_length=500, description="More than the codes say, for colleagues.")] = ""


class UndoIn(In):
    reason: Annotated[Id | None, Field(description="Why: a code of `GET /reasons` for `reschedule`.")] = None
    note: Annotated[str, Field(max_length=500, description="More than the code says, for colleagues.")] = ""


class RefusalOut(BaseModel):
    """A rule that stands against it: `interview` and `people` whom it is about, `fix` what would help."""

    rule: str
    interview: str
    people: list[str]
    text: str
    fix: str

    @staticmethod
    def all(found: Iterable[Refusal]) -> list[RefusalOut]:
        return [
            RefusalOut(rule=r.rule, interview=r.interview, people=list(r.people), text=r.text, fix=r.fix)
            for r in found
        ]


class StepOut(BaseModel):
    """One difference to the plan that stands: `what` is `time`, `people`, `room`, `added` or `removed`. What was not
    `asked` for has to follow; `seen` is what the candidate sees."""

    interview: str
    what: str
    asked: bool
    seen: bool
    text: str


class OverrideOut(BaseModel):
    """A soft rule that would be broken: applying it takes a reason (`override`)."""

    rule: str
    interview: str
    people: list[str]
    text: str


class TriedOut(BaseModel):
    """`verdict` is `allowed`, `refused`, or `undecided` where the time ran out and nothing is proven. `price` is the
    difference to the plan that stands, per rule; `version` is what `apply` wants."""

    verdict: str
    refused: list[RefusalOut]
    fixes: list[HelpOut] = Field(description="What would help where it is refused, the easiest first.")
    fixes_cut: bool = Field(description="The time to look for fixes ran out: there may be more.")
    changes: list[StepOut]
    price: dict[str, int]
    price_text: list[str]
    cost: int = Field(description="The difference as a whole; less, where it is negative.")
    overrides: list[OverrideOut]
    plan: list[PlannedOut]
    version: str

    @staticmethod
    def of(tried: Tried, plan: list[Told]) -> TriedOut:
        return TriedOut(
            verdict=tried.verdict,
            refused=RefusalOut.all(tried.refused),
            fixes=[HelpOut.with_version(found) for found in tried.helps.found],
            fixes_cut=tried.helps.cut,
            changes=[
                StepOut(interview=s.interview, what=s.what, asked=s.asked, seen=s.seen, text=s.text)
                for s in tried.steps
            ],
            price=dict(tried.price),
            price_text=price_in_words(tried.price),
            cost=sum(tried.price.values()),
            overrides=[
                OverrideOut(rule=o.rule, interview=o.interview, people=list(o.people), text=o.text)
                for o in tried.overrides
            ],
            plan=[PlannedOut.of(t) for t in plan],
            version=tried.version,
        )
