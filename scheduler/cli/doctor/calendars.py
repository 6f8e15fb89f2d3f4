"""Every calendar is read once. Files of many people are read by as many processes as the machine has processors: what a
calendar says is all computing, and nobody's depends on another's.

Told by `tests/scheduler/cli/test_doctor_calendars.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.progress import Progress

from connectors.types import Availability
from scheduler.cli.faults import err
from scheduler.domain.people import Account
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.planning import availability
from scheduler.wiring import Runtime, reading

AT_ONCE = 500
"""Calendars read between two looks at the bar."""
MANY = 1_000
"""Files from which on more processes read them: starting these takes as long as reading some hundred."""


def read(runtime: Runtime, accounts: Mapping[Subject, Account], span: Span) -> dict[Subject, Availability]:
    """Whether everybody's calendar can be read, with a bar for whoever watches a terminal. What blocks whom is not told
    of files that other processes read."""
    found: dict[Subject, Availability] = {}
    with Progress(console=err, transient=True, disable=not err.is_terminal or len(accounts) < AT_ONCE) as bar:
        task = bar.add_task("reading calendars", total=len(accounts))
        for some in _parts(runtime, accounts, span):
            found |= some
            bar.update(task, completed=len(found))
    return found


def _parts(
    runtime: Runtime, accounts: Mapping[Subject, Account], span: Span
) -> Iterator[Mapping[Subject, Availability]]:
    """In one service's order, so that it is asked for as many at once as it gives."""
    order = sorted(accounts, key=lambda s: (accounts[s].provider, accounts[s].mode, s))
    files = [subject for subject in order if accounts[subject].provider == "local"]
    if len(files) >= MANY and reading.processors() > 1:
        subjects: dict[str, list[Subject]] = {}
        for subject in files:
            subjects.setdefault(accounts[subject].address, []).append(subject)
        for states in reading.files(runtime, sorted(subjects), span, AT_ONCE):
            yield {subject: state for address, state in states.items() for subject in subjects[address]}
        order = [subject for subject in order if accounts[subject].provider != "local"]
    for n in range(0, len(order), AT_ONCE):
        yield availability.read(runtime.app, {s: accounts[s] for s in order[n : n + AT_ONCE]}, span)
