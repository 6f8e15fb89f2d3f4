"""A step right after another with the same people contradicts a buffer; with other people it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.domain.templates import InterviewSpec, LoopTemplate, RoleName, SeatKind, SeatSpec
from scheduler.services.company.templates.ordering import order_holds

POOL, MANAGER = SeatSpec(pools=("backend",)), SeatSpec(role=RoleName.HIRING_MANAGER)


def step(id: str, seat: SeatSpec = POOL, **given: object) -> InterviewSpec:
    return replace(InterviewSpec(id=id, title=id, minutes=45, seats=(seat,)), **given)  # type: ignore[arg-type]


def faults(buffer: int, *steps: InterviewSpec) -> list[str]:
    it = LoopTemplate(id="t", title="T", interviews=steps, buffer=buffer)
    return [f"{f.loc[-1]}: {f.fault}" for f in order_holds(it, None)]


AGAIN = {"after": ("a",), "same_people_as": "a"}


def test_going_on_at_once_with_the_same_people_leaves_no_buffer() -> None:
    found = faults(10, step("a"), step("b", immediately_after=True, **AGAIN))
    assert found == [
        "immediately_after: at most 0 minutes after 'a', yet the same people have a `buffer` of 10"
    ]
    found = faults(10, step("a", MANAGER), step("b", MANAGER, after=("a",), greatest_gap=5))
    assert found == ["greatest_gap: at most 5 minutes after 'a', yet hiring_manager have a `buffer` of 10"]


@pytest.mark.parametrize(
    ("buffer", "then"),
    [
        (0, step("b", immediately_after=True, **AGAIN)),
        (10, step("b", greatest_gap=10, **AGAIN)),
        (10, step("b", **AGAIN)),
        (10, step("b", after=("a",), immediately_after=True)),
        (10, step("b", replace(MANAGER, kind=SeatKind.OPTIONAL), after=("a",), immediately_after=True)),
    ],
)
def test_where_there_is_time_or_somebody_else_it_holds(buffer: int, then: InterviewSpec) -> None:
    assert faults(buffer, step("a"), then) == []
