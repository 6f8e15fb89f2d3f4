"""Greenhouse's Harvest API v3, signed in with OAuth 2 client credentials.

Lists come in pages with a ``Link`` to the next one; its cursor must stand alone, without the filters of the first page.
Nothing is read singly: an id is a filter. How much may be asked stands in the answers (429 and ``Retry-After``).

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.calls import Calls
from connectors.errors import AuthRevoked, Gone, Invalid, NotFound, Transient, Unreadable
from connectors.greenhouse import wire
from connectors.hiring.api import Api, objects, only, refusal
from connectors.hiring.reading import stamp, text
from connectors.hiring.types import Application, Interview, Job, Stage, Step, User
from connectors.http import Http

BASE = "https://harvest.greenhouse.io/v3"
AUTH = "https://auth.greenhouse.io/token"
_PAGE = "500"
_MOST_PAGES = 2_000
_EARLY = 60.0
"""Seconds before its end at which a token is renewed."""
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


class Greenhouse:
    """`connectors.hiring.protocol.Ats`. Needs ``client_id`` and ``client_secret``."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        http: Http | None = None,
        calls: Calls | None = None,
        *,
        base: str = BASE,
        auth: str = AUTH,
    ) -> None:
        self._id, self._secret = (credentials.get(name, "") for name in ("client_id", "client_secret"))
        if not (self._id and self._secret):
            raise Invalid("Greenhouse needs client_id and client_secret of a Harvest v3 credential")
        self._http, self._auth = http or Http(), auth
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        self._api = Api(
            "Greenhouse",
            base,
            f"greenhouse:{self._id}",
            self._http,
            calls or Calls(),
            self._headers,
            self._forget,
        )

    def close(self) -> None:
        self._http.close()

    def application(self, id: str) -> Application:
        item = only(self._all("applications", ids=id), "Greenhouse: the application")
        job_id = text(item, "job_id", "")
        who = only(self._all("candidates", ids=text(item, "candidate_id")), "Greenhouse: the candidate")
        what = wire.job(only(self._all("jobs", ids=job_id), "Greenhouse: the job"))
        stages = {s.id: s for s in self.stages(job_id)}
        at = wire.visit(self._all("application_stages", application_ids=id), stages)
        managers = self._all("job_hiring_managers", job_ids=job_id)
        owners = self._all("job_owners", job_ids=job_id)
        ids = sorted({text(row, "user_id") for row in (*managers, *owners)})
        users = {u.id: u for u in map(wire.user, self._all("users", ids=",".join(ids)) if ids else ())}
        return wire.application(item, wire.candidate(who), what, at, wire.members(managers, owners, users))

    def users(self) -> Sequence[User]:
        return [wire.user(item) for item in self._all("users")]

    def jobs(self) -> Sequence[Job]:
        return [wire.job(item) for item in self._all("jobs")]

    def stages(self, job: str) -> Sequence[Stage]:
        rows = [
            row for row in self._all("job_interview_stages", job_ids=job) if row.get("active") is not False
        ]
        return [wire.stage(row) for row in sorted(rows, key=lambda r: int(text(r, "priority", "0")))]

    def plan(self, job: str) -> Sequence[Step]:
        return [wire.step(item) for item in self._all("job_interviews", job_ids=job)]

    def advances(self, since: datetime) -> Iterator[str]:
        filter = f"gte|{stamp(since)}"
        seen = set[str]()
        for page in self._pages("applications", last_activity_at=filter):
            for item in page:
                if (id := text(item, "id")) not in seen:
                    seen.add(id)
                    yield id

    def interviews(self, application: str) -> Sequence[Interview]:
        rows = self._all("interviews", application_ids=application)
        users = {u.id: u for u in self.users()} if rows else {}
        return [wire.interview(row, users) for row in rows if row.get("external_event_id")]

    def write(self, interview: Interview) -> str:
        known = self._known(interview)
        ids = {u.email.casefold(): u.id for u in self.users() if u.email}
        told = wire.body(interview, ids)
        if known:
            self._api.call("PATCH", f"/interviews/{known}", "an interview", body=told)
            return known
        told |= {"application_id": int(interview.application)}
        if interview.step:
            told["job_interview_id"] = int(interview.step)
        try:
            made = self._api.json("POST", "/interviews", "a new interview", body=told, write=True)
        except Transient:
            if found := self._known(interview):
                return found
            raise
        return text(made if isinstance(made, dict) else {}, "id")

    def cancel(self, interview: Interview) -> None:
        known = self._known(interview)
        if known:
            try:
                self._api.call("DELETE", f"/interviews/{known}", "an interview to be taken back")
            except (NotFound, Gone):
                return

    def _known(self, interview: Interview) -> str:
        rows = self._all("interviews", external_event_ids=interview.key)
        return next((text(row, "id") for row in rows if row.get("external_event_id") == interview.key), "")

    # --- pages and tokens -----------------------------------------------------------------------------

    def _all(self, what: str, **filters: str) -> list[dict[str, Any]]:
        return [item for page in self._pages(what, **filters) for item in page]

    def _pages(self, what: str, **filters: str) -> Iterator[list[dict[str, Any]]]:
        params: dict[str, str] = {"per_page": _PAGE, **filters}
        for _ in range(_MOST_PAGES):
            answer = self._api.call("GET", f"/{what}", what, params=params)
            yield objects(answer.json(), f"Greenhouse: {what}")
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            cursor = parse_qs(urlsplit(following[1]).query).get("cursor", [])
            if len(cursor) != 1:
                raise Unreadable(f"Greenhouse: {what}: the link to the next page has no cursor")
            params = {"cursor": cursor[0]}
        raise Unreadable(f"Greenhouse: {what}: the list does not end")

    def _headers(self) -> Mapping[str, str]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._sign_in()
            return {"Authorization": f"Bearer {self._token}"}

    def _forget(self) -> None:
        with self._lock:
            self._until = 0.0

    def _sign_in(self) -> None:
        basic = base64.b64encode(f"{self._id}:{self._secret}".encode()).decode()
        answer = self._http.request(
            "POST",
            self._auth,
            headers={
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            content=urlencode({"grant_type": "client_credentials"}),
        )
        if answer.status in (400, 401, 403):
            raise AuthRevoked("Greenhouse refuses the client; make a new Harvest v3 credential")
        if not 200 <= answer.status < 300:
            raise refusal(answer, "Greenhouse: signing in")
        told = answer.json()
        if not isinstance(told, dict):
            raise Unreadable("Greenhouse: signing in: the answer is no object")
        life = told.get("expires_in")
        self._token = text(told, "access_token")
        self._until = time.monotonic() + (life if isinstance(life, int) else 300) - _EARLY
