"""What a process has done, counted for whoever watches it: by kind and outcome, never by name.

The counts begin with the process and are its own. Told by `tests/scheduler/api/test_metrics.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from connectors.errors import ConnectorError

REGISTRY = CollectorRegistry()

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)

JOBS = Counter(
    "loopwright_jobs",
    "Jobs that this process has run, by kind and outcome.",
    ("job", "outcome"),
    registry=REGISTRY,
)
JOB_SECONDS = Histogram(
    "loopwright_job_seconds", "How long jobs took.", ("job",), buckets=_SECONDS, registry=REGISTRY
)
SOLVES = Counter(
    "loopwright_solves",
    "Questions to the solver, by kind and status.",
    ("question", "status"),
    registry=REGISTRY,
)
SOLVE_SECONDS = Histogram(
    "loopwright_solve_seconds", "How long answers took.", ("question",), buckets=_SECONDS, registry=REGISTRY
)
CALENDAR_CALLS = Counter(
    "loopwright_calendar_calls",
    "Calls of calendar services, by service, call and outcome.",
    ("service", "call", "outcome"),
    registry=REGISTRY,
)
BOOKINGS = Counter(
    "loopwright_bookings",
    "Loops whose events were written, by what came of it: confirmed, cancelled, failed, expired, undone.",
    ("outcome",),
    registry=REGISTRY,
)
REPAIRS = Counter(
    "loopwright_repairs",
    "Repairs of booked loops: written, handed to a person (by the kind of the reason), or begun again.",
    ("outcome",),
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "loopwright_webhooks",
    "Webhooks: received (new, repeated, differs) and sent (taken, retry, given_up).",
    ("direction", "outcome"),
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class Queued:
    """Jobs of one kind that wait, and since when the oldest does."""

    waiting: int
    oldest: datetime


@runtime_checkable
class Tells(Protocol):
    """A queue that can say what waits in it."""

    def queued(self) -> Mapping[str, Queued]:
        """By kind of job; what is to be done later does not wait yet."""
        ...


@contextmanager
def calendar_call(service: str, call: str) -> Iterator[None]:
    """Count one call, as ``ok`` or by the code of its error."""
    outcome = "broken"
    try:
        yield
        outcome = "ok"
    except ConnectorError as error:
        outcome = error.code
        raise
    finally:
        CALENDAR_CALLS.labels(service, call, outcome).inc()


@contextmanager
def solve(question: str) -> Iterator[list[str]]:
    """Time a question; the block puts the status of its answer into the list."""
    began, status = time.monotonic(), list[str]()
    try:
        yield status
    finally:
        SOLVES.labels(question, status[-1] if status else "failed").inc()
        SOLVE_SECONDS.labels(question).observe(time.monotonic() - began)


def page(queued: Mapping[str, Queued], loops: Mapping[str, int], workers: int, now: datetime) -> bytes:
    """All of it as Prometheus reads it, with how things stand in the whole deployment just now."""
    standing = CollectorRegistry()
    waits = Gauge("loopwright_jobs_waiting", "Jobs that wait, by kind.", ("job",), registry=standing)
    oldest = Gauge(
        "loopwright_jobs_oldest_seconds", "How long the oldest has waited.", ("job",), registry=standing
    )
    states = Gauge("loopwright_loops", "Loops, by state.", ("state",), registry=standing)
    Gauge("loopwright_workers", "Workers at work.", registry=standing).set(workers)
    for job, found in queued.items():
        waits.labels(job).set(found.waiting)
        oldest.labels(job).set(max(0.0, (now - found.oldest).total_seconds()))
    for state, count in loops.items():
        states.labels(state).set(count)
    return generate_latest(REGISTRY) + generate_latest(standing)
