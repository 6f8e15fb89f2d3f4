"""The whole policy: which role does what with which loops.

Told by `tests/scheduler/domain/test_policy_of_access.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Action(StrEnum):
    """What a route or page does, for the policy."""

    READ = "read"
    """Loops, their plans, interviews, mail and candidates."""
    REQUEST = "request"
    """Ask for loops, change and cancel them."""
    BOOK = "book"
    """Say yes to a plan."""
    LOOK_UP = "look_up"
    """People, pools, rooms, sites, templates, reasons: the company, and nobody who applies to it."""
    AUDIT = "audit"
    """What was done by whom, as a whole, and how the deployment goes."""
    CONFIGURE = "configure"
    """People, pools, rooms, templates, hiring systems, webhooks."""
    ADMINISTER = "administer"
    """Accounts, roles and tokens."""
    SELF = "self"
    """What concerns whoever asks, and nobody else."""
    DELIVER = "deliver"
    """Webhooks: the signature decides."""
    ANSWER = "answer"
    """Pages of candidates and interviewers: the link decides, and shows what is theirs."""
    OBSERVE = "observe"
    """Health and documentation: open."""


OPEN = frozenset({Action.DELIVER, Action.ANSWER, Action.OBSERVE})


class Role(StrEnum):
    ADMIN = "admin"
    RECRUITER = "recruiter"
    COORDINATOR = "coordinator"
    HIRING_MANAGER = "hiring_manager"
    INTERVIEWER = "interviewer"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"
    AUTOMATION = "automation"


class Reach(IntEnum):
    """How far a role's action goes: nowhere, to loops of one's own, to all (of the jobs and sites it is given for)."""

    NONE = 0
    OWN = 1
    ALL = 2


_N, _O, _A = Reach
_LOOPS = {Action.READ: _A, Action.REQUEST: _A, Action.BOOK: _A}
POLICY: Mapping[Role, Mapping[Action, Reach]] = {
    Role.ADMIN: {**_LOOPS, **dict.fromkeys((Action.CONFIGURE, Action.AUDIT, Action.ADMINISTER), _A)},
    Role.RECRUITER: _LOOPS,
    Role.COORDINATOR: _LOOPS,
    Role.HIRING_MANAGER: {Action.READ: _O, Action.BOOK: _O},
    Role.INTERVIEWER: {Action.READ: _O},
    Role.ASSISTANT: {Action.READ: _O},
    Role.AUDITOR: {Action.READ: _A, Action.AUDIT: _A},
    Role.AUTOMATION: {**_LOOPS, Action.AUDIT: _A},
}
"""What is not named here, a role may not do; `LOOK_UP` and `SELF` are in `reach`."""
_LOOK_NOTHING_UP = frozenset({Role.INTERVIEWER, Role.ASSISTANT})


def reach(role: Role, action: Action) -> Reach:
    """How far an action of a role goes."""
    if action is Action.SELF or action in OPEN:
        return Reach.ALL
    if action is Action.LOOK_UP:
        return Reach.NONE if role in _LOOK_NOTHING_UP else Reach.ALL
    return POLICY[role].get(action, Reach.NONE)


class Tie(StrEnum):
    """What makes a loop somebody's own."""

    CARES = "cares"
    """They own it, or are the recruiter or coordinator of its application."""
    MANAGES = "manages"
    """They are the hiring manager of its application."""
    SITS = "sits"
    """They have a seat in one of its interviews."""


TIES: Mapping[Role, frozenset[Tie]] = {
    Role.HIRING_MANAGER: frozenset({Tie.MANAGES}),
    Role.INTERVIEWER: frozenset({Tie.SITS}),
    Role.ASSISTANT: frozenset({Tie.SITS, Tie.MANAGES}),
}
"""For roles that reach no further than their own."""
_ANYWHERE = frozenset({Action.READ, Action.REQUEST, Action.BOOK})
"""What is done with a loop, and may be narrowed to some."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, for some ``jobs`` and some ``sites`` (for all, where none are named). Whoever has it for some has it for
    loops alone: nothing of it is company-wide."""

    role: Role
    jobs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    @property
    def narrow(self) -> bool:
        return bool(self.jobs or self.sites)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: ``name`` goes into the facts. ``trusted`` is the deployment's own token, which may everything.
    ``person`` is their id in the company, ``assists`` those for whom an assistant asks."""

    name: str
    trusted: bool = False
    grants: tuple[Grant, ...] = ()
    person: str = ""
    assists: tuple[str, ...] = ()
    account: str = ""

    @property
    def known(self) -> bool:
        return self.trusted or bool(self.grants)


@dataclass(frozen=True, slots=True)
class Look:
    """Some loops: those of these ``jobs`` and these ``sites`` (all, where none are named) that one of ``people`` has
    one of these ``ties`` to (whatever the ties, where none are named)."""

    jobs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    ties: frozenset[Tie] = frozenset()
    people: tuple[str, ...] = ()


Sight = tuple[Look, ...] | None
"""The loops that an action may be done with: what any of the looks holds; ``None`` is every loop there is or will
be, an empty one is none."""


def sight(actor: Actor, action: Action) -> Sight:
    """The loops that somebody may do that with."""
    if actor.trusted:
        return None
    looks = []
    for grant in actor.grants:
        far = reach(grant.role, action)
        if far is Reach.ALL and not grant.narrow:
            return None
        if far is Reach.ALL:
            looks.append(Look(grant.jobs, grant.sites))
        elif far is Reach.OWN:
            people = actor.assists if grant.role is Role.ASSISTANT else (actor.person,)
            people = tuple(p for p in people if p)
            if people:
                looks.append(Look(grant.jobs, grant.sites, TIES[grant.role], people))
    return tuple(looks)


def can(actor: Actor, action: Action) -> bool:
    """Whether somebody may do that at all, company-wide or with some loops (`sight` says which)."""
    if action in OPEN or actor.trusted:
        return True
    if action in _ANYWHERE:
        return any(reach(g.role, action) is not Reach.NONE for g in actor.grants)
    if action is Action.SELF:
        return actor.known
    return any(not g.narrow or action is Action.LOOK_UP for g in actor.grants if reach(g.role, action))


def everywhere(actor: Actor, action: Action) -> bool:
    """Whether somebody may do that whatever it concerns: lists, batches, the whole company."""
    return can(actor, action) and (action not in _ANYWHERE or sight(actor, action) is None)


def knows_needs(actor: Actor, recruiter: str, coordinator: str | None) -> bool:
    """Whether somebody is shown what a candidate needs (the accommodation): the recruiter and the coordinator of the
    application alone, and the deployment's own token, whose holder has the database."""
    own = bool(actor.person) and actor.person in (recruiter, coordinator)
    return actor.trusted or (own and any(g.role in (Role.RECRUITER, Role.COORDINATOR) for g in actor.grants))
