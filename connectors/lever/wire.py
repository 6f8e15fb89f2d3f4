"""Lever's words and ours. Pure. Times are milliseconds since 1970.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.hiring.reading import inside, instant, many, millis, text
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
    User,
    Visit,
)

MARK = "loopwright:"
"""Before our key, at the end of a panel's note: Lever has no field for an id of ours."""


def user(item: Mapping[str, Any]) -> User:
    return User(text(item, "id"), text(item, "name", ""), text(item, "email", ""))


def job(item: Mapping[str, Any]) -> Job:
    return Job(text(item, "id"), text(item, "text"))


def stage(item: Mapping[str, Any]) -> Stage:
    return Stage(text(item, "id"), text(item, "text"))


def candidate(item: Mapping[str, Any]) -> Candidate:
    emails = item.get("emails")
    email = next((e for e in emails if isinstance(e, str) and e), "") if isinstance(emails, list) else ""
    return Candidate(text(item, "contact", text(item, "id")), text(item, "name", ""), email)


def visit(item: Mapping[str, Any], stages: Mapping[str, Stage]) -> Visit | None:
    """The stay in the present stage: it began with the last change to it, or when the opportunity was made."""
    now = text(item, "stage", "")
    if not now:
        return None
    changes = [c for c in many(item, "stageChanges") if text(c, "toStageId", "") == now]
    entered = max((instant(c, "updatedAt") for c in changes), default=None) or instant(item, "createdAt")
    return Visit(f"{now}.{millis(entered)}", stages.get(now, Stage(now, "")), entered)


def members(
    item: Mapping[str, Any], applied: Mapping[str, Any], users: Mapping[str, User]
) -> tuple[Member, ...]:
    """The manager of the posting, and as recruiter the opportunity's owner, or else the posting's."""
    manager = text(applied, "postingHiringManager", "")
    owner = text(item, "owner", "") or text(applied, "postingOwner", "")
    pairs = ((manager, Role.HIRING_MANAGER), (owner, Role.RECRUITER))
    return tuple(Member(users[id], role) for id, role in pairs if id in users)


def standing(item: Mapping[str, Any], hired: frozenset[str]) -> Standing:
    """``hired`` are the ids of the reasons for archiving that mean a hire."""
    archived = inside(item, "archived")
    if not archived:
        return Standing.ACTIVE
    return Standing.HIRED if text(archived, "reason", "") in hired else Standing.REJECTED


def hires(reasons: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(text(r, "id") for r in reasons if text(r, "type", "") == "hired")


def application(
    item: Mapping[str, Any], what: Job, at: Visit | None, team: Sequence[Member], where: Standing
) -> Application:
    return Application(text(item, "id"), candidate(item), what, where, at, tuple(team))


def interviews(
    panels: Iterable[Mapping[str, Any]], application: str, users: Mapping[str, User]
) -> list[Interview]:
    """Those of our own panels, each of which holds one."""
    found = []
    for panel in panels:
        _, marked, key = text(panel, "note", "").rpartition(MARK)
        for row in many(panel, "interviews")[:1] if marked and not panel.get("canceledAt") else ():
            start = instant(row, "date")
            found.append(
                Interview(
                    key=key.strip(),
                    application=application,
                    title=text(row, "subject", ""),
                    start=start,
                    end=start.fromtimestamp(
                        start.timestamp() + 60 * int(text(row, "duration")), start.tzinfo
                    ),
                    zone=text(panel, "timezone", ""),
                    people=tuple(
                        Interviewer(users[id].email)
                        for person in many(row, "interviewers")
                        if (id := text(person, "id", "")) in users
                    ),
                    place=text(row, "location", ""),
                    id=text(panel, "id"),
                )
            )
    return found


def panel(interview: Interview, ids: Mapping[str, str]) -> dict[str, Any]:
    """A panel of one interview, managed by us; ``ids`` are those of the users by address. Lever keeps no answers:
    who declined stands in the note."""
    minutes = round((interview.end - interview.start).total_seconds() / 60)
    replies = ", ".join(f"{p.email}: {p.reply.value.replace('_', ' ')}" for p in interview.people)
    note = "\n".join(part for part in (replies, f"{MARK}{interview.key}") if part)
    return {
        "externallyManaged": True,
        "timezone": interview.zone,
        "note": note,
        **({"stage": interview.stage} if interview.stage else {}),
        "interviews": [
            {
                "subject": interview.title,
                "date": millis(interview.start),
                "duration": minutes,
                "location": interview.place,
                "interviewers": [
                    {"id": ids[p.email.casefold()]} for p in interview.people if p.email.casefold() in ids
                ],
            }
        ],
    }
