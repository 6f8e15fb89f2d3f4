"""Lever's API v1, signed in with a key.

Ten requests a second with twenty at once; a refusal (429) names no time to wait, so that ours grows by itself. A
request that was sent twice is carried out twice: nothing is repeated before it was looked for.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.calls import Calls, Limiter, Rate
from connectors.errors import Gone, Invalid, NotFound, Transient, Unreadable
from connectors.hiring.api import Api, objects
from connectors.hiring.reading import millis, text
from connectors.hiring.types import Application, Interview, Job, Stage, Step, User
from connectors.http import Http
from connectors.lever import wire

BASE = "https://api.lever.co/v1"
RATE = Rate(9, 18)
"""A little less than the ten and twenty that Lever allows: its clock and ours begin at different moments."""
_PAGE = "100"
_MOST_PAGES = 2_000


class Lever:
    """`connectors.hiring.protocol.Ats`. Needs ``api_key``, and as ``perform_as`` the id of a user in whose name
    interviews are written. An application is an opportunity."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        http: Http | None = None,
        calls: Calls | None = None,
        *,
        base: str = BASE,
    ) -> None:
        key, self._as = credentials.get("api_key", ""), credentials.get("perform_as", "")
        if not (key and self._as):
            raise Invalid("Lever needs api_key and, as perform_as, the id of the user to write interviews as")
        basic = base64.b64encode(f"{key}:".encode()).decode()
        self._http = http or Http()
        calls = calls or Calls(Limiter(per_user=RATE))
        signed = {"Authorization": f"Basic {basic}"}
        self._api = Api("Lever", base, f"lever:{key[-4:]}", self._http, calls, lambda: signed)

    def close(self) -> None:
        self._http.close()

    def application(self, id: str) -> Application:
        path = f"/opportunities/{quote(id, safe='')}"
        item = self._one(path, "an opportunity")
        applied = next(iter(self._all(f"{path}/applications", "its applications")), {})
        users = {u.id: u for u in self.users()}
        stages = {s.id: s for s in self.stages("")}
        reasons = self._all("/archive_reasons", "the reasons for archiving") if item.get("archived") else []
        posting = text(applied, "posting", "")
        what = Job("", "")
        if posting:
            what = wire.job(self._one(f"/postings/{quote(posting, safe='')}", "a posting"))
        return wire.application(
            item,
            what,
            wire.visit(item, stages),
            wire.members(item, applied, users),
            wire.standing(item, wire.hires(reasons)),
        )

    def users(self) -> Sequence[User]:
        return [wire.user(item) for item in self._all("/users", "the users")]

    def jobs(self) -> Sequence[Job]:
        return [wire.job(item) for item in self._all("/postings", "the postings")]

    def stages(self, job: str) -> Sequence[Stage]:  # noqa: ARG002
        """The same for every job: Lever has one pipeline."""
        return [wire.stage(item) for item in self._all("/stages", "the stages")]

    def plan(self, job: str) -> Sequence[Step]:  # noqa: ARG002
        """Lever's API tells of no interview plans."""
        return []

    def advances(self, since: datetime) -> Iterator[str]:
        params = {"updated_at_start": str(millis(since))}
        seen = set[str]()
        for page in self._pages("/opportunities", "what changed", **params):
            for item in page:
                if (id := text(item, "id")) not in seen:
                    seen.add(id)
                    yield id

    def interviews(self, application: str) -> Sequence[Interview]:
        panels = self._all(self._panels(application), "the panels")
        users = {u.id: u for u in self.users()} if panels else {}
        return wire.interviews(panels, application, users)

    def write(self, interview: Interview) -> str:
        path, params = self._panels(interview.application), {"perform_as": self._as}
        told = wire.panel(interview, {u.email.casefold(): u.id for u in self.users() if u.email})
        known = self._known(interview)
        if known:
            self._api.call("PUT", f"{path}/{quote(known, safe='')}", "a panel", params=params, body=told)
            return known
        try:
            made = self._api.json("POST", path, "a new panel", params=params, body=told, write=True)
        except Transient:
            if found := self._known(interview):
                return found
            raise
        return text(_data(made), "id")

    def cancel(self, interview: Interview) -> None:
        known = self._known(interview)
        if known:
            path = f"{self._panels(interview.application)}/{quote(known, safe='')}"
            try:
                self._api.call("DELETE", path, "a panel to be taken back", params={"perform_as": self._as})
            except (NotFound, Gone):
                return

    def _known(self, interview: Interview) -> str:
        found = self.interviews(interview.application)
        return next((one.id for one in found if one.key == interview.key), "")

    @staticmethod
    def _panels(application: str) -> str:
        return f"/opportunities/{quote(application, safe='')}/panels"

    def _one(self, path: str, what: str) -> dict[str, Any]:
        return _data(self._api.json("GET", path, what))

    def _all(self, path: str, what: str, **params: str) -> list[dict[str, Any]]:
        return [item for page in self._pages(path, what, **params) for item in page]

    def _pages(self, path: str, what: str, **params: str) -> Iterator[list[dict[str, Any]]]:
        asked = {"limit": _PAGE, **params}
        for _ in range(_MOST_PAGES):
            answer = self._api.json("GET", path, what, params=asked)
            if not isinstance(answer, dict):
                raise Unreadable(f"Lever: {what}: the answer is no object")
            yield objects(answer.get("data"), f"Lever: {what}")
            if answer.get("hasNext") is not True:
                return
            asked["offset"] = text(answer, "next")
        raise Unreadable(f"Lever: {what}: the list does not end")


def _data(answer: Any) -> dict[str, Any]:
    found = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise Unreadable("Lever: the answer holds no data")
    return found
