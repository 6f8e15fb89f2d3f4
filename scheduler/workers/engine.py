"""DBOS runs the jobs: one generic workflow, JSON payloads of ids, enqueued with the change.

A job is a name and a payload; its step calls the service function of that name. A killed process
leaves its jobs to the next one with the same executor id, which runs the step again: every service
function may be repeated. A job that has to wait is not kept sleeping (a sleeping workflow holds a
thread): it ends, and its next try is enqueued with a delay.

Told by `tests/stories/test_killed.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions

from scheduler.storage.database import Database, Tx

log = logging.getLogger("loopwright.jobs")

QUEUE = "loopwright"
VERSION = "1"
"""Constant: a hash of the code would strand the runs in flight at every release."""
TRIES = 5
"""How often a job that raises is run before it is given up and reported."""
_BACKOFF = 2.0

Task = Callable[[Mapping[str, Any]], float | None]
"""Does one job; a returned number asks to run it again after that many seconds."""
Failed = Callable[[str, Mapping[str, Any], str], None]
"""Told of a job that is given up: its name, its payload, the reason."""


@dataclass
class Queue:
    """Enqueues jobs; any process may, also one that runs none."""

    url: str
    _client: DBOSClient | None = field(default=None, repr=False)

    def enqueue(
        self, tx: Tx, name: str, payload: Mapping[str, Any], *, key: str | None = None, delay: float = 0.0
    ) -> None:
        """Run the job after this transaction commits. The same ``key`` is enqueued once for ever;
        ``delay`` is in seconds."""
        options: EnqueueOptions = {"queue_name": QUEUE, "workflow_name": "job", "app_version": VERSION}
        if key is not None:
            options["workflow_id"] = key
        if delay > 0:
            options["delay_seconds"] = delay
        self.client.enqueue_in_transaction(tx.connection, options, name, dict(payload), 1)

    def later(self, name: str, payload: Mapping[str, Any], attempt: int, delay: float) -> None:
        """Enqueue another try outside any transaction."""
        options: EnqueueOptions = {
            "queue_name": QUEUE,
            "workflow_name": "job",
            "app_version": VERSION,
            "delay_seconds": max(delay, 0.1),
        }
        self.client.enqueue(options, name, dict(payload), attempt)

    @property
    def client(self) -> DBOSClient:
        if self._client is None:
            self._client = DBOSClient(
                system_database_url=self.url,
                serializer=DBOSPortableJSONSerializer(),
                application_name="loopwright",
            )
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.destroy()
            self._client = None


@dataclass
class Engine:
    """Runs jobs in this process. ``name`` is its executor id: fixed, so that a restart goes on."""

    url: str
    queue: Queue
    tasks: Mapping[str, Task]
    failed: Failed
    name: str = "loop-0"
    concurrency: int = 4
    poll: float = 0.5

    def start(self) -> None:
        """Make DBOS's tables if need be, take up what was left, and begin to work."""
        DBOS(config=_config(self.url, self.name))
        _register(self)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self.concurrency, polling_interval_sec=self.poll)

    def stop(self, seconds: float = 20.0) -> None:
        """Finish the steps in flight, at most this long, and let go."""
        DBOS.destroy(workflow_completion_timeout_sec=int(seconds))
        _let_go_of_the_log()


def _config(url: str, name: str) -> DBOSConfig:
    return {
        "name": "loopwright",
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": name,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "console_log_level": "ERROR",
    }


def prepare(url: str) -> None:
    """Make DBOS's own tables, for processes that only enqueue."""
    DBOS(config=_config(url, "migrate"))
    DBOS.launch()
    DBOS.destroy()
    _let_go_of_the_log()


def _let_go_of_the_log() -> None:
    """DBOS 3.4 leaves its console handler behind, and the next one in this process flushes it first: where
    the stream was closed meanwhile, it does not start."""
    logger = logging.getLogger("dbos")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)


def _register(engine: Engine) -> None:
    @DBOS.step(name="run")
    def run(name: str, payload: dict[str, Any], attempt: int) -> dict[str, Any]:
        return _run(engine, name, payload, attempt)

    @DBOS.workflow(name="job")
    def job(name: str, payload: dict[str, Any], attempt: int) -> dict[str, Any]:
        return run(name, payload, attempt)


def _run(engine: Engine, name: str, payload: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """One try: done, again later, or given up; never an exception that would stop the queue."""
    task = engine.tasks.get(name)
    if task is None:
        engine.failed(name, payload, f"no job is called {name!r}")
        return {"outcome": "unknown"}
    try:
        wait = task(payload)
    except Exception as error:
        return _failed(engine, name, payload, attempt, error)
    if wait is not None:
        engine.queue.later(name, payload, 1, wait)
        return {"outcome": "again", "seconds": wait}
    return {"outcome": "done"}


def _failed(
    engine: Engine, name: str, payload: Mapping[str, Any], attempt: int, error: Exception
) -> dict[str, Any]:
    text = f"{type(error).__name__}: {error}"
    log.warning("job %s %s failed (try %d of %d): %s", name, dict(payload), attempt, TRIES, text)
    if attempt >= TRIES:
        log.error("job %s %s is given up", name, dict(payload), exc_info=error)
        engine.failed(name, payload, text)
        return {"outcome": "given_up", "error": text}
    engine.queue.later(name, payload, attempt + 1, _BACKOFF**attempt)
    return {"outcome": "retry", "error": text}


def sync_url(db: Database) -> str:
    """The database's address as DBOS wants it."""
    return db.engine.url.render_as_string(hide_password=False)
