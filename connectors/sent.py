"""What was handed to a mail server, remembered on this machine: a server cannot tell a repeated mail.

One small file per message, locked while the message is being sent: two jobs that carry out the same row
send one mail, and a mail whose answer was lost is known as such after a crash, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from connectors.errors import ConnectorError, Forbidden, Transient

_HANDED, _TAKEN, _REFUSED = "handed over", "taken", "not taken"
_KEPT = 60 * 86_400.0
"""Seconds; a mail is tried for most of a day."""
_PAUSE = 0.05


class Attempts:
    """What is known of one message. Every fact is on the disk before the next step is taken."""

    def __init__(self, descriptor: int, facts: list[str]) -> None:
        self._descriptor = descriptor
        self._facts = facts

    @property
    def taken(self) -> bool:
        return _TAKEN in self._facts

    @property
    def unanswered(self) -> int:
        """How often it was handed over without an answer: it may have arrived that often."""
        return self._facts.count(_HANDED) - self._facts.count(_REFUSED) - self._facts.count(_TAKEN)

    def handed(self) -> None:
        """It is handed over now: from here on it may arrive."""
        self._note(_HANDED)

    def answered(self, taken: bool) -> None:
        """The server said whether it took it."""
        self._note(_TAKEN if taken else _REFUSED)

    def _note(self, fact: str) -> None:
        os.write(self._descriptor, f"{fact}\n".encode())
        os.fsync(self._descriptor)
        self._facts.append(fact)


class SentMail:
    """The folder of those files, for this user only; made with the first message."""

    def __init__(self, folder: Path, wait: float) -> None:
        """``wait`` bounds the time for another sender of the same message (seconds)."""
        self._folder = folder
        self._wait = wait
        self._swept = False

    @contextlib.contextmanager
    def message(self, name: str) -> Iterator[Attempts]:
        """The attempts of one message, nobody else's meanwhile. ``name`` is fit for a file name.

        Raises `Transient` (somebody else is sending it, disk full …), `Forbidden` (no permission).
        """
        path = self._folder / name
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise _failure(path, error) from None
        try:
            self._lock(descriptor)
            with os.fdopen(os.dup(descriptor), encoding="utf-8") as file:
                attempts = Attempts(descriptor, file.read().splitlines())
            yield attempts
        except OSError as error:
            raise _failure(path, error) from None
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        end = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Transient("this mail is just being sent by another job; look again") from None
            time.sleep(_PAUSE)

    def _sweep(self) -> None:
        """Once per process, forget what is old."""
        if self._swept:
            return
        self._swept = True
        for path in self._folder.iterdir():
            if path.stat().st_mtime < time.time() - _KEPT:
                path.unlink(missing_ok=True)


def _failure(path: Path, error: OSError) -> ConnectorError:
    text = f"{path} cannot be written: {error.strerror or error}"
    return Forbidden(text) if isinstance(error, PermissionError) else Transient(text)
