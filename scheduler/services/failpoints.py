"""Named points where tests end the process on purpose: nothing happens unless the environment asks.

Set `LOOPWRIGHT_FAILPOINT=K7` (or `K7:3` for the third time it is passed) and the process is killed
there as if by ``kill -9``. `NAMES` lists them all, so that a test can walk through every one.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

NAMES = (
    *("K0", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11"),
    *("B1", "B2"),
    *("C1", "C2", "C3", "C4", "C5"),
    *("A1", "A2", "A3"),
)
"""K0 before the request commits · K1 request committed · K2 calendars read, before the solve · K3 before the hold's commit · K4 after
it · K5 before the re-read · K6 after it, before the calendar write · K7 after the write, before it is
marked · K8 after that · K9 before *confirmed* commits · K10 after it, before mail · K11 after a mail,
before its mark · B1 plans are found, before they are kept · B2 after that · C1–C5 the same for a cancel: asked,
before the write, after it, marked, before *cancelled* commits · A1 a further plan found, before it is offered · A2 after
that · A3 before the end of their search is noted."""

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here if the environment names this point and it is its turn."""
    if name not in NAMES:
        raise ValueError(f"unknown failpoint {name!r}")
    wanted, _, turn = os.environ.get("LOOPWRIGHT_FAILPOINT", "").partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] >= int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
