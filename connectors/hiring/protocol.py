"""What the app asks of a hiring system. One screen; errors as in `connectors.errors`.

Told by `tests/connectors/hiring/conformance.py`, the suite that every system passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connectors.hiring.types import Application, Interview, Job, Message, Stage, Step, User


class Receiver(Protocol):
    """Verifies and reads webhooks. A pure function: no clock but ``now``, no network."""

    def __call__(
        self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float
    ) -> Message:
        """The message in the raw ``body``, signed with one of the ``secrets``; ``headers`` have lower-case names.

        Raises `connectors.hiring.signatures.Forged` for one that is not signed with them, and `NotAMessage` for
        one that is, but is no JSON object."""
        ...


class Ats(Protocol):
    """A hiring system that can be read and written. Safe to use from several threads."""

    def application(self, id: str) -> Application:
        """An application as it is now. Raises `NotFound` for one that is deleted, merged or anonymised."""
        ...

    def users(self) -> Sequence[User]: ...

    def jobs(self) -> Sequence[Job]: ...

    def stages(self, job: str) -> Sequence[Stage]:
        """The stages of a job, in order."""
        ...

    def plan(self, job: str) -> Sequence[Step]:
        """The job's interview plan: the interviews of its stages."""
        ...

    def advances(self, since: datetime) -> Iterator[str]:
        """Ids of applications to which something happened since then, each once: what no webhook announced is
        among them. May name more than that."""
        ...

    def interviews(self, application: str) -> Sequence[Interview]:
        """The interviews that we wrote and that stand; ``key`` is empty where the system cannot keep it."""
        ...

    def write(self, interview: Interview) -> str:
        """Make the system show it: new, moved, with other people or other answers. The system's id of it.

        Looks before it writes, so that the same twice is there once, also after an answer that was lost."""
        ...

    def cancel(self, interview: Interview) -> None:
        """Take it back; one that is not there is success."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
