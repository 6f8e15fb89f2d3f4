"""DBOS runs the jobs: one generic workflow, JSON payloads of ids, enqueued with the change.

A job is a name and a payload; its step calls the service function of that name. A killed process
leaves its jobs to the others (`scheduler/workers/roll.py`), which run the step again: every service
function may be repeated. A job that has to wait is not kept sleeping (a sleeping workflow holds a
thread): it ends, and its next try is enqueued with a delay.

Told by `tests/stories/test_killed.py`.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions

from scheduler.domain.privacy.erasure import Words
from scheduler.services import meters
from scheduler.services.jobs import Job, Share, priority, share, threads
from scheduler.storage.database import Database, Tx
from scheduler.storage.engine import IDLE_SECONDS, session_limits
from scheduler.workers.watch import Watch

log = logging.getLogger("loopwright.jobs")

QUEUE = "loopwright"
VERSION = "1"
"""Constant: a hash of the code would strand the runs in flight at every release."""
_MOST_TOLD = 10_000
"""Waiting jobs that are counted; where more wait, it does not matter how many."""
_OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_AT_A_TIME = 500
"""Jobs that are let go of in one transaction: others wait for no longer than that."""
_KIND = re.compile("[:/]")
"""A job's key begins with its kind."""
_CALLED = {"mail": Job.PERFORM.value}
TRIES = 5
"""How often a job that raises is run before it is given up and reported."""
_BACKOFF = 2.0
_NOT_NOW = 2.0
"""Seconds until a job that cannot be queued just now is queued again."""


def _named(of: Share) -> str:
    """The queue of a share; that of what is written has the name under which jobs of every kind once waited."""
    return QUEUE if of is Share.WRITE else f"{QUEUE}-{of}"


def kind_of(key: str) -> str:
    """The name of the job that has this key."""
    kind = _KIND.split(key, maxsplit=1)[0]
    return _CALLED.get(kind, kind)


def queue_of(job: str) -> str:
    """Where a job waits."""
    return _named(share(job))


Task = Callable[[Mapping[str, Any]], float | None]
"""Does one job; a returned number asks to run it again after that many seconds."""
Failed = Callable[[str, Mapping[str, Any], str], None]
"""Told of a job that is given up: its name, its payload, the reason."""


