"""Rules of repeating meetings handed from thread to thread, in the fresh processes of their test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.connectors.local import test_threads

_ENOUGH = 6.0
"""Seconds after which those that wait for each other are not waited for."""


@contextmanager
def shared_rules() -> Iterator[None]:
    """The test's processes share the rules, and there is one of them."""
    whole, processes = test_threads.read_cold, test_threads.PROCESSES

    def read_cold(folder: Path, _: float, *more: str) -> tuple[int, int, bool]:
        return whole(folder, _ENOUGH, "shared", *more)

    test_threads.read_cold, test_threads.PROCESSES = read_cold, 1
    try:
        yield
    finally:
        test_threads.read_cold, test_threads.PROCESSES = whole, processes
