"""What others are told of by webhook: ids alone, never a name, an address or a word that somebody wrote.

Told by `tests/scheduler/domain/test_hooks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState

NOUNS = ("loop", "proposal", "booking", "interview", "seat", "fix", "attention")
"""What the types of messages begin with; a hook may want all of one: ``loop.*``."""
_IDS = ("interview", "person", "proposal", "application", "attention")
"""What of a fact's data may leave: ids."""
_ID = re.compile(r"[A-Za-z0-9._:-]{0,200}")
_LOOP = "loop:"
_NAMED = {
    "changed_by_hand": "interview.changed_by_hand",
    "override_given": "loop.override_given",
    "reason_given": "loop.reason_given",
    "further_plan_added": "proposal.added",
    "conflict_found": "loop.conflict_found",
    "conflict_gone": "loop.conflict_gone",
    "candidate_cannot": "loop.candidate_cannot",
}
"""Facts about loops whose names do not begin with what they are told as."""
_HOW = ("time", "people", "room", "added", "removed")
"""What somebody may change of an interview by hand."""
_STOOD = re.compile(r"[A-Za-z0-9._:+;, -]{0,500}")
"""What was changed by hand, before and after: ids of people by seat, a room's, or an instant."""

RETRIES = tuple(
    timedelta(**by)
    for by in (
        {"seconds": 5},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
        {"hours": 20},
        {"hours": 24},
    )
)
"""When a message is tried again after each failure: the schedule of the Standard Webhooks specification."""
DAYS_FAILING = timedelta(days=3)
"""A hook that took nothing for so long, and let a message run out, is sent nothing more."""


class HookState(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Hook:
    """Somebody's wish to be told: where, of what (``types`` such as ``seat.declined`` or ``loop.*``; none are all),
    signed with what. ``why`` says why it is disabled; ``failing_since`` is set from the first failure to the next
    success; until ``rest_until`` it is left alone. Until ``old_until`` messages are signed with ``old_secret`` too."""

    id: str
    url: str
    types: tuple[str, ...]
    state: HookState
    created_at: datetime
    secret: str = field(repr=False)
    why: str = ""
    failing_since: datetime | None = None
    rest_until: datetime | None = None
    old_secret: str = field(default="", repr=False)
    old_until: datetime | None = None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """What a message is signed with now: the present secret first."""
        both = self.old_secret and self.old_until is not None and now < self.old_until
        return (self.secret, self.old_secret) if both else (self.secret,)

    def wants(self, kind: str) -> bool:
        return not self.types or kind in self.types or f"{kind.partition('.')[0]}.*" in self.types


class DeliveryState(StrEnum):
    TODO = "todo"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One message to one hook. ``id`` is its ``webhook-id``, the same in every try; ``fact`` the number of what it
    tells of, ``status`` that of the last answer, 0 where none came."""

    id: str
    hook: str
    fact: int
    type: str
    body: str
    state: DeliveryState
    due_at: datetime
    noted_at: datetime
    attempts: int = 0
    status: int = 0
    error: str = ""
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message before it is addressed."""

    type: str
    at: datetime
    data: Mapping[str, Any]


def said(fact: Fact) -> Iterator[Said]:
    """What others are told of a fact, perhaps in several messages; of most of what is not about a loop, nothing."""
    noun, _, what = fact.what.partition("_")
    if fact.what in _NAMED and fact.subject.startswith(_LOOP):
        yield Said(_NAMED[fact.what], fact.at, {**_data(fact), **_more(fact)})
    elif noun in NOUNS and what:
        yield Said(f"{noun}.{what}", fact.at, {**_data(fact), **_more(fact)})
    if fact.what == "loop_moved":
        yield from (Said(kind, fact.at, {**_data(fact), **more}) for kind, more in _moved(fact))


def _more(fact: Fact) -> dict[str, Any]:
    """What is told of some facts besides: which fix, which plan, whom of several people, what of an interview."""
    more: dict[str, Any] = {}
    if fact.what.startswith("fix_"):
        more["fix"] = fact.cause
    if fact.what == "further_plan_added":
        more["proposal"] = fact.after
    people = fact.data.get("people")
    if isinstance(people, list | tuple):
        more["people"] = [p for p in people if isinstance(p, str) and _ID.fullmatch(p)]
    if fact.what == "changed_by_hand" and fact.data.get("what") in _HOW:
        stood = {"before": fact.before, "after": fact.after}
        more |= {"what": fact.data["what"], **{k: v for k, v in stood.items() if v and _STOOD.fullmatch(v)}}
    return more


def _moved(fact: Fact) -> Iterator[tuple[str, dict[str, str]]]:
    cause = {"proposal": fact.cause} if fact.cause.startswith("pr_") else {}
    if fact.after == LoopState.PROPOSED:
        yield "proposal.offered", cause
    elif fact.after == LoopState.HELD:
        yield "proposal.chosen", cause
    elif fact.after == LoopState.CONFIRMED:
        yield "booking.confirmed", {}
    elif (fact.before, fact.after) == (LoopState.CANCELLING, LoopState.CANCELLED):
        yield "booking.cancelled", {}
    elif fact.after == LoopState.NEEDS_ATTENTION:
        yield "attention.needed", {}
    if fact.before == LoopState.NEEDS_ATTENTION != fact.after:
        yield "attention.ended", {}


def _data(fact: Fact) -> dict[str, Any]:
    loop = {"loop": fact.subject.removeprefix(_LOOP)} if fact.subject.startswith(_LOOP) else {}
    told = {"before": fact.before, "after": fact.after, **{name: fact.data.get(name) for name in _IDS}}
    ids = {name: v for name, v in told.items() if isinstance(v, str) and v and _ID.fullmatch(v)}
    if loop and ids.get("interview") and ":" not in ids["interview"]:
        ids["interview"] = f"{loop['loop']}:{ids['interview']}"  # the template's id: told as everywhere else
    return {**loop, **ids, "fact": fact.seq}
