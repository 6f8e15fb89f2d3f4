"""One browser for the tests of a file, one server for each test.

The browser is closed when a process goes on to another file: while playwright is open, asyncio takes its event loop
for the main thread's, and whoever asks (DBOS before it starts) is told that one is running.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import running_chromium
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.site import Site, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as found:
        yield found


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found
