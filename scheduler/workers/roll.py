"""The roll-call of the workers: says that this one is at work, and takes over the jobs of those who are not.

Told by `tests/scheduler/services/test_staff.py` and `tests/stories/test_takeover.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.services import staff
from scheduler.services.app import App
from scheduler.storage.errors import Unavailable
from scheduler.workers.engine import Engine

log = logging.getLogger("loopwright.roll")

_SLOW = 2
"""Beats that a worker itself must have kept before it calls others silent: after an outage of the database,
or after it was stopped itself, all of them are late."""


@dataclass
class Roll:
    """Two threads: one must go on while the other waits for the jobs' tables."""

    app: App
    engine: Engine
    beat: float = field(default_factory=lambda: staff.BEAT)
    _rests: threading.Event = field(default_factory=threading.Event, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _threads: dict[str, threading.Thread] = field(default_factory=dict, repr=False)
    _kept_since: float = field(default=float("inf"), repr=False)
    _last: float = field(default=float("-inf"), repr=False)
    _lost: Mapping[str, float] = field(default_factory=dict, repr=False)

    def enter(self) -> None:
        """Be known before the first job is taken. Raises `Unavailable`."""
        self._beat()

    def start(self) -> None:
        for name, call, end in (("beat", self._beat, self._stop), ("look", self.look, self._rests)):
            thread = threading.Thread(
                target=self._run, args=(name, call, end), name=f"roll {name}", daemon=True
            )
            thread.start()
            self._threads[name] = thread

    def rest(self) -> None:
        """Take over nothing more; this worker is still known as one, while its own jobs come to their end."""
        self._rests.set()
        self._threads["look"].join(self.beat)

    def stop(self) -> None:
        """Leave, when the jobs have ended: what is left of them is others' now."""
        self._stop.set()
        self._threads["beat"].join(self.beat)
        try:
            staff.leave(self.app, self.engine.run)
        except Unavailable as error:
            log.warning("the end of this worker is not noted, its silence will be: %s", error)

    def _run(self, name: str, call: Callable[[], None], end: threading.Event) -> None:
        while not end.is_set():
            try:
                call()
            except Unavailable as error:
                log.warning("%s: %s", name, error)
            except Exception:
                log.exception("%s failed", name)
            end.wait(self.beat)

    def _beat(self) -> None:
        staff.beat(self.app, self.engine.run, self.engine.watch.hanging)
        now = time.monotonic()
        if now - self._last > _SLOW * self.beat:
            self._kept_since = now
        self._last = now

    def look(self) -> None:
        """Take over what nobody is at: jobs of workers that are gone, and of this one what it lost itself."""
        found, jobs = staff.look(self.app), self.engine.taken()
        now, patience = time.monotonic(), _SLOW * self.beat
        steady = now - self._kept_since >= patience and now - self._last <= patience
        waits = found.working if steady else found.working | found.silent
        left = {run for run in jobs if run not in waits and run != self.engine.run}
        for run in sorted(left):
            log.warning("worker %s is gone: %d of its jobs are taken over", run, len(jobs[run]))
        if left:
            self.engine.take_over(sorted(left))
        self._own(jobs.get(self.engine.run, ()))

    def _own(self, jobs: Sequence[str]) -> None:
        """A job whose end could not be noted, since the disk was full, is in nobody's hands although its
        worker is alive."""
        now, at = time.monotonic(), self.engine.at()
        self._lost = {job: self._lost.get(job, now) for job in jobs if job not in at}
        late = [job for job, since in self._lost.items() if now - since >= staff.SILENT.total_seconds()]
        if late:
            log.warning("%d jobs were lost on the way and are done again", len(late))
            self.engine.again(late)
            self._lost = {job: since for job, since in self._lost.items() if job not in late}
