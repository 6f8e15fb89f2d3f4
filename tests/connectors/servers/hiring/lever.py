"""Lever: its API v1 as its reference describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from connectors.calls import Breaker, Calls, Limiter, Retry
from connectors.hiring.reading import millis
from connectors.lever.client import RATE, Lever
from tests.connectors.servers.hiring.base import PATIENT, Applied, Asked, Bucket, Server, Told

_BASIC = "Basic " + base64.b64encode(b"lever-key:").decode()
_PANEL = {"externallyManaged", "timezone", "note", "stage", "interviews"}
_INTERVIEW = {"subject", "date", "duration", "location", "interviewers"}


class LeverServer(Server):
    """Ten requests a second, twenty at once; a refusal names no time to wait."""

    system = "lever"

    def __init__(self) -> None:
        super().__init__()
        self.bucket = Bucket(10, 20)

    def client(self) -> Lever:
        retry = Retry(attempts=4, patience=5, wait_initial=0.05, wait_max=0.3, wait_jitter=0)
        return Lever(
            {"api_key": "lever-key", "perform_as": self.world.recruiter},
            calls=Calls(Limiter(per_user=RATE), Breaker(PATIENT), retry=retry),
            base=self.url,
        )

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != _BASIC:
            return Told(401)
        if not self.bucket.take():
            return Told(429, {"code": "TooManyRequests"})
        parts = asked.path.strip("/").split("/")
        if parts[-1] == "panels" or (len(parts) == 4 and parts[2] == "panels"):
            return self._panels(asked, parts)
        if asked.method != "GET":
            return self.problem(f"{asked.method} {asked.path}")
        return self._read(asked, parts)

    def _read(self, asked: Asked, parts: list[str]) -> Told:
        if parts[0] == "opportunities" and len(parts) >= 2:
            applied = self.world.applications.get(parts[1])
            if applied is None or applied.deleted:
                return Told(404, {"code": "ResourceNotFound"})
            if len(parts) == 2:
                return Told(200, {"data": self._opportunity(applied)})
            return self._page(asked, [self._applied()]) if parts[2] == "applications" else Told(404)
        if parts[0] == "postings" and len(parts) == 2:
            return Told(200, {"data": self._posting()})
        lists = {
            "opportunities": [
                self._opportunity(a) for a in self.world.applications.values() if not a.deleted
            ],
            "postings": [self._posting()],
            "stages": [{"id": id, "text": name} for id, name in self.world.stages.items()],
            "users": [{"id": i, "name": n, "email": e} for i, (n, e) in self.world.users.items()],
            "archive_reasons": [
                {"id": "r-hired", "text": "Hired", "type": "hired"},
                {"id": "r-no", "text": "Underqualified", "type": "non-hired"},
            ],
        }
        if parts[0] not in lists:
            return self.problem(asked.path)
        rows = lists[parts[0]]
        if "updated_at_start" in asked.params:
            rows = [r for r in rows if r["updatedAt"] >= int(asked.params["updated_at_start"])]
        return self._page(asked, rows)

    def _page(self, asked: Asked, rows: list[dict[str, Any]]) -> Told:
        extra = set(asked.params) - {"limit", "offset", "updated_at_start"}
        if extra or not 1 <= int(asked.params.get("limit", "100")) <= 100:
            return self.problem(f"{asked.path} with {sorted(extra)}")
        start = int(asked.params.get("offset", "0"))
        more = len(rows) > start + 2
        page = {"data": rows[start : start + 2], "hasNext": more}
        return Told(200, {**page, **({"next": str(start + 2)} if more else {})})

    def _opportunity(self, a: Applied) -> dict[str, Any]:
        reason = {"hired": "r-hired", "rejected": "r-no", "withdrawn": "r-no"}.get(a.standing)
        return {
            "id": a.id,
            "name": a.name,
            "contact": a.person,
            "emails": [a.email],
            "stage": a.stage,
            "owner": self.world.recruiter,
            "createdAt": millis(a.visits[0][2]),
            "updatedAt": millis(a.updated),
            "stageChanges": [
                {"toStageId": stage, "updatedAt": millis(entered)} for _, stage, entered, _ in a.visits[1:]
            ],
            "archived": {"reason": reason, "archivedAt": millis(a.updated)} if reason else None,
        }

    def _applied(self) -> dict[str, Any]:
        posting, manager = self.world.job[0], self.world.manager
        return {"id": "x", "posting": posting, "postingHiringManager": manager, "postingOwner": None}

    def _posting(self) -> dict[str, Any]:
        return {"id": self.world.job[0], "text": self.world.job[1], "state": "published"}

    def _panels(self, asked: Asked, parts: list[str]) -> Told:
        about = parts[1]
        mine = {id: p for id, p in self.world.interviews.items() if p["opportunity"] == about}
        if asked.method == "GET":
            return self._page(asked, list(mine.values()))
        if asked.params != {"perform_as": self.world.recruiter}:
            return self.problem("a panel is written by somebody: perform_as")
        if asked.method == "DELETE":
            return Told(204) if self.world.interviews.pop(parts[3], None) else Told(404)
        told = asked.body
        if set(told) - _PANEL or told.get("externallyManaged") is not True or len(told["interviews"]) != 1:
            return self.problem(f"a panel with {sorted(told)}")
        row = told["interviews"][0]
        if set(row) != _INTERVIEW or not isinstance(row["date"], int) or row["duration"] < 1:
            return self.problem(f"an interview with {sorted(row)}")
        id = parts[3] if asked.method == "PUT" else self.world.fresh()
        if asked.method == "PUT" and id not in mine:
            return Told(404)
        self.world.interviews[id] = {**told, "id": id, "opportunity": about, "canceledAt": None}
        return Told(200 if asked.method == "PUT" else 201, {"data": self.world.interviews[id]})

    def shown(self) -> list[dict[str, Any]]:
        return [
            {
                "start": i["date"],
                "end": i["date"] + i["duration"] * 60_000,
                "people": sorted(self.world.users[p["id"]][1] for p in i["interviewers"]),
            }
            for panel in self.world.interviews.values()
            for i in panel["interviews"]
        ]

    def hook(self, applied: Applied, secret: str) -> list[tuple[bytes, dict[str, str]]]:
        at, token = millis(applied.updated), f"t-{self.world.made}-{len(applied.visits)}"
        told = {
            "id": f"e-{at}",
            "event": "candidateStageChange" if applied.standing == "active" else "candidateArchiveChange",
            "triggeredAt": at,
            "token": token,
            "signature": hmac.digest(secret.encode(), f"{token}{at}".encode(), hashlib.sha256).hex(),
            "data": {"opportunityId": applied.id, "toStageId": applied.stage},
        }
        return [(json.dumps(told).encode(), {})]
