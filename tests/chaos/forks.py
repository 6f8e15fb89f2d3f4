"""Work in a copy of this process, which has everything imported and no thread, connection or engine yet.

A new Python takes two seconds to import the product; a copy takes some milliseconds.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.forkserver import _forkserver  # type: ignore[attr-defined]
from pathlib import Path

from scheduler.services import solving

KILLED = -signal.SIGKILL


@dataclass
class Forked:
    """A copy at work; ``log`` holds what it said."""

    process: int
    log: Path
    _status: int | None = None

    def ended(self) -> bool:
        if self._status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def wait(self, seconds: float) -> int:
        """Its status, negative for a signal; one that does not come back in time is killed and counts as -1."""
        end = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > end:
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
                self._status = -1
            time.sleep(0.01)
        assert self._status is not None
        return self._status


def fork(
    work: Callable[[], int], log: Path, environment: dict[str, str] | None = None, errors: Path | None = None
) -> Forked:
    """Do ``work`` in a copy, whose status is what it returns; what it prints goes to ``log``, and what it says on
    standard error to ``errors`` where that is named."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return Forked(process, log)
    status = 70
    try:
        for number, path in ((1, log), (2, errors or log)):
            output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
        os.environ.update(environment or {})
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def share_solving() -> None:
    """Start the server that solving processes are forked from once, for this process and every copy of it.

    A copy may not wait for a process that is not its child, as the library would: it takes the server as there."""
    forkserver.set_forkserver_preload([*solving.PRELOAD, solving.__name__])
    forkserver.ensure_running()
    _forkserver.ensure_running = lambda: None
    _forkserver.set_forkserver_preload = lambda _: None


def know(modules: Path) -> None:
    """Import what a copy had imported when it ended (`note_modules`), so that the next ones have it too."""
    for name in modules.read_text().split():
        with suppress(ImportError):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a process with threads is not to be copied"


def note_modules(modules: Path) -> None:
    """Write down what is imported here."""
    modules.write_text(
        "\n".join(n for n in sorted(sys.modules) if not n.startswith(("__", "ortools", "solver")))
    )
