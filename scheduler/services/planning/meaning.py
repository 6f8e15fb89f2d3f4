"""What a block in somebody's calendar means for a loop: the one place that decides it.

Asked by the encoder, by the look before a booking and by the watch after it, so that what is planned
around, what stops a booking and what sends a loop to its repair are the same.
"""

from __future__ import annotations

from enum import StrEnum

from connectors.types import Verdict
from scheduler.domain.loops import BookMode
from scheduler.domain.policy import Policy


class Meaning(StrEnum):
    """``hard`` is never booked over; ``soft`` has a price, or is shown. What is free yields no block at all."""

    HARD = "hard"
    SOFT = "soft"


class Claim(StrEnum):
    """What our interview has of the time: wanted for a plan; booked, or accepted, by a person; or it is a room's."""

    WANTED = "wanted"
    BOOKED = "booked"
    ACCEPTED = "accepted"
    ROOM = "room"


_ALWAYS_HARD = frozenset({Verdict.BUSY, Verdict.OUT_OF_OFFICE})


def meaning(verdict: Verdict, mode: BookMode, policy: Policy, claim: Claim) -> Meaning:
    """What a block with this verdict means.

    A room holds one meeting, so whatever stands in its calendar is hard. Before a booking a doubt is soft
    only where somebody watches: in mode *book* it counts as busy, and focus time is soft only where the
    policy allows it. What comes into a calendar after the booking and is no more than a doubt does not
    drive anybody out; an invitation that waits for an answer does, until ours was accepted.
    """
    if verdict in _ALWAYS_HARD or claim is Claim.ROOM:
        return Meaning.HARD
    if verdict is Verdict.UNANSWERED:
        return Meaning.SOFT if claim is Claim.ACCEPTED else Meaning.HARD
    if claim in (Claim.BOOKED, Claim.ACCEPTED):
        return Meaning.SOFT
    watched = mode is BookMode.PROPOSE
    allowed = verdict is Verdict.TENTATIVE or policy.allow_focus
    return Meaning.SOFT if watched and allowed else Meaning.HARD