@dataclass
class Queue:
    """Enqueues jobs; any process may, also one that runs none."""

    url: str
    _client: DBOSClient | None = field(default=None, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def enqueue(
        self,
        tx: Tx,
        name: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        delay: float = 0.0,
        priority: int = 0,
    ) -> None:
        """Run the job after this transaction commits. The same ``key`` is enqueued once for ever;
        ``delay`` is in seconds."""
        options: EnqueueOptions = {
            "queue_name": queue_of(name),
            "workflow_name": "job",
            "app_version": VERSION,
        }
        if key is not None:
            options["workflow_id"] = key
        if delay > 0:
            options["delay_seconds"] = delay
        if priority:
            options["priority"] = priority
        self.client.enqueue_in_transaction(tx.connection, options, name, dict(payload), 1)

    def queued(self) -> dict[str, meters.Queued]:
        """What waits to be taken, by kind of job. Raises what the database does."""
        found: dict[str, meters.Queued] = {}
        rows = self.client.list_workflows(
            status="ENQUEUED", name="job", load_input=False, load_output=False, limit=_MOST_TOLD
        )
        for row in rows:  # the oldest first
            kind = kind_of(row.workflow_id)
            since = datetime.fromtimestamp((row.created_at or 0) / 1000, UTC)
            known = found.get(kind)
            found[kind] = meters.Queued(
                known.waiting + 1 if known else 1, min(known.oldest, since) if known else since
            )
        return found

    def forget(self, before: datetime) -> int:
        """Let go of the jobs that were done, given up or called off before an instant; how many."""
        count = 0
        while True:
            over = self.client.list_workflows(
                status=_OVER,
                completed_before=before.isoformat(),
                load_input=False,
                load_output=False,
                limit=_AT_A_TIME,
            )
            if not over:
                return count
            self.client.delete_workflows([job.workflow_id for job in over])
            count += len(over)

    def forget_words(self, words: Words) -> int:
        """Let go of every job that names a candidate, in its key, its payload or what became of it; how many."""
        count, skip = 0, 0
        while jobs := self.client.list_workflows(limit=_AT_A_TIME, offset=skip):
            named = [
                j.workflow_id
                for j in jobs
                if words.in_text(f"{j.workflow_id} {j.input} {j.output} {j.error}")
            ]
            if named:
                self.client.delete_workflows(named)
            count, skip = count + len(named), skip + len(jobs) - len(named)
        return count

    def later(self, name: str, payload: Mapping[str, Any], attempt: int, delay: float) -> None:
        """Enqueue another try outside any transaction, as urgent as the first."""
        options: EnqueueOptions = {
            "queue_name": queue_of(name),
            "workflow_name": "job",
            "workflow_id": f"{name}/again/{secrets.token_hex(8)}",
            "app_version": VERSION,
            "delay_seconds": max(delay, 0.1),
        }
        if urgency := priority(name):
            options["priority"] = urgency
        self.client.enqueue(options, name, dict(payload), attempt)

    @property
    def client(self) -> DBOSClient:
        with self._making:  # several threads of the API ask for the first time at once
            if self._client is None:
                self._client = DBOSClient(
                    system_database_url=self.url,
                    serializer=DBOSPortableJSONSerializer(),
                    application_name="loopwright",
                    retry_connection_errors=False,  # its waits have no end; who asked waits as it sees fit
                    sys_db_idle_transaction_timeout_sec=IDLE_SECONDS,
                )
            return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.destroy()
            self._client = None


@dataclass
class Engine:
    """Runs jobs in this process. ``name`` is what its setting calls it; ``run`` is this one run of it, which
    DBOS knows as its executor: two processes of one name never take each other's jobs for their own."""

    url: str
    queue: Queue
    tasks: Mapping[str, Task]
    failed: Failed
    name: str = "loop-0"
    concurrency: int = 4
    poll: float = 0.5
    watch: Watch = field(default_factory=Watch)
    run: str = ""
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    _at: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.run = self.run or f"{self.name}~{secrets.token_hex(4)}"

    def start(self) -> None:
        """Make DBOS's tables if need be, and begin to work."""
        logging.getLogger("dbos").removeFilter(_stopped)
        DBOS(config=_config(self.url, self.run))
        _register(self)
        DBOS.launch()
        for one in Share:
            limit = threads(one, self.concurrency)
            DBOS.register_queue(_named(one), worker_concurrency=limit, polling_interval_sec=self.poll)

    def stop(self, seconds: float = 20.0) -> None:
        """Finish the steps in flight, at most this long, and let go."""
        self.stopping.set()
        logging.getLogger("dbos").addFilter(_stopped)
        DBOS.destroy(workflow_completion_timeout_sec=int(seconds))
        _let_go_of_the_log()

    def taken(self) -> dict[str, list[str]]:
        """The jobs that are taken and not done, by the run that took them."""
        found: dict[str, list[str]] = defaultdict(list)
        for job in DBOS.list_workflows(status="PENDING", name="job", load_input=False, load_output=False):
            found[str(job.executor_id)].append(job.workflow_id)
        return dict(found)

    def take_over(self, runs: Sequence[str]) -> None:
        """Give back to the queue what these runs took. What they still say of it is not heard: a job is its
        last taker's. Two that do this at once take each job over once."""
        # not public, but what DBOS's own service calls: one statement that looks whose it is and gives it back
        DBOS._recover_pending_workflows(list(runs))

    def at(self) -> frozenset[str]:
        """The jobs that this process is at."""
        return frozenset(self._at)

    def again(self, jobs: Sequence[str]) -> None:
        """Give back what this run took and lost, each job to the queue of its share."""
        by_queue = defaultdict[str, list[str]](list)
        for job in jobs:
            by_queue[queue_of(kind_of(job))].append(job)
        for queue, theirs in by_queue.items():
            DBOS.resume_workflows(theirs, queue_name=queue)

    def later(self, name: str, payload: Mapping[str, Any], attempt: int, delay: float) -> None:
        """Queue another try, as soon as that can be done: a full disk, or a database that is away, may take
        minutes. Raises what is in the way where the worker stops meanwhile: the job is still taken then."""
        while True:
            try:
                self.queue.later(name, payload, attempt, delay)
                return
            except Exception as error:
                log.warning("job %s %s cannot be queued just now: %s", name, dict(payload), _line(error))
                if self.stopping.wait(_NOT_NOW):
                    raise


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _config(url: str, name: str) -> DBOSConfig:
    return {
        "name": "loopwright",
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": name,
        "db_engine_kwargs": {"pool_events": session_limits(url)},
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "console_log_level": "ERROR",
        "sys_db_idle_transaction_timeout_sec": IDLE_SECONDS,
    }


def prepare(url: str) -> None:
    """Make DBOS's own tables, for processes that only enqueue."""
    DBOS(config=_config(url, "migrate"))
    DBOS.listen_queues([])  # it knows no job and must take none
    DBOS.launch()
    DBOS.destroy()
    _let_go_of_the_log()


def _stopped(record: logging.LogRecord) -> bool:
    """What DBOS says of jobs that the end of the worker cuts off is no news: they are taken up at the next start, and
    each is told in a line of ours."""
    return record.exc_info is None


def _let_go_of_the_log() -> None:
    """DBOS 3.4 leaves its console handler behind, and the next one in this process flushes it first: where
    the stream was closed meanwhile, it does not start."""
    logger = logging.getLogger("dbos")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)


