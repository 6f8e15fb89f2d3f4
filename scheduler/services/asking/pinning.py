"""What interviews keep from the first plan on: checked when the loop is asked for.

Told by `tests/scheduler/services/asking/test_trying.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.loops import InterviewLock
from scheduler.domain.templates import InterviewKind, InterviewSpec, LoopTemplate
from scheduler.services.planning.sessions import solver_seats
from scheduler.storage.database import Tx


def check_pins(tx: Tx, template: LoopTemplate, pins: Sequence[InterviewLock], now: datetime) -> None:
    """Every pin must be of an interview of this loop, ahead, and of people whom its seats can hold. Raises `BadInputs`."""
    specs = {i.id: i for i in template.interviews}
    people = {id for pin in pins for _, ids in pin.people for id in ids}
    active = {p.id for p in tx.people.list(people)} if people else set()
    faults = [f for pin in pins for f in _faults(pin, specs.get(pin.interview), active, now)]
    if faults:
        raise BadInputs(faults)


def _faults(
    pin: InterviewLock, spec: InterviewSpec | None, active: set[str], now: datetime
) -> Iterator[BadInput]:
    field = f"pins.{pin.interview}"
    if spec is None or spec.kind is InterviewKind.TAKE_HOME:
        yield BadInput(field, "is no interview of this loop", "leave it free")
        return
    if pin.start is not None and pin.start <= now:
        yield BadInput(f"{field}.start", "lies in the past", "choose a time that is still ahead")
    if len({id for _, ids in pin.people for id in ids}) < sum(len(ids) for _, ids in pin.people):
        yield BadInput(f"{field}.people", "names somebody twice", "name everybody once")
    seats = solver_seats(spec)
    for number, ids in pin.people:
        if number >= len(seats) or len(ids) != seats[number].count:
            wanted = seats[number].count if number < len(seats) else 0
            fault = f"{len(ids)} where the seat takes {wanted}"
            yield BadInput(f"{field}.people", fault, "name as many as the seat takes")
        for id in ids:
            if id not in active:
                yield BadInput(f"{field}.people", f"nobody here has the id {id!r}", "use the id of a person")
