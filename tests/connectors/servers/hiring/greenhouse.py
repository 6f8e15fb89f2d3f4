"""Greenhouse: Harvest v3 as its reference and public clients describe it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from connectors.calls import Breaker, Calls, Retry
from connectors.greenhouse.client import Greenhouse
from connectors.hiring.reading import stamp
from tests.connectors.servers.hiring.base import PATIENT, Applied, Asked, Server, Told

_BASIC = "Basic " + base64.b64encode(b"client:secret").decode()
_FILTERS = {
    "applications": {"ids", "last_activity_at"},
    "candidates": {"ids"},
    "jobs": {"ids"},
    "users": {"ids"},
    "application_stages": {"application_ids"},
    "job_interview_stages": {"job_ids"},
    "job_interviews": {"job_ids"},
    "job_hiring_managers": {"job_ids"},
    "job_owners": {"job_ids"},
    "interviews": {"application_ids", "external_event_ids"},
}
_WRITTEN = {"external_event_id", "starts_at", "ends_at", "location", "interviewers"}
_STATUS = {"active": "in_process", "withdrawn": "rejected"}


class GreenhouseServer(Server):
    """Pages are two rows long; a cursor with any other parameter is refused."""

    system = "greenhouse"

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()
        self.pages: dict[str, list[dict[str, Any]]] = {}
        self.per_page = 2

    @staticmethod
    def ident(n: int) -> str:
        return str(90_000 + n)

    def client(self) -> Greenhouse:
        calls = Calls(
            breaker=Breaker(PATIENT),
            retry=Retry(attempts=4, patience=5, wait_initial=0.01, wait_max=0.05, wait_jitter=0),
        )
        return Greenhouse(
            {"client_id": "client", "client_secret": "secret"},
            calls=calls,
            base=f"{self.url}/v3",
            auth=f"{self.url}/token",
        )

    def expire(self) -> None:
        """Every token ends now."""
        self.tokens.clear()

    def answer(self, asked: Asked) -> Told:
        if asked.path == "/token":
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Told(401)
        parts = asked.path.removeprefix("/v3/").split("/")
        if asked.method == "GET" and len(parts) == 1 and parts[0] in _FILTERS:
            return self._list(parts[0], asked)
        if parts[0] == "interviews":
            return self._write(asked, parts[1] if len(parts) == 2 else "")
        return self.problem(f"{asked.method} {asked.path}")

    def _token(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != _BASIC or asked.body != "grant_type=client_credentials":
            return Told(401)
        token = f"token-{len(self.asked)}"
        self.tokens.add(token)
        return Told(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _list(self, what: str, asked: Asked) -> Told:
        if "cursor" in asked.params:
            if set(asked.params) != {"cursor"}:
                return self.problem("a cursor must stand alone")
            rows = self.pages.pop(asked.params["cursor"], [])
        else:
            extra = set(asked.params) - _FILTERS[what] - {"per_page"}
            if extra or not 1 <= int(asked.params.get("per_page", "100")) <= 500:
                return self.problem(f"{what} cannot be asked with {sorted(extra)}")
            rows = self._rows(what, asked.params)
        page, rest = rows[: self.per_page], rows[self.per_page :]
        headers = {}
        if rest:
            cursor = f"c{len(self.asked)}"
            self.pages[cursor] = rest
            headers["link"] = f'<{self.url}/v3/{what}?cursor={cursor}>; rel="next"'
        return Told(200, page, headers)

    def _rows(self, what: str, params: dict[str, str]) -> list[dict[str, Any]]:
        rows = getattr(self, f"_{what}")()
        for name, value in params.items():
            if name == "last_activity_at":
                rows = [r for r in rows if r[name] >= value.removeprefix("gte|")]
            elif name != "per_page":
                rows = [r for r in rows if str(r[name.removesuffix("s")]) in value.split(",")]
        return list(rows)

    def _applications(self) -> list[dict[str, Any]]:
        return [
            {
                "id": int(a.id),
                "candidate_id": int(a.person),
                "job_id": int(self.world.job[0]),
                "status": _STATUS.get(a.standing, a.standing),
                "last_activity_at": stamp(a.updated),
            }
            for a in self.world.applications.values()
            if not a.deleted
        ]

    def _candidates(self) -> list[dict[str, Any]]:
        return [
            {
                "id": int(a.person),
                "first_name": a.name.split()[0],
                "last_name": a.name.split()[-1],
                "email_addresses": [
                    {"value": f"work-{a.email}", "type": "work"},
                    {"value": a.email, "type": "personal"},
                ],
            }
            for a in self.world.applications.values()
        ]

    def _jobs(self) -> list[dict[str, Any]]:
        return [{"id": int(self.world.job[0]), "name": self.world.job[1], "status": "open"}]

    def _users(self) -> list[dict[str, Any]]:
        return [
            {"id": int(id), "first_name": n.split()[0], "last_name": n.split()[1], "primary_email": e}
            for id, (n, e) in self.world.users.items()
        ]

    def _application_stages(self) -> list[dict[str, Any]]:
        return [
            {
                "id": int(visit),
                "application_id": int(a.id),
                "job_interview_stage_id": int(stage),
                "current": left is None,
                "entered_at": stamp(entered),
                "exited_at": left and stamp(left),
            }
            for a in self.world.applications.values()
            for visit, stage, entered, left in a.visits
        ]

    def _job_interview_stages(self) -> list[dict[str, Any]]:
        job = int(self.world.job[0])
        rows = [
            {"id": int(id), "name": name, "job_id": job, "priority": n, "active": True}
            for n, (id, name) in enumerate(self.world.stages.items())
        ]
        return rows[::-1]

    def _job_interviews(self) -> list[dict[str, Any]]:
        id, name = self.world.step
        stage = int(self.world.stage_of("Talks"))
        return [
            {"id": int(id), "name": name, "job_id": int(self.world.job[0]), "job_interview_stage_id": stage}
        ]

    def _job_hiring_managers(self) -> list[dict[str, Any]]:
        return [{"id": 1, "job_id": int(self.world.job[0]), "user_id": int(self.world.manager)}]

    def _job_owners(self) -> list[dict[str, Any]]:
        job, user = int(self.world.job[0]), int(self.world.recruiter)
        return [{"id": 1, "job_id": job, "user_id": user, "type": "recruiter", "responsible": True}]

    def _interviews(self) -> list[dict[str, Any]]:
        return list(self.world.interviews.values())

    def _write(self, asked: Asked, id: str) -> Told:
        if asked.method == "DELETE":
            return Told(204) if self.world.interviews.pop(id, None) else Told(404)
        told = asked.body if isinstance(asked.body, dict) else {}
        wanted = _WRITTEN | ({"application_id"} if asked.method == "POST" else set())
        if not wanted <= set(told) or set(told) - wanted - {"job_interview_id"}:
            return self.problem(f"an interview with {sorted(told)}")
        if any(not isinstance(p.get("user_id"), int) for p in told["interviewers"]):
            return self.problem("an interviewer without a user_id")
        if asked.method == "PATCH":
            if id not in self.world.interviews:
                return Told(404)
            self.world.interviews[id] |= told
            return Told(200, self.world.interviews[id])
        made = {"id": int(self.world.fresh()), "job_interview_id": None, **told, "status": "scheduled"}
        self.world.interviews[str(made["id"])] = made
        return Told(201, made)

    def shown(self) -> list[dict[str, Any]]:
        return [
            {
                "start": i["starts_at"],
                "end": i["ends_at"],
                "people": sorted(self.world.users[str(p["user_id"])][1] for p in i["interviewers"]),
            }
            for i in self.world.interviews.values()
        ]

    def hook(self, applied: Applied, secret: str) -> list[tuple[bytes, dict[str, str]]]:
        action = "candidate_stage_change" if applied.standing == "active" else "reject_candidate"
        stage = {"id": int(applied.stage), "name": self.world.stages[applied.stage]}
        told = {
            "action": action,
            "payload": {
                "application": {
                    "id": int(applied.id),
                    "current_stage": stage,
                    "last_activity_at": stamp(applied.updated),
                }
            },
        }
        body = json.dumps(told).encode()
        mac = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        return [(body, {"Signature": f"sha256 {mac}", "Greenhouse-Event-ID": f"{len(applied.visits)}"})]
