"""The guide *Adding a hiring system*, followed with a fourth one: a file, a stand-in, and the suite that all pass."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.calls import Breaker, Calls, Retry
from connectors.errors import NotFound, Transient
from connectors.hiring.api import Api
from connectors.hiring.protocol import Ats, Receiver
from connectors.hiring.reading import instant, stamp, text
from connectors.hiring.signatures import Forged, check_hex, id_at, key_of, read_object
from connectors.hiring.types import (
    Application,
    Candidate,
    Interview,
    Interviewer,
    Job,
    Kind,
    Member,
    Message,
    Role,
    Stage,
    Standing,
    Step,
    User,
    Visit,
)
from connectors.http import Http
from tests.connectors.hiring.conformance import AtsConformance
from tests.connectors.servers.hiring.base import PATIENT, Applied, Asked, Server, Told


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:
    """``push.py`` of the fourth."""
    check_hex(secrets, body, [headers.get("x-fourth", "")])
    told = read_object(body)
    return Message(Kind.NEWS, key_of(body), id_at(told, "what"), id_at(told, "application"))


class Fourth:
    """``client.py`` of the fourth."""

    def __init__(self, base: str) -> None:
        self._http = Http()
        retry = Retry(attempts=4, patience=5, wait_initial=0.01, wait_max=0.05, wait_jitter=0)
        calls, signed = Calls(breaker=Breaker(PATIENT), retry=retry), {"Authorization": "Bearer key"}
        self._api = Api("Fourth", base, "fourth", self._http, calls, lambda: signed)

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str) -> Any:
        return self._api.json("GET", path, path)

    def application(self, id: str) -> Application:
        item = self._get(f"/applications/{id}")
        if not isinstance(item, dict):
            raise NotFound("the application is gone")
        team = [Member(User(m["id"], m["name"], m["email"]), Role(m["role"])) for m in item.get("team", ())]
        stage = Stage(text(item, "stage"), text(item, "stage_name"))
        return Application(
            text(item, "id"),
            Candidate(text(item, "person"), text(item, "name"), text(item, "email")),
            Job(*item["job"]),
            Standing(text(item, "standing")),
            Visit(text(item, "visit"), stage, instant(item, "entered")),
            tuple(team),
        )

    def users(self) -> Sequence[User]:
        return [User(*row) for row in self._get("/users")]

    def jobs(self) -> Sequence[Job]:
        return [Job(*row) for row in self._get("/jobs")]

    def stages(self, job: str) -> Sequence[Stage]:
        return [Stage(*row) for row in self._get("/stages")]

    def plan(self, job: str) -> Sequence[Step]:
        return []

    def advances(self, since: datetime) -> Iterator[str]:
        return (row for row in self._get(f"/changed/{stamp(since)}"))

    def interviews(self, application: str) -> Sequence[Interview]:
        return [
            Interview(
                r["key"],
                application,
                "",
                instant(r, "start"),
                instant(r, "end"),
                "",
                tuple(map(Interviewer, r["people"])),
                id=r["key"],
            )
            for r in self._get(f"/interviews/{application}")
        ]

    def write(self, interview: Interview) -> str:
        told = {
            "start": stamp(interview.start),
            "end": stamp(interview.end),
            "people": [p.email for p in interview.people],
            "about": interview.application,
        }
        path = f"/interviews/{interview.key.replace('/', '.')}"
        try:
            self._api.call("PUT", path, "an interview", body=told)  # by key: the same twice is there once
        except Transient:
            self._api.call("PUT", path, "an interview", body=told)
        return interview.key

    def cancel(self, interview: Interview) -> None:
        self._api.call("DELETE", f"/interviews/{interview.key.replace('/', '.')}", "an interview")


class FourthServer(Server):
    """Its stand-in."""

    system = "fourth"

    def client(self) -> Fourth:
        return Fourth(self.url)

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != "Bearer key":
            return Told(401)
        noun, _, rest = asked.path.strip("/").partition("/")
        if asked.method in ("PUT", "DELETE"):
            key = rest.replace(".", "/")
            if asked.method == "DELETE":
                self.world.interviews.pop(key, None)
            else:
                self.world.interviews[key] = {**asked.body, "key": key}
            return Told(204)
        world, every = self.world, self.world.applications.values()
        rows: dict[str, Any] = {
            "users": [[id, *who] for id, who in world.users.items()],
            "jobs": [list(world.job)],
            "stages": [list(row) for row in world.stages.items()],
            "changed": [a.id for a in every if stamp(a.updated) >= rest],
            "interviews": [i for i in world.interviews.values() if i["about"] == rest],
        }
        if noun == "applications":
            found = world.applications.get(rest)
            return Told(404) if found is None or found.deleted else Told(200, self._application(found))
        return Told(200, rows[noun]) if noun in rows else self.problem(asked.path)

    def _application(self, a: Applied) -> dict[str, Any]:
        visit, stage, entered, _ = a.visits[-1]
        team = ((self.world.manager, "hiring_manager"), (self.world.recruiter, "recruiter"))
        users = self.world.users
        return {
            "id": a.id,
            "person": a.person,
            "name": a.name,
            "email": a.email,
            "job": list(self.world.job),
            "standing": a.standing,
            "visit": visit,
            "stage": stage,
            "stage_name": self.world.stages[stage],
            "entered": stamp(entered),
            "team": [{"id": i, "name": users[i][0], "email": users[i][1], "role": r} for i, r in team],
        }

    def shown(self) -> list[dict[str, Any]]:
        return [{**i, "people": sorted(i["people"])} for i in self.world.interviews.values()]

    def hook(self, applied: Applied, secret: str) -> list[tuple[bytes, dict[str, str]]]:
        body = json.dumps({"what": "moved", "application": applied.id, "n": len(applied.visits)}).encode()
        return [(body, {"X-Fourth": hmac.digest(secret.encode(), body, hashlib.sha256).hex()})]


class TestFourth(AtsConformance):
    """The suite."""

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with FourthServer().running() as server:
            yield server
        assert server.problems == []


def test_its_webhooks_are_read() -> None:
    receiver: Receiver = read
    with FourthServer().running() as server:
        ((body, headers),) = server.hook(server.world.apply(), "a secret")
        low = {name.lower(): value for name, value in headers.items()}
        assert receiver(body, low, ["a secret"], 0.0).application
        with pytest.raises(Forged):
            receiver(body, low, ["another"], 0.0)
        ats: Ats = server.connect()
        assert ats.jobs()


def test_the_guide_names_what_this_needed() -> None:
    page = (Path(__file__).parents[3] / "docs" / "hiring-systems.md").read_text(encoding="utf-8")
    guide = page.partition("## Adding a hiring system")[2]
    files = set(re.findall(r"`((?:connectors|tests)/[\w/]+\.py)`", guide))
    assert {
        "connectors/hiring/protocol.py",
        "connectors/hiring/signatures.py",
        "connectors/hiring/types.py",
        "connectors/hiring/api.py",
        "tests/connectors/servers/hiring/base.py",
    } <= files
