"""What the tests of calls share: a clock that is told, a service with planned answers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from connectors.calls import Calls, Retry
from connectors.errors import (
    ConnectorError,
)

QUICK = Retry(attempts=4, patience=2.0, wait_initial=0.01, wait_max=0.02, wait_jitter=0.01)


@dataclass
class Clock:
    """A clock that only moves when told, or when somebody sleeps on it."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Service:
    """Answers with the given outcomes in turn, the last one for ever; notes when it was asked."""

    outcomes: list[ConnectorError | str]
    asked: list[float] = field(default_factory=list)

    def __call__(self) -> str:
        self.asked.append(time.monotonic())
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome


def calls(**kwargs: object) -> Calls:
    return Calls(**{"retry": QUICK, **kwargs})  # type: ignore[arg-type]
