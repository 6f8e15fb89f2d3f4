"""Ashby: its API at one dated version, as its reference describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from connectors.ashby.client import VERSION, Ashby
from connectors.calls import Breaker, Calls, Retry
from connectors.hiring.reading import stamp
from tests.connectors.servers.hiring.base import PATIENT, Applied, Asked, Server, Told

_BASIC = "Basic " + base64.b64encode(b"ashby-key:").decode()
_STATUS = {"active": "Active", "hired": "Hired", "rejected": "Archived", "withdrawn": "Archived"}
_ASKS = {
    "application.info": {"applicationId"},
    "application.listHistory": {"applicationId", "limit", "cursor"},
    "application.list": {"limit", "cursor"},
    "user.list": {"limit", "cursor"},
    "job.list": {"limit", "cursor"},
    "job.info": {"id"},
    "jobInterviewPlan.info": {"jobId"},
    "interviewStage.list": {"interviewPlanId", "limit", "cursor"},
    "interviewSchedule.list": {"applicationId", "limit", "cursor"},
    "interviewSchedule.create": {"applicationId", "interviewEvents"},
    "interviewSchedule.update": {"interviewScheduleId", "interviewEvent", "allowFeedbackDeletion"},
    "interviewSchedule.cancel": {"id"},
}
_EVENT = {"interviewId", "startTime", "endTime", "interviewers", "location", "interviewEventId"}


class AshbyServer(Server):
    """Failures come with 200; an event with feedback is not taken back."""

    system = "ashby"

    def client(self) -> Ashby:
        retry = Retry(attempts=4, patience=5, wait_initial=0.01, wait_max=0.05, wait_jitter=0)
        return Ashby(
            {"api_key": "ashby-key"}, calls=Calls(breaker=Breaker(PATIENT), retry=retry), base=self.url
        )

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != _BASIC:
            return Told(401)
        what = asked.path.strip("/")
        if asked.method != "POST" or what not in _ASKS or asked.headers.get("ashby-version") != VERSION:
            return self.problem(f"{asked.method} {what}")
        if set(asked.body) - _ASKS[what]:
            return self.problem(f"{what} with {sorted(asked.body)}")
        return getattr(self, "_" + what.replace(".", "_"))(asked.body)

    @staticmethod
    def _good(results: Any, **more: Any) -> Told:
        return Told(200, {"success": True, "results": results, **more})

    @staticmethod
    def _bad(code: str) -> Told:
        return Told(200, {"success": False, "errors": [code], "errorInfo": {"code": code}})

    def _page(self, asked: dict[str, Any], rows: list[dict[str, Any]]) -> Told:
        if not 1 <= asked.get("limit", 100) <= 100:
            return self.problem("a page has at most a hundred rows")
        start = int(asked.get("cursor", "0"))
        more = len(rows) > start + 2
        return self._good(
            rows[start : start + 2],
            moreDataAvailable=more,
            **({"nextCursor": str(start + 2)} if more else {}),
        )

    def _application(self, a: Applied) -> dict[str, Any]:
        stage = {"id": a.stage, "title": self.world.stages[a.stage], "interviewPlanId": "plan"}
        team = ((self.world.manager, "Hiring Manager"), (self.world.recruiter, "Recruiter"))
        return {
            "id": a.id,
            "candidate": {"id": a.person, "name": a.name, "primaryEmailAddress": {"value": a.email}},
            "status": _STATUS[a.standing],
            "currentInterviewStage": stage,
            "job": {"id": self.world.job[0], "title": self.world.job[1]},
            "hiringTeam": [{**self._user(id), "role": role} for id, role in team],
            "updatedAt": stamp(a.updated),
        }

    def _user(self, id: str) -> dict[str, Any]:
        name, email = self.world.users[id]
        first, last = name.split()
        return {"userId": id, "firstName": first, "lastName": last, "email": email}

    def _application_info(self, asked: dict[str, Any]) -> Told:
        found = self.world.applications.get(asked["applicationId"])
        if found is None or found.deleted:
            return self._bad("application_not_found")
        return self._good(self._application(found))

    def _application_listHistory(self, asked: dict[str, Any]) -> Told:
        found = self.world.applications[asked["applicationId"]]
        rows = [
            {
                "id": visit,
                "stageId": stage,
                "title": self.world.stages[stage],
                "enteredStageAt": stamp(entered),
                "leftStageAt": left and stamp(left),
            }
            for visit, stage, entered, left in found.visits
        ]
        return self._page(asked, rows[::-1])

    def _application_list(self, asked: dict[str, Any]) -> Told:
        return self._page(
            asked, [self._application(a) for a in self.world.applications.values() if not a.deleted]
        )

    def _user_list(self, asked: dict[str, Any]) -> Told:
        return self._page(asked, [{"id": id, **self._user(id)} for id in self.world.users])

    def _job_list(self, asked: dict[str, Any]) -> Told:
        return self._page(asked, [{"id": self.world.job[0], "title": self.world.job[1], "status": "Open"}])

    def _job_info(self, asked: dict[str, Any]) -> Told:
        return self._good({"id": asked["id"], "title": self.world.job[1], "defaultInterviewPlanId": "plan"})

    def _jobInterviewPlan_info(self, asked: dict[str, Any]) -> Told:
        id, title = self.world.step
        interview = {"interviewId": id, "title": title, "interviewDurationMinutes": 60}
        stage = {
            "interviewStageId": self.world.stage_of("Talks"),
            "activities": [{"interviews": [interview]}],
        }
        return self._good({"jobId": asked["jobId"], "stages": [stage]})

    def _interviewStage_list(self, asked: dict[str, Any]) -> Told:
        return self._page(asked, [{"id": id, "title": name} for id, name in self.world.stages.items()])

    def _interviewSchedule_list(self, asked: dict[str, Any]) -> Told:
        mine = [s for s in self.world.interviews.values() if s["applicationId"] == asked["applicationId"]]
        return self._page(asked, mine)

    def _event(self, told: dict[str, Any]) -> dict[str, Any] | None:
        emails = {email for _, email in self.world.users.values()}
        if set(told) - _EVENT or told.get("interviewId") != self.world.step[0]:
            return None
        if any(set(p) != {"email"} or p["email"] not in emails for p in told["interviewers"]):
            return None
        return {"id": told.get("interviewEventId") or self.world.fresh(), **told}

    def _interviewSchedule_create(self, asked: dict[str, Any]) -> Told:
        events = [self._event(e) for e in asked["interviewEvents"]]
        if None in events:
            return self.problem(f"an event of {asked['interviewEvents']}")
        id = self.world.fresh()
        about = asked["applicationId"]
        made = {"id": id, "applicationId": about, "status": "Scheduled", "interviewEvents": events}
        self.world.interviews[id] = made
        return self._good(made)

    def _interviewSchedule_update(self, asked: dict[str, Any]) -> Told:
        found = self.world.interviews.get(asked["interviewScheduleId"])
        event = self._event(asked["interviewEvent"])
        if found is None or found["status"] == "Cancelled":
            return self._bad("interview_schedule_not_found")
        if event is None or event["id"] not in {e["id"] for e in found["interviewEvents"]}:
            return self.problem(f"an event of {asked}")
        found["interviewEvents"] = [event]
        return self._good(found)

    def _interviewSchedule_cancel(self, asked: dict[str, Any]) -> Told:
        found = self.world.interviews.get(asked["id"])
        if found is None:
            return self._bad("interview_schedule_not_found")
        if found.get("feedback"):
            return self._bad("interview_has_feedback")
        found["status"] = "Cancelled"
        return self._good(found)

    def shown(self) -> list[dict[str, Any]]:
        return [
            {
                "start": e["startTime"],
                "end": e["endTime"],
                "people": sorted(p["email"] for p in e["interviewers"]),
            }
            for s in self.world.interviews.values()
            if s["status"] != "Cancelled"
            for e in s["interviewEvents"]
        ]

    def hook(self, applied: Applied, secret: str) -> list[tuple[bytes, dict[str, str]]]:
        sent = []
        for action in ("applicationUpdate", "candidateStageChange"):
            told = {
                "action": action,
                "webhookActionId": f"a-{applied.id}-{len(applied.visits)}-{applied.standing}",
                "data": {"application": self._application(applied)},
            }
            body = json.dumps(told).encode()
            mac = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
            sent.append((body, {"Ashby-Signature": f"sha256={mac}"}))
        return sent
