"""What time it is for everybody who shares the database.

The clocks of two machines differ, and one that is put forward would end the holds of everybody else. So the
processes of one PostgreSQL go by its clock. With SQLite all are on one machine, and the clock is the machine's.
Told by `tests/scheduler/storage/test_clock.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

FRESH_SECONDS = 30.0
"""For how long the machine's clock may go on by itself from what the server said: a quartz that is wrong by
100 parts in a million loses 3 ms in that time."""
_ASK = "SELECT clock_timestamp()"


def machine() -> datetime:
    return datetime.now(UTC)


def passed() -> float:
    """Seconds by a clock that nobody puts forward or back, and that goes on while the machine is suspended where it has
    such a one (``CLOCK_BOOTTIME``, Linux); `time.monotonic` stands still then."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """Tells the time. Of a PostgreSQL it is asked for on a connection that is being lent anyway, so that telling it
    waits for nothing; in between the seconds are counted by a clock that nobody puts forward or back.

    Before the first connection nothing is known of the server, and nothing of it was read either: until then it is
    the machine's.
    """

    def __init__(
        self,
        engine: sa.Engine,
        here: Callable[[], datetime] = machine,
        elapsed: Callable[[], float] = passed,
    ) -> None:
        self._here, self._elapsed = here, elapsed
        self._asked: tuple[datetime, float] | None = None
        self.ahead = timedelta()
        """By how much the machine's clock was before the server's when the server was last asked."""
        if engine.dialect.name == "postgresql":
            event.listen(engine, "checkout", self._look)

    def __call__(self) -> datetime:
        asked = self._asked
        if asked is None:
            return self._here()
        said, when = asked
        return said + timedelta(seconds=self._elapsed() - when)

    def _look(self, connection: Any, _record: Any, _proxy: Any) -> None:
        before = self._elapsed()
        if self._asked is not None and before - self._asked[1] < FRESH_SECONDS:
            return
        with connection.cursor() as cursor:
            (said,) = cursor.execute(_ASK).fetchone()
        connection.rollback()  # the question began a transaction
        when = (before + self._elapsed()) / 2  # the answer is half a journey old
        self._asked = said.astimezone(UTC), when
        self.ahead = self._here() - self()
