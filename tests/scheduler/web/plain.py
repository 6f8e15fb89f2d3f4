"""The console without a browser: what a page says, and what it sends back, over ASGI."""

from __future__ import annotations

import re
from typing import Any

from starlette.testclient import TestClient

from scheduler.api.main import create_app
from scheduler.config import Settings
from scheduler.web.main import Console
from tests.scheduler.kit import Kit

TOKEN = "a-token-of-the-deployment-1"


class Plain(TestClient):
    """Signed in by the token where it is ``signed_in``; ``cookies`` are what the browser remembers."""

    def __init__(
        self, kit: Kit, *, signed_in: bool = True, cookies: dict[str, str] | None = None, **settings: Any
    ):
        made = Settings(data=kit.folder.parent / "data", api_token=TOKEN, **settings)
        super().__init__(
            create_app(kit.app, made, pages=Console()),
            base_url="http://127.0.0.1:8080",
            headers={"authorization": f"Bearer {TOKEN}"} if signed_in else {},
            cookies=cookies,
            follow_redirects=False,
        )

    def form(self, path: str, fields: dict[str, Any] | list[tuple[str, str]], **more: Any) -> Any:
        """The answer to a form. Several values of one name are given as pairs."""
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        from urllib.parse import urlencode

        headers = {"content-type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        return self.post(path, content=urlencode(pairs), headers=headers, **more)

    def version(self, path: str) -> str:
        """The number that the forms of a page carry."""
        return re.findall(r'name="version" value="(\d+)"', self.get(path).text)[0]
