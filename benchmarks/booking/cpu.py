"""CPU seconds of a process and everything it has started, also what has ended (Linux: proc(5))."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _all() -> dict[int, tuple[int, int]]:
    """Parent and clock ticks of every process; those of its ended children are its own."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        found[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def seconds(process: int | None = None) -> float:
    """CPU seconds of this process, or of another, and its descendants so far."""
    every, total, waiting = _all(), 0, [process or os.getpid()]
    while waiting:
        pid = waiting.pop()
        total += every[pid][1] if pid in every else 0
        waiting += [child for child, (parent, _) in every.items() if parent == pid]
    return total / _TICKS
