"""A fresh process in which many threads read one calendar file for the first time at the same moment.

``python -m tests.connectors.local.cold_reader FOLDER ADDRESS THREADS SECONDS [shared]`` prints how many of them
came back within that time and how many different answers they had. With ``shared`` the rules under a series
are kept and handed to every thread, as no library promises they may be: to see that it would be noticed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil import rrule

from connectors.local import LocalCalendar
from connectors.local.recurrence import rules
from connectors.types import Known, Window


class _Slow(rrule.rrule):
    """A rule that lets other threads in while it is counting, as any may at any moment."""

    def _iter(self) -> Iterator[datetime]:  # type: ignore[override]
        for clock in super()._iter():
            time.sleep(0.0005)
            yield clock


def share() -> None:
    """The broken variant: one object for all, which remembers what it has counted."""

    kept: dict[tuple[str, datetime], rrule.rrule] = {}

    def shared(self: rules.Rule, begin: datetime) -> rrule.rrule:
        arguments = rules._arguments(self.line, self.parts, self.start)
        return kept.setdefault((self.line.value, begin), _Slow(dtstart=begin, cache=True, **arguments))

    rules.Rule._counted = shared  # type: ignore[method-assign]


def main(folder: str, address: str, threads: int, seconds: float) -> None:
    sys.setswitchinterval(1e-5)  # threads take turns more often, so what can happen does
    calendar = LocalCalendar(Path(folder))
    start = datetime(2026, 12, 1, tzinfo=UTC)
    window = Window(start, start + timedelta(days=60))
    barrier, answers = threading.Barrier(threads), []

    def read() -> None:
        barrier.wait()
        for _ in range(3):
            found = calendar.availability([address], window)[address]
        answers.append(found.busy if isinstance(found, Known) else found.reason)

    for _ in range(threads):
        threading.Thread(target=read, daemon=True).start()
    end = time.monotonic() + seconds
    while len(answers) < threads and time.monotonic() < end:
        time.sleep(0.02)
    print(len(answers), len(set(answers)), bool(answers) and not isinstance(answers[0], str), flush=True)
    os._exit(0)  # a thread that waits for ever must not keep the process


if __name__ == "__main__":
    if sys.argv[5:] == ["shared"]:
        share()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