def _register(engine: Engine) -> None:
    @DBOS.step(name="run")
    def run(name: str, payload: dict[str, Any], attempt: int) -> dict[str, Any]:
        began = time.monotonic()
        found = _run(engine, name, payload, attempt)
        seconds = time.monotonic() - began
        kind = name if name in engine.tasks else "unknown"
        meters.JOBS.labels(kind, found["outcome"]).inc()
        meters.JOB_SECONDS.labels(kind).observe(seconds)
        log.info("job", extra={"fields": _told(name, payload, attempt, found["outcome"], seconds)})
        return found

    @DBOS.workflow(name="job")
    def job(name: str, payload: dict[str, Any], attempt: int) -> dict[str, Any]:
        id = str(DBOS.workflow_id)
        engine._at.add(id)
        try:
            return run(name, payload, attempt)
        except Exception as error:  # of DBOS itself: what it was to note could not be written
            log.warning("job %s %s could not be noted: %s", name, payload, _line(error))
            engine.later(name, payload, attempt, _NOT_NOW)
            return {"outcome": "again"}
        finally:
            engine._at.discard(id)


def _run(engine: Engine, name: str, payload: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """One try: done, again later, or given up; never an exception that would stop the queue."""
    task = engine.tasks.get(name)
    if task is None:
        engine.failed(name, payload, f"no job is called {name!r}")
        return {"outcome": "unknown"}
    try:
        wait = engine.watch.run(_called(name, payload), lambda: task(payload))
    except Exception as error:
        return _failed(engine, name, payload, attempt, error)
    if wait is not None:
        engine.later(name, payload, 1, wait)
        return {"outcome": "again", "seconds": wait}
    return {"outcome": "done"}


def _told(
    name: str, payload: Mapping[str, Any], attempt: int, outcome: str, seconds: float
) -> dict[str, Any]:
    """What is logged of a job: ids alone."""
    ids = {key: value for key, value in payload.items() if isinstance(value, str)}
    return {"job": name, **ids, "attempt": attempt, "outcome": outcome, "seconds": round(seconds, 3)}


def _called(name: str, payload: Mapping[str, Any]) -> str:
    return " ".join((name, *(str(v) for v in payload.values())))


def _failed(
    engine: Engine, name: str, payload: Mapping[str, Any], attempt: int, error: Exception
) -> dict[str, Any]:
    text = f"{type(error).__name__}: {error}"
    log.warning("job %s %s failed (try %d of %d): %s", name, dict(payload), attempt, TRIES, text)
    if attempt >= TRIES:
        log.error("job %s %s is given up", name, dict(payload), exc_info=error)
        engine.failed(name, payload, text)
        return {"outcome": "given_up", "error": text}
    engine.later(name, payload, attempt + 1, _BACKOFF**attempt)
    return {"outcome": "retry", "error": text}


def sync_url(db: Database) -> str:
    """The database's address as DBOS wants it."""
    return db.url.render_as_string(hide_password=False)
