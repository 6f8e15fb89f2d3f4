"""Ashby's API, signed in with a key; every request names the dated version that it means.

Everything is a POST of a JSON object; a failure may come with status 200 and ``success: false``. A schedule can be
changed only with the key that made it. Taking an interview back that has feedback already is refused, and stays so.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.ashby import wire
from connectors.calls import Calls
from connectors.errors import (
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Transient,
    Unreadable,
)
from connectors.hiring.api import Api, objects
from connectors.hiring.reading import inside, instant, text
from connectors.hiring.types import Application, Interview, Job, Stage, Step, User
from connectors.http import Http

BASE = "https://api.ashbyhq.com"
VERSION = "2026-01-01"
_PAGE = 100
_MOST_PAGES = 5_000
_WORDS: Mapping[str, type[ConnectorError]] = {
    "not_found": NotFound,
    "missing_permission": Forbidden,
    "unauthorized": Forbidden,
    "feedback": Conflict,
    "cancelled": Gone,
}
"""Within the code of a failure: what it means."""


class Ashby:
    """`connectors.hiring.protocol.Ats`. Needs ``api_key``."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        http: Http | None = None,
        calls: Calls | None = None,
        *,
        base: str = BASE,
    ) -> None:
        key = credentials.get("api_key", "")
        if not key:
            raise Invalid("Ashby needs api_key, with the permissions to read candidates and write interviews")
        basic = base64.b64encode(f"{key}:".encode()).decode()
        signed = {"Authorization": f"Basic {basic}", "Ashby-Version": VERSION, "Accept": "application/json"}
        self._http = http or Http()
        self._api = Api("Ashby", base, f"ashby:{key[-4:]}", self._http, calls or Calls(), lambda: signed)

    def close(self) -> None:
        self._http.close()

    def application(self, id: str) -> Application:
        item = self._ask("application.info", applicationId=id)
        history = self._all("application.listHistory", applicationId=id)
        return wire.application(item, wire.visit(item, history))

    def users(self) -> Sequence[User]:
        return [wire.user(item) for item in self._all("user.list")]

    def jobs(self) -> Sequence[Job]:
        return [wire.job(item) for item in self._all("job.list")]

    def stages(self, job: str) -> Sequence[Stage]:
        plan = text(self._ask("job.info", id=job), "defaultInterviewPlanId", "")
        return (
            [wire.stage(item) for item in self._all("interviewStage.list", interviewPlanId=plan)]
            if plan
            else []
        )

    def plan(self, job: str) -> Sequence[Step]:
        return wire.steps(self._ask("jobInterviewPlan.info", jobId=job))

    def advances(self, since: datetime) -> Iterator[str]:
        """Ashby cannot be asked for what changed since then: every application is read, a hundred at a time."""
        for page in self._pages("application.list"):
            yield from (text(item, "id") for item in page if instant(item, "updatedAt") >= since)

    def interviews(self, application: str) -> Sequence[Interview]:
        return wire.interviews(self._all("interviewSchedule.list", applicationId=application))

    def write(self, interview: Interview) -> str:
        if not interview.step:
            raise Invalid("Ashby takes interviews of its interview plan only; add one to the stage")
        if interview.id:
            schedule, _, event = interview.id.partition("/")
            told = {**wire.event(interview), "interviewEventId": event}
            self._ask(
                "interviewSchedule.update",
                interviewScheduleId=schedule,
                interviewEvent=told,
                allowFeedbackDeletion=False,
            )
            return interview.id
        known = self._alike(interview)
        if known:
            return known
        try:
            made = self._ask(
                "interviewSchedule.create",
                write=True,
                applicationId=interview.application,
                interviewEvents=[wire.event(interview)],
            )
        except Transient:
            if found := self._alike(interview):
                return found
            raise
        return wire.interviews([made])[0].id

    def cancel(self, interview: Interview) -> None:
        id = interview.id or self._alike(interview)
        if id:
            try:
                self._ask("interviewSchedule.cancel", id=id.partition("/")[0])
            except (NotFound, Gone):
                return

    def _alike(self, interview: Interview) -> str:
        found = self.interviews(interview.application)
        return next((one.id for one in found if wire.alike(one, interview)), "")

    def _ask(self, what: str, *, write: bool = False, **asked: Any) -> dict[str, Any]:
        return inside(self._answer(what, asked, write), "results")  # type: ignore[return-value]

    def _answer(self, what: str, asked: Mapping[str, Any], write: bool = False) -> Mapping[str, Any]:
        answer = self._api.json("POST", f"/{what}", what, body=asked, write=write)
        if not isinstance(answer, dict):
            raise Unreadable(f"Ashby: {what}: the answer is no object")
        if answer.get("success") is True:
            return answer
        said = str(answer.get("errors") or inside(answer, "errorInfo").get("code") or "").casefold()
        kind = next((error for word, error in _WORDS.items() if word in said), Invalid)
        raise kind(f"Ashby: {what}: refused")

    def _all(self, what: str, **asked: Any) -> list[dict[str, Any]]:
        return [item for page in self._pages(what, **asked) for item in page]

    def _pages(self, what: str, **asked: Any) -> Iterator[list[dict[str, Any]]]:
        asked["limit"] = _PAGE
        for _ in range(_MOST_PAGES):
            answer = self._answer(what, asked)
            yield objects(answer.get("results"), f"Ashby: {what}")
            if answer.get("moreDataAvailable") is not True:
                return
            asked["cursor"] = text(answer, "nextCursor")
        raise Unreadable(f"Ashby: {what}: the list does not end")
