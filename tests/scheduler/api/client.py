"""The API as its clients meet it: over ASGI, with a token and a loopback address on the other end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.testclient import TestClient

from connectors.local.folder import Entry, add_entries
from connectors.signatures import sign
from scheduler.api.main import create_app
from scheduler.config import Settings
from tests.scheduler.kit import Kit

BASE = "/api/v1"
SECRET = "a-secret-of-the-hiring-system-1"
TOKEN = "a-token-of-the-deployment-1"
HERE = ("127.0.0.1", 50_000)
PROBLEM = "application/problem+json"

DAYS = [
    {"start": "2026-03-11T09:00", "end": "2026-03-11T17:00"},
    {"start": "2026-03-12T09:00", "end": "2026-03-12T17:00"},
]
APPLICATION: dict[str, Any] = {
    "id": "app-1",
    "job": "Backend Engineer",
    "candidate": {"name": "Mara Lind", "email": "mara@example.org", "zone": "Europe/Lisbon"},
    "hiring_manager": "hana",
    "recruiter": "rolf",
}


class Client(TestClient):
    """``client`` is where the connection comes from. Where the settings name no token it sends a good one."""

    def __init__(
        self,
        kit: Kit,
        client: tuple[str, int] = HERE,
        host: str = "127.0.0.1:8080",
        secret: str = "",
        **settings: str,
    ):
        settings.setdefault("webhook_secret", SECRET)
        settings.setdefault("data", str(kit.folder.parent / "data"))
        signed = {} if "api_token" in settings else {"authorization": f"Bearer {TOKEN}"}
        settings.setdefault("api_token", TOKEN)
        self.kit = kit
        super().__init__(
            create_app(kit.app, Settings(**settings), secret),  # type: ignore[arg-type]
            base_url=f"http://{host}",
            client=client,
            headers=signed,
            follow_redirects=False,
        )

    def ask(self, path: str, method: str = "GET", body: Any = None, status: int = 200, **more: Any) -> Any:
        """The JSON of an answer that must have this status; jobs run afterwards."""
        answer = self.request(method, BASE + path, json=body, **more)
        assert answer.status_code == status, answer.text
        self.kit.run()
        return answer.json()

    def loop(self, template: str = "short", **more: Any) -> Any:
        """A loop asked for, planned, and looked at again."""
        asked = self.ask("/loops", "POST", wanted(template, **more), 202)
        return self.ask(f"/loops/{asked['id']}")

    def refused(self, status: int, path: str, method: str = "GET", **more: Any) -> Any:
        """The problem that a request is refused with."""
        answer = self.request(method, BASE + path, **more)
        assert answer.status_code == status, answer.text
        return problem(answer)

    def deliver(
        self,
        event: Any,
        *,
        id: str = "msg-1",
        secret: str = SECRET,
        at: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a webhook as the hiring system does; ``event`` is JSON or raw bytes."""
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        stamp = int(time.time() if at is None else at)
        signed = {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret, id, stamp, raw),
        }
        return self.post(f"{BASE}/webhooks/stage", content=raw, headers={**signed, **(headers or {})})


def problem(answer: Any) -> Any:
    """The one shape of every refusal."""
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == answer.status_code
    assert body["title"] and body["detail"]
    for fault in body["errors"]:
        assert set(fault) == {"field", "fault", "fix"}
        assert fault["field"] and fault["fault"]
    return body


def wanted(template: str = "short", **more: Any) -> dict[str, Any]:
    """A request for a loop that can be met."""
    return {
        "application": APPLICATION,
        "template": template,
        "windows": DAYS,
        "zone": "Europe/Berlin",
        **more,
    }


def event(**data: Any) -> dict[str, Any]:
    """A stage advance."""
    told = {"application": APPLICATION, "stage": "Talks", "windows": DAYS, "zone": "Europe/Berlin", **data}
    return {"id": "evt-1", "type": "application.stage_changed", "data": told}


def occupy(kit: Kit, address: str, start: str, end: str, title: str = "Dentist") -> None:
    """Put an appointment into somebody's calendar file."""
    add_entries(
        kit.folder,
        address,
        [Entry(title, *(datetime.fromisoformat(t).astimezone(UTC) for t in (start, end)))],
    )


def stored(kit: Kit) -> tuple[int, int]:
    """How many loops and applications there are: what a refused request must not change."""
    with kit.app.db.read() as tx:
        return len(tx.loops.list()), len(tx.applications.list(limit=100))
