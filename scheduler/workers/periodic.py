"""What happens without being asked: following the organizer's calendar, and the net beneath."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import ConnectorError
from scheduler.services.afterwards import conflicts, push, replies
from scheduler.services.app import App
from scheduler.services.asking import answers
from scheduler.services.booking import reconcile
from scheduler.services.checking import heads
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.periodic")


@dataclass
class Periodic:
    """Runs in one thread of a worker: replies every ``poll`` seconds, the sweep every ``sweep``, orphans
    every ``orphans``, the subscription to notices every ``push``, a look into the calendars of those who
    are booked in the next ``watch_days`` every ``conflicts``, and every ``answers`` seconds what requests were
    answered with more than ``answers_days`` ago is forgotten. Every ``heads`` seconds the head of the facts' chain
    is noted in ``heads_file``. Several workers doing the same is harmless:
    every step is idempotent."""

    app: App
    poll: float = 30.0
    sweep: float = 60.0
    orphans: float = 600.0
    push: float = 60.0
    conflicts: float = 600.0
    answers: float = 3600.0
    heads: float = 60.0
    heads_file: Path | None = None
    watch_days: int = 7
    answers_days: int = 7
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 20.0) -> None:
        """End after the round in flight, at most this long."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        due = {
            "replies": self.poll,
            "sweep": self.sweep,
            "orphans": self.orphans,
            "push": self.push,
            "conflicts": self.conflicts,
            "answers": self.answers,
            "heads": self.heads,
        }
        jobs: dict[str, Callable[[], object]] = {
            "replies": lambda: replies.sync(self.app),
            "sweep": lambda: reconcile.sweep(self.app),
            "orphans": lambda: reconcile.orphans(self.app),
            "push": lambda: push.watch(self.app),
            "conflicts": lambda: conflicts.watch(self.app, self.watch_days, self.conflicts),
            "answers": lambda: answers.forget(self.app, self.answers_days),
            "heads": lambda: self.heads_file and heads.note(self.app, self.heads_file),
        }
        # the first sweep waits a round: jobs taken up after a restart renew their holds before it
        left = {**due, "replies": 0.0}
        step = min(due.values())
        while not self._stop.is_set():
            for name, job in jobs.items():
                left[name] -= step
                if left[name] <= 0:
                    left[name] = due[name]
                    self._once(name, job)
            self._stop.wait(step)

    def _once(self, name: str, job: Callable[[], object]) -> None:
        """One round; a service that does not answer is tried again at the next one."""
        try:
            job()
        except (ConnectorError, Unavailable, OSError) as error:
            log.warning("%s: %s", name, error)
        except Exception:
            log.exception("%s failed", name)
