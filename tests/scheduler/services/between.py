"""Something that happens between a look and the write that it leads to: what only a second process does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from scheduler.services.app import App
from scheduler.storage.database import Database, Tx


@dataclass
class Between:
    """A database before whose next write transaction ``event`` happens, once."""

    real: Database
    event: Callable[[], object] | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        event, self.event = self.event, None
        if event is not None:
            event()
        with self.real.write() as tx:
            yield tx


def before_the_next_write(app: App, event: Callable[[], object]) -> App:
    """The app as a process sees it to which ``event`` happens just before it writes."""
    return replace(app, db=cast(Database, Between(app.db, event)))
