"""Files of very many people are read by as many processes as the machine has processors: what a calendar says is all
computing, and nobody's depends on another's.

Told by `tests/scheduler/cli/test_doctor_calendars.py`.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from connectors.local import LocalCalendar
from connectors.types import Known, Unknown, Window
from scheduler.domain.time import Span
from scheduler.wiring import Runtime


def processors() -> int:
    """How many of them this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def files(
    runtime: Runtime, addresses: Sequence[str], span: Span, at_once: int
) -> Iterator[Mapping[str, Known | Unknown]]:
    """Whether the local calendars of these addresses can be read, so many ``at_once`` as they come; what blocks whom is
    left out."""
    with runtime.app.db.read() as tx:
        zones = tx.company.zones()
    window = Window(span.start, span.end)
    with ProcessPoolExecutor(processors(), multiprocessing.get_context("forkserver")) as pool:
        parts = [
            pool.submit(_read, runtime.settings.calendars, zones, addresses[n : n + at_once], window)
            for n in range(0, len(addresses), at_once)
        ]
        for done in as_completed(parts):
            yield done.result()


def _read(
    folder: Path, zones: Mapping[str, str], addresses: Sequence[str], window: Window
) -> dict[str, Known | Unknown]:
    """In another process, which sends back no more than that. It looks for no cycles among what it makes: there are
    none, and looking through ever more calendars that were read would take as long again as reading them."""
    gc.disable()
    calendar = LocalCalendar(folder, zone=lambda address: zones.get(address.casefold()))
    found: dict[str, Known | Unknown] = {}
    for address, state in calendar.availability(addresses, window).items():
        found[address] = replace(state, busy=(), places=()) if isinstance(state, Known) else state
    return found
