"""The console as a browser meets it: a real server in this process, a real Chromium, nothing allowed to go wrong.

Every page that is opened is watched: whatever it says to the console, every breach of the policy, every error of a
script and every answer of 500 fails the test.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from scheduler.api.gate import visits
from scheduler.api.main import create_app
from scheduler.config import Settings
from scheduler.web.main import Console
from tests.nginx_server import free_port
from tests.scheduler.kit import Kit

TOKEN = "a-token-of-the-deployment-1"
PATIENCE = 15_000
"""Milliseconds; a page takes a hundredth of it."""
_WATCH = """addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""


def _settled(act: Callable[..., Any]) -> Callable[..., Any]:
    """The same act, ended only when the page has put in place what it asked the server for because of it.

    A page is busy from the event on (`swap.js` sets `aria-busy` before it asks), so that no test can look at what
    stood there before and take it for the answer.
    """

    @functools.wraps(act)
    def done(self: Locator, *arguments: Any, **options: Any) -> Any:
        result = act(self, *arguments, **options)
        if not self.page.is_closed():
            self.page.locator("#main[aria-busy]").wait_for(state="detached")
        return result

    return done


for _name in (
    "click",
    "dblclick",
    "press",
    "select_option",
    "check",
    "uncheck",
    "set_checked",
    "fill",
    "clear",
):
    setattr(Locator, _name, _settled(getattr(Locator, _name)))


@dataclass
class Site:
    """The server of one test, and the browser that all tests share."""

    kit: Kit
    browser: Browser
    port: int
    settings: Settings
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stranger(self, **options: Any) -> BrowserContext:
        """A browser that has never been here."""
        options = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce", **options}
        context = self.browser.new_context(base_url=self.address, **options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_WATCH)
        context.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.said.append(f"error: {error.error}"))
        context.on(
            "response",
            lambda answer: (
                self.said.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
            ),
        )
        return context

    def page(self, path: str = "/today", **options: Any) -> Page:
        """A page of a browser that has signed in by the printed address. Its clock is set before the first look."""
        context = self.stranger(**options)
        page = context.new_page()
        page.goto(visits.invite(self.settings, self.address))
        if options.get("java_script_enabled", True):
            page.wait_for_function("document.cookie.includes('console-zone')")
        page.goto(path)
        return page

    def expected(self, part: str) -> None:
        """Something that a browser says of an answer that was meant to be a refusal."""
        assert any(part in line for line in self.said), self.said
        self.said[:] = [line for line in self.said if part not in line]


def violations(page: Page) -> list[str]:
    """What axe has against the page as it is shown."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for v in found
        for node in v["nodes"]
    ]


def in_both_schemes(page: Page) -> list[str]:
    """The same in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{scheme} {line}" for line in violations(page)]
    return found


@contextmanager
def serving(kit: Kit, browser: Browser, **settings: Any) -> Iterator[Site]:
    """A site for a kit; what a page said that nobody expected fails at the end."""
    made = Settings(data=kit.folder.parent / "data", api_token=TOKEN, **settings)
    port = free_port()
    app = create_app(kit.app, made, pages=Console())
    app.state.listening.every = 0.1
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    )
    app.state.listening.ending = lambda: server.should_exit
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    site = Site(kit, browser, port, made)
    try:
        yield site
    finally:
        for context in browser.contexts:
            context.close()
        server.should_exit = True
        thread.join(20)
    assert site.said == []
