"""A real browser for the tests of the pages: Debian's Chromium, driven by playwright.

The program comes from ``CHROMIUM_BIN`` (to try another version), else from PATH, else from Debian's package
``chromium``, which is installed where this is Debian or Ubuntu and we may. None found is a failure with the way
out in its text, never a skipped test.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_WAY_OUT = "no Chromium for the tests: apt install chromium, or set CHROMIUM_BIN"


def find_chromium() -> str:
    """The path of the program, installed first where it is missing."""
    named = os.environ.get("CHROMIUM_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise RuntimeError(f"CHROMIUM_BIN={named}: is no program")
        return named
    return _on_path() or _installed()


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _installed() -> str:
    """Debian's package, asked for by one process at a time."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise RuntimeError(_WAY_OUT)
    with (Path(tempfile.gettempdir()) / "loopwright-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _on_path() is None:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
                done = subprocess.run(
                    ["apt-get", "--quiet", *command], env=environment, capture_output=True, text=True
                )
                if done.returncode:
                    raise RuntimeError(f"{_WAY_OUT}; apt-get said\n{done.stdout[-500:]}{done.stderr[-500:]}")
    found = _on_path()
    if found is None:
        raise RuntimeError(_WAY_OUT)
    return found


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser without a window while the block runs."""
    with sync_playwright() as playwright:
        # root has no sandbox, and a container little shared memory
        arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
