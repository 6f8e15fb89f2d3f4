"""Whom of ours somebody of theirs is: by address first, kept, and corrected by a person.

Told by `tests/scheduler/services/hiring/test_matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.hiring.protocol import Ats
from connectors.hiring.types import Application, Role, User
from scheduler.domain.errors import BadInput
from scheduler.domain.hiring.connections import Connection, Match, MatchHow, MatchKind
from scheduler.domain.people import Person
from scheduler.services.app import App
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Known:
    """What an application is in our words. ``missing`` says in words whom nobody knows; ``ids`` are theirs."""

    job: str
    stage: str
    people: Mapping[Role, Person]
    missing: tuple[str, ...]
    ids: tuple[str, ...]


def known(tx: Tx, connection: Connection, found: Application) -> Known:
    """The application in our words, as the matches say; what is found by address is not kept yet (see `keep`)."""
    said = {(m.kind, m.theirs): m for m in matches(tx, connection.id)}
    people: dict[Role, Person] = {}
    missing, ids = [], []
    for role in (Role.HIRING_MANAGER, Role.RECRUITER, Role.COORDINATOR):
        users = [m.user for m in found.team if m.role is role]
        persons = [p for user in users if (p := _person(tx, said, user)) is not None]
        if persons:
            people[role] = persons[0]
        elif role is not Role.COORDINATOR:
            name = role.value.replace("_", " ")
            ids += [user.id for user in users]
            who = " and ".join(f"{u.name} <{u.email}>" for u in users)
            missing.append(f"the {name} {who} is nobody of the company" if users else f"there is no {name}")
    job = _name(said, MatchKind.JOB, found.job.id, found.job.title)
    at = found.visit.stage if found.visit else None
    stage = _name(said, MatchKind.STAGE, at.id, at.name) if at else ""
    return Known(job, stage, people, tuple(missing), tuple(ids))


def _name(said: Mapping[tuple[MatchKind, str], Match], kind: MatchKind, theirs: str, label: str) -> str:
    match = said.get((kind, theirs))
    said_so = match is not None and match.how is not MatchHow.ADDRESS
    return match.ours if match is not None and said_so and match.ours else label


def _person(tx: Tx, said: Mapping[tuple[MatchKind, str], Match], user: User) -> Person | None:
    match = said.get((MatchKind.PERSON, user.id))
    if match is not None and match.how is not MatchHow.ADDRESS:
        return tx.people.get(match.ours, active=True) if match.ours else None
    found = tx.people.by_email(user.email) if user.email else None
    return found if found is not None and found.active else None


def keep(tx: Tx, connection: Connection, users: Iterable[User]) -> None:
    """Keep whom an address tells, so that it can be shown and corrected."""
    for user in users:
        found = tx.people.by_email(user.email) if user.email else None
        label = f"{user.name} <{user.email}>"[:200]
        ours = found.id if found is not None and found.active else ""
        tx.hiring.match(Match(connection.id, MatchKind.PERSON, user.id, ours, label, MatchHow.ADDRESS))


def matches(tx: Tx, connection: str) -> Sequence[Match]:
    """Those that are kept, and those of the company file, which come before what an address tells and behind what a
    person said. A match of the file names theirs by id or, of a person, by address."""
    kept = {(m.kind, m.theirs): m for m in tx.hiring.matches(connection)}
    by_label = {m.label.rpartition("<")[2].rstrip(">").casefold(): m for m in kept.values()}
    for written in tx.company.policy().matches if tx.company.loaded_at() else ():
        if written.connection not in ("", connection):
            continue
        other = by_label.get(written.theirs.casefold()) if written.kind is MatchKind.PERSON else None
        theirs = other.theirs if other else written.theirs
        before = kept.get((written.kind, theirs))
        if before is None or before.how is not MatchHow.HAND:
            label = before.label if before else written.theirs
            kept[written.kind, theirs] = replace(written, connection=connection, theirs=theirs, label=label)
    return sorted(kept.values(), key=lambda m: (m.kind, m.label, m.theirs))


def correct(tx: Tx, connection: str, kind: MatchKind, theirs: str, ours: str) -> Match:
    """What a person says. Raises `BadInput` for somebody who is not of the company; empty: nobody."""
    if kind is MatchKind.PERSON and ours and tx.people.get(ours, active=True) is None:
        raise BadInput("ours", f"no person {ours!r}", "use the id of a person of the company")
    before = {(m.kind, m.theirs): m for m in tx.hiring.matches(connection)}.get((kind, theirs))
    match = Match(connection, kind, theirs, ours, before.label if before else theirs, MatchHow.HAND)
    tx.hiring.match(match)
    return match


def read_all(app: App, connection: Connection, ats: Ats) -> int:
    """Read the system's people, jobs and stages, so that each can be shown with who it is; how many."""
    users, jobs = ats.users(), ats.jobs()
    stages = {s.id: s for job in jobs for s in ats.stages(job.id)} if len(jobs) <= _MOST_JOBS else {}
    with app.db.write() as tx:
        keep(tx, connection, users)
        tx.showings.once_more(connection.id, app.clock())  # it answers: what was given up is shown
        for kind, rows in (
            (MatchKind.JOB, [(j.id, j.title) for j in jobs]),
            (MatchKind.STAGE, [(s.id, s.name) for s in stages.values()]),
        ):
            for theirs, name in rows:
                tx.hiring.match(Match(connection.id, kind, theirs, name, name[:200], MatchHow.ADDRESS))
    return len(users) + len(jobs) + len(stages)


_MOST_JOBS = 200
"""Jobs whose stages are read one by one; of more, stages are known as candidates reach them."""
