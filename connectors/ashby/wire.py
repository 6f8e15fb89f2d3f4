"""Ashby's words and ours. Pure.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.hiring.reading import inside, instant, many, stamp, text
from connectors.hiring.types import (
    Application,
    Candidate,
    Interview,
    Interviewer,
    Job,
    Member,
    Role,
    Stage,
    Standing,
    Step,
    User,
    Visit,
)

_ROLES = {"hiring manager": Role.HIRING_MANAGER, "recruiter": Role.RECRUITER, "coordinator": Role.COORDINATOR}
_STANDINGS = {"archived": Standing.REJECTED, "hired": Standing.HIRED}


def user(item: Mapping[str, Any]) -> User:
    names = (text(item, name, "") for name in ("firstName", "lastName"))
    return User(
        text(item, "id", text(item, "userId", "")), " ".join(n for n in names if n), text(item, "email", "")
    )


def job(item: Mapping[str, Any]) -> Job:
    return Job(text(item, "id"), text(item, "title"))


def stage(item: Mapping[str, Any]) -> Stage:
    return Stage(text(item, "id"), text(item, "title"))


def steps(plan: Mapping[str, Any]) -> list[Step]:
    """The interviews of a job's interview plan, through its stages and their activities."""
    return [
        Step(
            text(interview, "interviewId", text(interview, "id", "")),
            text(interview, "title", ""),
            text(at, "interviewStageId", text(at, "id", "")),
            int(text(interview, "interviewDurationMinutes", text(interview, "durationMinutes", "0"))),
        )
        for at in many(plan, "stages")
        for activity in many(at, "activities")
        for interview in many(activity, "interviews")
    ]


def visit(item: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> Visit | None:
    """The stay in the present stage: the newest entry of the history that was not left."""
    now = inside(item, "currentInterviewStage")
    if not now:
        return None
    open_ones = [h for h in history if text(h, "stageId") == text(now, "id") and not h.get("leftStageAt")]
    if not open_ones:
        return Visit(f"{text(now, 'id')}.{text(item, 'updatedAt')}", stage(now), instant(item, "updatedAt"))
    newest = max(open_ones, key=lambda h: instant(h, "enteredStageAt"))
    return Visit(text(newest, "id"), stage(now), instant(newest, "enteredStageAt"))


def application(item: Mapping[str, Any], at: Visit | None) -> Application:
    person = inside(item, "candidate")
    who = Candidate(
        text(person, "id"),
        text(person, "name", ""),
        text(inside(person, "primaryEmailAddress"), "value", ""),
        text(person, "timezone", ""),
    )
    team = tuple(
        Member(user(row), _ROLES.get(text(row, "role", "").casefold(), Role.OTHER))
        for row in many(item, "hiringTeam")
    )
    standing = _STANDINGS.get(text(item, "status", "").casefold(), Standing.ACTIVE)
    return Application(text(item, "id"), who, job(inside(item, "job")), standing, at, team)


def interviews(schedules: Iterable[Mapping[str, Any]]) -> list[Interview]:
    """Those that stand. Ashby has no field for a key of ours."""
    return [
        Interview(
            key="",
            application=text(schedule, "applicationId"),
            title="",
            start=instant(event, "startTime"),
            end=instant(event, "endTime"),
            zone="",
            people=tuple(Interviewer(text(person, "email", "")) for person in many(event, "interviewers")),
            place=text(event, "location", ""),
            step=text(event, "interviewId", ""),
            id=f"{text(schedule, 'id')}/{text(event, 'id')}",
        )
        for schedule in schedules
        if text(schedule, "status", "").casefold() != "cancelled"
        for event in many(schedule, "interviewEvents")
    ]


def event(interview: Interview) -> dict[str, Any]:
    return {
        "interviewId": interview.step,
        "startTime": stamp(interview.start),
        "endTime": stamp(interview.end),
        "interviewers": [{"email": p.email} for p in interview.people],
        **({"location": interview.place} if interview.place else {}),
    }


def alike(one: Interview, other: Interview) -> bool:
    """Whether two are the same interview at the same time with the same people."""
    people = ({p.email.casefold() for p in i.people} for i in (one, other))
    return (one.start, one.end, one.step) == (other.start, other.end, other.step) and len(
        {frozenset(p) for p in people}
    ) == 1
