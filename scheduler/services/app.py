"""What every service is handed: the database, the calendars, the mail, the solver, the jobs, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from connectors.errors import Invalid
from connectors.incoming.mailbox import Mailbox
from connectors.protocol import Calendar, Messenger
from scheduler.domain.people import Account, Mode
from scheduler.domain.privacy.erasure import Words
from scheduler.services.gathering import AtOnce, Later, Turns
from scheduler.services.solving import Solver
from scheduler.services.systems import Systems
from scheduler.storage.database import Database, Tx


class Jobs(Protocol):
    """Durable jobs: enqueued in the transaction of the change that needs them."""

    def enqueue(
        self,
        tx: Tx,
        name: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        delay: float = 0.0,
        priority: int = 0,
    ) -> None:
        """Run ``tasks[name](payload)`` after the commit, at least once; ``delay`` in seconds. The
        same ``key`` is enqueued once for ever. Of what waits, a lower ``priority`` comes first."""
        ...


@dataclass(frozen=True)
class App:
    """``calendars`` maps ``(provider, mode)``; ``deployment`` prefixes every calendar key; ``base_url`` is
    where calendar services reach this deployment (https, no slash at the end), empty where they do not.
    ``turns`` and ``later`` are of this process: who waits for whom, and what is done after an answer."""

    db: Database
    calendars: Mapping[tuple[str, Mode], Calendar]
    messenger: Messenger
    solver: Solver
    jobs: Jobs
    clock: Callable[[], datetime]
    deployment: str
    base_url: str = ""
    turns: Turns = field(default_factory=Turns)
    later: Later = field(default_factory=AtOnce)
    hook_hosts: frozenset[str] = frozenset()
    """Hosts, or ``host:port``, that webhooks may be sent to although they are private."""
    systems: Systems = field(default_factory=Systems)
    """The hiring systems that can be connected."""
    mailbox: Mailbox | None = None
    """Where answers to invitations are read, if anywhere."""
    shelves: Mapping[str, Callable[[datetime], int]] = field(default_factory=dict)
    """What of this deployment is put away once it is over, by name: what was done with by an instant; how many."""

    forgetting: Mapping[str, Callable[[Words], int]] = field(default_factory=dict)
    """Where outside of the database a candidate's words lie, by name: takes out what names them; how many."""
    ageing: Mapping[str, Callable[[datetime], int]] = field(default_factory=dict)
    """What of this deployment is let go of, by name: what was written by an instant; how many."""

    def calendar(self, account: Account) -> Calendar:
        """The connector for an account. Raises `Invalid` where none is configured."""
        found = self.calendars.get((account.provider, account.mode)) or self.calendars.get(
            (account.provider, Mode.TYPED)
        )
        if found is None:
            page = f"docs/{account.provider}.md"
            raise Invalid(
                f"{account.provider} is not connected: give it credentials as {page} says, and restart"
            )
        return found
