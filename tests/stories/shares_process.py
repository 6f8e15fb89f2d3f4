"""A worker whose planning does not end: ``python -m tests.stories.shares_process DATABASE``. Says what was done meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any

from scheduler.services.jobs import Job
from scheduler.storage.database import Database
from scheduler.workers.engine import Engine, Queue, sync_url

SLOW = (Job.PLAN, Job.BATCH, Job.FURTHER)
QUICK = (Job.PERFORM, Job.INTAKE, Job.BOOK)
LONG = 120.0


def main(path: str) -> int:
    db = Database(path)
    db.migrate()
    url = sync_url(db)
    queue, ended = Queue(url), threading.Event()
    begun = {job: threading.Semaphore(0) for job in SLOW}
    done = {job: threading.Event() for job in QUICK}

    def slow(job: Job) -> Any:
        def work(_: Mapping[str, Any]) -> None:
            begun[job].release()
            ended.wait(LONG)

        return work

    def quick(job: Job) -> Any:
        return lambda _: done[job].set()

    tasks = {job.value: slow(job) for job in SLOW} | {job.value: quick(job) for job in QUICK}
    engine = Engine(url, queue, tasks, lambda *_: None, concurrency=2, poll=0.05)
    engine.start()
    with db.write() as tx:
        for number in range(6):
            for job in SLOW:
                queue.enqueue(tx, job.value, {"number": number}, key=f"{job.value}:{number}")
    for job in SLOW:  # as many as its share has threads are at work, for as long as this lasts
        assert begun[job].acquire(timeout=LONG), job
    assert begun[Job.PLAN].acquire(timeout=LONG)
    with db.write() as tx:
        for job_ in QUICK:
            queue.enqueue(tx, job_.value, {}, key=f"{job_.value}:1")
    for job_ in QUICK:
        assert done[job_].wait(LONG), job_
    waiting = {kind: found.waiting for kind, found in queue.queued().items()}
    assert waiting == {Job.PLAN: 4, Job.BATCH: 5, Job.FURTHER: 5}, waiting
    assert not begun[Job.BATCH].acquire(blocking=False), "one batch at a time"
    print("done", flush=True)
    ended.set()
    engine.stop(5)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
