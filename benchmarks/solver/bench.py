"""Runs measurements, each in a process of its own, and remembers what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GRACE = 120.0
"""Seconds a process may take beyond its limit (start-up, building, judging) before it is ended."""

Answer = dict[str, Any]


@dataclass
class Bench:
    """``seeds`` fresh seeds from ``first`` on; ``quick`` shrinks time limits; ``cpu`` counts
    seconds of cores instead of the wall's, for machines that others use too."""

    first: int
    seeds: int
    quick: bool
    say: Callable[[str], None]
    answers: dict[str, Answer] = field(default_factory=dict)
    cpu: bool = False

    @property
    def batch_seeds(self) -> int:
        """Instances of a family whose solve takes its whole limit."""
        return 1 if self.quick else max(1, self.seeds // 7)

    def seconds(self, limit: float) -> float:
        return limit / 4 if self.quick else limit

    def each(self, count: int) -> list[int]:
        return [self.first + number for number in range(count)]

    def ask(self, task: str, *, seconds: float = 60.0, **question: Any) -> Answer:
        """The answer of one task; ``{"failed": why}`` when the process died or took too long."""
        asked = {"task": task, "seconds": seconds, **({"cpu": True} if self.cpu else {}), **question}
        key = json.dumps(asked, sort_keys=True)
        if key not in self.answers:
            words = " ".join(str(value) for value in question.values())
            self.say(f"{task} {words}")
            self.answers[key] = self._run(key, seconds)
        return self.answers[key]

    def _run(self, question: str, seconds: float) -> Answer:
        command = [sys.executable, "-m", "benchmarks.solver.worker", question]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + GRACE, check=False
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"ended after {seconds + GRACE:.0f} s", "seconds": seconds + GRACE}
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            return {"failed": f"exit {done.returncode}: {last[0]}", "seconds": seconds}
        answer: Answer = json.loads(done.stdout.splitlines()[-1])
        return answer


def geometric_mean(values: list[float]) -> float:
    """Of positive values; 0 when there are none."""
    return exp(sum(map(log, values)) / len(values)) if values else 0.0
