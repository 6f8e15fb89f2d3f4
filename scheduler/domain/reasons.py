"""Why something was done to a loop, as a code that can be counted.

Told by `tests/scheduler/api/test_reasons.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduler.domain.errors import BadInput

REASON_GIVEN = "reason_given"
"""The fact that is counted: ``after`` is the code, ``before`` the deed."""


class Deed(StrEnum):
    """What is done for a reason."""

    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    SWAP = "swap"
    DECLINE = "decline"
    OVERRIDE = "override"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """``text`` is how people read the code; ``deeds`` are those that it may be given for, all where none is named."""

    code: str
    text: str
    deeds: frozenset[Deed] = frozenset()

    def fits(self, deed: Deed) -> bool:
        return not self.deeds or deed in self.deeds


def _codes(*lines: tuple[str, str, str]) -> tuple[ReasonCode, ...]:
    return tuple(ReasonCode(code, text, frozenset(map(Deed, deeds.split()))) for code, text, deeds in lines)


DEFAULT_REASONS = _codes(
    ("candidate_asked", "The candidate asked for it", "reschedule cancel"),
    ("candidate_withdrew", "The candidate withdrew", "cancel"),
    ("candidate_unreachable", "The candidate could not be reached", "reschedule cancel"),
    ("position_filled", "The position is filled", "cancel"),
    ("position_closed", "The position was closed", "cancel"),
    ("not_moving_forward", "We do not go on with the candidate", "cancel"),
    ("interviewer_unavailable", "An interviewer cannot come", "reschedule cancel swap decline"),
    ("illness", "Somebody is ill", "reschedule cancel swap decline"),
    ("conflict", "Something else is at that time", "reschedule swap decline"),
    ("workload", "Too many interviews", "swap decline"),
    ("wrong_person", "Somebody else fits better", "swap decline"),
    ("room", "The room cannot be used", "reschedule"),
    ("agreed", "Agreed with everybody it concerns", "override"),
    ("urgent", "It cannot wait", "reschedule override"),
    ("elsewhere", "Done outside of this program", "close"),
    ("as_it_should_be", "It is as it should be", "close"),
    ("mistake", "A mistake of ours", ""),
    ("other", "Another reason", ""),
)
"""What a company that lists none of its own has."""


def checked(known: Sequence[ReasonCode], deed: Deed, code: str, field: str = "reason") -> ReasonCode:
    """The reason of that code. Raises `BadInput` for one that the company has not, or not for this deed."""
    fitting = [r for r in known if r.fits(deed)]
    for reason in fitting:
        if reason.code == code:
            return reason
    fault = (
        f"{code!r} is no reason for {deed.value}"
        if any(r.code == code for r in known)
        else f"no reason {code!r:.80}"
    )
    fix = f"use one of {', '.join(r.code for r in fitting)}" if fitting else "add one to policy.reasons"
    raise BadInput(field, fault, fix)
