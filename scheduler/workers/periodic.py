"""What happens without being asked: following the organizer's calendar, and the net beneath."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import ConnectorError
from scheduler.services import archiving, opening
from scheduler.services.afterwards import conflicts, promises, push, replies, silence
from scheduler.services.app import App
from scheduler.services.asking import answers
from scheduler.services.attention import care, digest
from scheduler.services.booking import reconcile
from scheduler.services.checking import heads
from scheduler.services.hiring import mirroring, sweeping
from scheduler.services.hiring.process import deciding
from scheduler.services.links.mailed import reading
from scheduler.services.privacy import erasing, keeping
from scheduler.services.privacy.keeping import Policy
from scheduler.services.telling import hooks, timely
from scheduler.storage.errors import Unavailable
from scheduler.workers.watch import Hangs, Watch

log = logging.getLogger("loopwright.periodic")

_MOST_LEFT = 3


@dataclass
class Periodic:
    """Runs beside the jobs of a worker, each in a thread of its own, so that one which hangs holds up no
    other: replies every ``poll`` seconds, the sweep every ``sweep``, orphans
    every ``orphans``, the subscription to notices every ``push``, a look into the calendars of those who
    are booked in the next ``watch_days`` every ``conflicts``, every ``hooks`` what is overdue to webhooks, every ``digest`` whoever's hour has come (``digest_hour``) is told what needs them, every ``timely`` reminders that are due are noted and seats opened whose people say nothing, every ``mailbox`` what candidates and interviewers answered by mail is taken over, every ``hiring`` what hiring systems have
    that no webhook told, every ``mirror`` what they are to show, and every ``answers`` seconds what requests were
    answered with more than ``answers_days`` ago is forgotten; every ``archive`` seconds what has been over
    for ``archive_days`` is put away. Every ``erasures`` seconds erasures that nobody is at are taken up, and every ``retention``
    seconds what is older than ``kept`` says is let go of. Every ``heads`` seconds the head of the facts' chain
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
    hooks: float = 60.0
    digest: float = 60.0
    digest_hour: int = -1
    timely: float = 60.0
    mailbox: float = 60.0
    hiring: float = 600.0
    mirror: float = 15.0
    watch_days: int = 7
    answers_days: int = 7
    archive: float = 86_400.0
    archive_days: int = 0
    erasures: float = 3600.0
    retention: float = 86_400.0
    kept: Policy = field(default_factory=lambda: Policy(0, 0, 0))
    watch: Watch = field(default_factory=Watch)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        due = {
            "replies": self.poll,
            "sweep": self.sweep,
            "orphans": self.orphans,
            "push": self.push,
            "conflicts": self.conflicts,
            "answers": self.answers,
            "heads": self.heads,
            "hooks": self.hooks,
            "digest": self.digest,
            "timely": self.timely,
            "mailbox": self.mailbox,
            "hiring": self.hiring,
            "mirror": self.mirror,
            "archive": self.archive,
            "erasures": self.erasures,
            "retention": self.retention,
        }
        jobs: dict[str, Callable[[], object]] = {
            "replies": lambda: replies.sync(self.app),
            "sweep": lambda: _sweep(self.app),
            "orphans": lambda: reconcile.orphans(self.app),
            "push": lambda: push.watch(self.app),
            "conflicts": lambda: conflicts.watch(self.app, self.watch_days, self.conflicts),
            "answers": lambda: (
                answers.forget(self.app, self.answers_days),
                care.forget(self.app),
                opening.forget(self.app),
            ),
            "heads": lambda: self.heads_file and heads.note(self.app, self.heads_file),
            "hooks": lambda: hooks.sweep(self.app),
            "digest": lambda: digest.queue(self.app, self.digest_hour),
            "timely": lambda: (
                silence.open_seats(self.app),
                promises.remind(self.app),
                timely.queue(self.app),
            ),
            "mailbox": lambda: reading.look(self.app),
            "hiring": lambda: sweeping.sweep(self.app),
            "mirror": lambda: mirroring.watch(self.app),
            "archive": lambda: archiving.daily(self.app, self.archive_days),
            "erasures": lambda: erasing.take_up(self.app),
            "retention": lambda: keeping.keep(self.app, self.kept),
        }
        for name, job in jobs.items():
            # the first sweep waits a round: jobs taken up after a restart renew their holds before it
            first = 0.0 if name == "replies" else min(due[name], 3600.0)
            thread = threading.Thread(
                target=self._run, args=(name, job, first, due[name]), name=f"periodic {name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def rest(self) -> None:
        """Begin no round any more; waits for nothing."""
        self._stop.set()

    def stop(self, seconds: float = 20.0) -> None:
        """End after the rounds in flight, at most this long."""
        self.rest()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, name: str, job: Callable[[], object], first: float, every: float) -> None:
        wait = first
        while not self._stop.wait(wait):
            self._once(name, job)
            wait = every

    def _once(self, name: str, job: Callable[[], object]) -> None:
        """One round; a service that does not answer is tried again at the next one. Rounds that hang keep their
        threads: where `_MOST_LEFT` of a kind do, the next ones wait for one to come back."""
        if self.watch.hanging.count(name) >= _MOST_LEFT:
            return
        try:
            self.watch.run(name, job)
        except Hangs:
            pass  # it is told, and the next round does its work
        except (ConnectorError, Unavailable, OSError) as error:
            log.warning("%s: %s", name, error)
        except Exception:
            log.exception("%s failed", name)


def _sweep(app: App) -> None:
    reconcile.sweep(app)
    deciding.open_next(app)
