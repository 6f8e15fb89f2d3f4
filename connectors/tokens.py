"""Where sign-ins come from and go to: the app keeps them, connectors store nothing."""

from __future__ import annotations

import threading
from typing import Protocol


class TokenSource(Protocol):
    """The app's vault, as a connector sees it. Safe to call from several threads.

    What the bytes hold is the connector's own business (a key file, a refresh token, a serialized
    cache); the app keeps them encrypted and never looks inside.
    """

    def get(self, account: str) -> bytes | None:
        """What was last put for that account; ``None`` where nobody has connected it yet. Raises
        `Forbidden` for what must not be used."""
        ...

    def put(self, account: str, data: bytes) -> None:
        """Replace what is kept for that account: the service renewed something in it. Raises
        `Forbidden` where nothing can be kept."""
        ...


class MemoryTokens:
    """Sign-ins in a dictionary, for tests and for trying a connector out."""

    def __init__(self, **accounts: bytes) -> None:
        self._accounts = dict(accounts)
        self._lock = threading.Lock()

    def get(self, account: str) -> bytes | None:
        with self._lock:
            return self._accounts.get(account)

    def put(self, account: str, data: bytes) -> None:
        with self._lock:
            self._accounts[account] = data
