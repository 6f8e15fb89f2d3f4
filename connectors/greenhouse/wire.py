"""Greenhouse's words and ours. Pure.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.hiring.reading import instant, many, stamp, text
from connectors.hiring.types import (
    Application,
    Candidate,
    Interview,
    Interviewer,
    Job,
    Member,
    Reply,
    Role,
    Stage,
    Standing,
    Step,
    User,
    Visit,
)

_CLOSED = {"rejected": Standing.REJECTED, "hired": Standing.HIRED, "converted": Standing.GONE}
_ROLES = {"recruiter": Role.RECRUITER, "coordinator": Role.COORDINATOR}
_REPLIES = {reply.value: reply for reply in Reply}


def user(item: Mapping[str, Any]) -> User:
    """``name`` may come in two parts."""
    parts = (text(item, name, "") for name in ("first_name", "last_name"))
    return User(
        text(item, "id"), text(item, "name", " ".join(p for p in parts if p)), text(item, "primary_email", "")
    )


def job(item: Mapping[str, Any]) -> Job:
    return Job(text(item, "id"), text(item, "name"))


def stage(item: Mapping[str, Any]) -> Stage:
    return Stage(text(item, "id"), text(item, "name"))


def step(item: Mapping[str, Any]) -> Step:
    minutes = item.get("estimated_minutes")
    return Step(
        text(item, "id"),
        text(item, "name"),
        text(item, "job_interview_stage_id", ""),
        minutes if isinstance(minutes, int) else 0,
    )


def candidate(item: Mapping[str, Any]) -> Candidate:
    """The address is the personal one, or else the first."""
    addresses = many(item, "email_addresses")
    personal = [a for a in addresses if a.get("type") == "personal"] or addresses
    names = (text(item, name, "") for name in ("first_name", "last_name"))
    return Candidate(
        text(item, "id"),
        " ".join(n for n in names if n),
        text(personal[0], "value", "") if personal else "",
        text(item, "time_zone", ""),
    )


def visit(rows: Iterable[Mapping[str, Any]], stages: Mapping[str, Stage]) -> Visit | None:
    """The stay in the stage where the application is now: its row has an id of its own, another one each time."""
    now = [row for row in rows if row.get("current") is True]
    if not now:
        return None
    row = max(now, key=lambda r: instant(r, "entered_at"))
    id = text(row, "job_interview_stage_id")
    return Visit(text(row, "id"), stages.get(id, Stage(id, "")), instant(row, "entered_at"))


def members(
    managers: Iterable[Mapping[str, Any]], owners: Iterable[Mapping[str, Any]], users: Mapping[str, User]
) -> tuple[Member, ...]:
    """The hiring team, whoever answers for the job first."""
    found = [(Role.HIRING_MANAGER, row) for row in managers]
    found += [(_ROLES.get(text(row, "type", ""), Role.OTHER), row) for row in owners]
    found.sort(key=lambda pair: pair[1].get("responsible") is not True)
    return tuple(
        Member(users[id], role) for role, row in found if (id := text(row, "user_id", "")) and id in users
    )


def application(
    item: Mapping[str, Any], who: Candidate, what: Job, at: Visit | None, team: Sequence[Member]
) -> Application:
    standing = _CLOSED.get(text(item, "status", ""), Standing.ACTIVE)
    return Application(text(item, "id"), who, what, standing, at, tuple(team))


def interview(item: Mapping[str, Any], users: Mapping[str, User]) -> Interview:
    people = tuple(
        Interviewer(users[id].email, _REPLIES.get(text(row, "response_status", ""), Reply.NEEDS_ACTION))
        for row in many(item, "interviewers")
        if (id := text(row, "user_id", "")) in users
    )
    return Interview(
        key=text(item, "external_event_id", ""),
        application=text(item, "application_id"),
        title="",
        start=instant(item, "starts_at"),
        end=instant(item, "ends_at"),
        zone="",
        people=people,
        place=text(item, "location", ""),
        step=text(item, "job_interview_id", ""),
        id=text(item, "id"),
    )


def body(interview: Interview, ids: Mapping[str, str]) -> dict[str, Any]:
    """What is written; ``ids`` are those of the users by address. ``interviewers`` takes the place of all before."""
    told: dict[str, Any] = {
        "external_event_id": interview.key,
        "starts_at": stamp(interview.start),
        "ends_at": stamp(interview.end),
        "location": interview.place,
        "interviewers": [
            {"user_id": int(ids[p.email.casefold()]), "response_status": p.reply.value}
            for p in interview.people
            if p.email.casefold() in ids
        ],
    }
    return told
