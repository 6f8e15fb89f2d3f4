"""A process of its own that books, and can be told to die in the middle: run as a module by the tests.

``python -m tests.connectors.local_worker FOLDER KEYS WRITES [RACE]``: books every key (comma separated);
``WRITES`` is after how many file replacements it kills itself with SIGKILL (0: never; negative: right
before that replacement instead of right after it).
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from connectors.local import LocalCalendar, store
from connectors.types import Attendee, EventIntent, Role
from tests.connectors.conformance_kit import at
from tests.connectors.harness import ZONE
from tests.connectors.local_harness import NOW, ORGANIZER, PEOPLE, ROOMS


def intent(key: str, hour: int = 10) -> EventIntent:
    return EventIntent(
        key=key,
        title="Technical interview",
        start=at(1, hour),
        end=at(1, hour) + timedelta(hours=1),
        zone=ZONE,
        attendees=(Attendee(PEOPLE[0]), Attendee(PEOPLE[1]), Attendee(ROOMS[0], role=Role.ROOM)),
    )


def die_at(writes: int) -> None:
    real, count = store.replace, [0]

    def counted(temporary: Path, path: Path) -> None:
        count[0] += 1
        if count[0] == -writes:
            os.kill(os.getpid(), signal.SIGKILL)
        real(temporary, path)
        if count[0] == writes:
            os.kill(os.getpid(), signal.SIGKILL)

    store.replace = counted


def main() -> None:
    folder, keys, writes = Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3])
    if writes:
        die_at(writes)
    calendar = LocalCalendar(folder, zone=ZONE, clock=lambda: NOW)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if len(sys.argv) > 4:
        sys.stdin.readline()  # everybody starts at once
    for key in keys:
        calendar.book(ORGANIZER, intent(key))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
