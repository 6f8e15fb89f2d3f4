"""What one cold pull took, and how this process' memory is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figures:
    """``latency`` and ``seconds`` in seconds. ``grown_mb`` is how much memory the process kept after
    the later pulls: near nothing where memory is flat."""

    provider: str
    way: str
    people: int
    latency: float
    requests: int
    seconds: float
    grown_mb: float


def resident() -> float:
    """Memory of this process, MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
