"""Which hiring systems can be connected, how they are opened, and how their secrets lie in the database.

Told by `tests/scheduler/services/hiring/test_secrets.py` and `tests/scheduler/services/hiring/test_together.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from connectors.errors import Invalid
from connectors.hiring.protocol import Ats, Receiver


@dataclass
class Vault:
    """Seals secrets with a key that lies beside the database, not in it: whoever has a copy of the database alone
    has none of them. ``path`` is the keys' file, readable by this user only and made when it is first needed: one key
    on a line, the first seals, all open. Empty: a key of this process (tests)."""

    path: Path | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _known: tuple[tuple[int, int], MultiFernet] | None = field(default=None, repr=False)

    def seal(self, text: str) -> str:
        return self._keys().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises `Invalid` for what another key has sealed."""
        try:
            return self._keys().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise self._strange() from None

    def seal_again(self, sealed: str) -> str:
        """The same, sealed with the first key; nothing of nothing. Raises `Invalid` as `open` does."""
        try:
            return self._keys().rotate(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            raise self._strange() from None

    def opened(self, kept: str, plain: str) -> str:
        """`open`, for what is sealed only since it was last changed, or since the last new key: until then it begins with
        ``plain``."""
        return kept if kept.startswith(plain) else self.open(kept)

    def sealed_again(self, kept: str, plain: str) -> str:
        """`seal_again`, also for what was not sealed yet."""
        return self.seal(kept) if kept.startswith(plain) else self.seal_again(kept)

    def add_key(self) -> None:
        """Seal with a new key from now on, in every process; what the ones before it have sealed is opened still."""
        self._keys()  # so that there is one before it
        self._write([Fernet.generate_key(), *self._lines()])

    def forget_keys(self) -> None:
        """Keep the first key and the one before it, which mails that are under way may need."""
        self._write(self._lines()[:2])

    def made_at(self) -> datetime | None:
        """When the first key was made; ``None`` where none was needed yet."""
        if self.path is None or not self.path.exists():
            return None
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def _strange(self) -> Invalid:
        text = "was sealed with another key; bring that file back, or give the secrets again"
        return Invalid(f"{self.path}: a secret of a hiring system {text}")

    def _keys(self) -> MultiFernet:
        """The keys as the file holds them now: another process may have added one."""
        with self._lock:
            if self.path is None:
                if self._known is None:
                    self._known = (0, 0), MultiFernet([Fernet(Fernet.generate_key())])
                return self._known[1]
            self._have()
            state = self._state()
            if self._known is None or self._known[0] != state:
                self._known = state, MultiFernet([Fernet(line) for line in self._lines()])
            return self._known[1]

    def _state(self) -> tuple[int, int]:
        assert self.path is not None
        found = self.path.stat()
        return found.st_ino, found.st_mtime_ns

    def _lines(self) -> list[bytes]:
        assert self.path is not None
        return self.path.read_bytes().split()

    def _have(self) -> None:
        """Have a file with a key in it. Of several processes that make it at once one has made it for all."""
        assert self.path is not None
        try:
            if not self.path.exists():
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                new = self._written([Fernet.generate_key()])
                with suppress(FileExistsError):
                    os.link(new, self.path)
                new.unlink()
            if self.path.stat().st_mode & 0o077:
                raise Invalid(f"{self.path}: others can read this key; run: chmod 600 {self.path}")
        except OSError as error:
            raise Invalid(f"{self.path}: the key of the secrets cannot be kept: {error.strerror}") from None

    def _write(self, keys: Sequence[bytes]) -> None:
        assert self.path is not None
        try:
            self._written(keys).replace(self.path)
        except OSError as error:
            raise Invalid(f"{self.path}: the key of the secrets cannot be kept: {error.strerror}") from None

    def _written(self, keys: Sequence[bytes]) -> Path:
        """A new file with these keys, beside the one that counts."""
        assert self.path is not None
        new = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"\n".join(keys))
            file.flush()
            os.fsync(file.fileno())
        return new


@dataclass
class _Item:
    """One that waits for its turn; ``leads`` when it is to do the work of all who wait."""

    given: Any
    ready: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    answer: Any = None
    error: BaseException | None = None


@dataclass
class Together:
    """What many threads ask for at once is done in one go by one of them: a transaction for all costs what one
    costs. Each thread gets its own answer; whoever comes meanwhile is in the next go."""

    most: int = 64
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _waiting: list[_Item] = field(default_factory=list, repr=False)
    _busy: bool = False

    def ask(self, given: Any, work: Callable[[Sequence[Any]], Sequence[Any]]) -> Any:
        """``work`` of what was given by all who wait, which answers each in its place. What it raises, all raise."""
        mine = _Item(given)
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._busy = not self._busy, True
        if not mine.leads:
            mine.ready.wait()
        if mine.leads:
            self._lead(work)
        if mine.error is not None:
            raise mine.error
        return mine.answer

    def _lead(self, work: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        """Do what waits now, and hand the lead on: the first who waits is always among them."""
        with self._lock:
            batch, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        try:
            for item, answer in zip(batch, work([item.given for item in batch]), strict=True):
                item.answer = answer
        except BaseException as error:
            for item in batch:
                item.error = error
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._busy = following is not None
        for item in batch:
            item.ready.set()
        if following is not None:
            following.leads = True
            following.ready.set()


T = TypeVar("T")


@dataclass
class Known(Generic[T]):
    """What was read a moment ago, so that it is not read for each message of many: believed for ``seconds``, and less
    where it turns out to be wrong. What this process changes itself it forgets at once."""

    seconds: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _kept: dict[str, tuple[float, T]] = field(default_factory=dict, repr=False)

    def get(self, id: str) -> T | None:
        with self._lock:
            until, value = self._kept.get(id, (0.0, None))
        return value if time.monotonic() < until else None

    def put(self, id: str, value: T) -> None:
        with self._lock:
            self._kept[id] = (time.monotonic() + self.seconds, value)

    def forget(self, id: str) -> None:
        with self._lock:
            self._kept.pop(id, None)


Maker = Callable[[Mapping[str, str]], Ats]


@dataclass
class Systems:
    """``receivers`` verify webhooks, ``makers`` open what can be read, both by the system's name. ``close`` lets go of
    what was opened."""

    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    makers: Mapping[str, Maker] = field(default_factory=dict)
    vault: Vault = field(default_factory=Vault)
    together: Together = field(default_factory=Together)
    known: Known[Any] = field(default_factory=Known)
    """Connections with their opened secrets."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _open: dict[str, tuple[str, Ats]] = field(default_factory=dict, repr=False)
    _before: list[Ats] = field(default_factory=list, repr=False)

    def ats(self, id: str, system: str, sealed: str) -> Ats | None:
        """The open system of a connection, opened anew when its credentials changed; ``None`` where it cannot be
        read. Raises `Invalid` for credentials that lack something."""
        make = self.makers.get(system)
        if make is None or not sealed:
            return None
        with self._lock:
            known = self._open.get(id)
            if known is None or known[0] != sealed:
                fresh = make(json.loads(self.vault.open(sealed)))
                if known is not None:
                    self._before.append(known[1])  # somebody may still be asking it
                self._open[id] = known = (sealed, fresh)
            return known[1]

    def close(self) -> None:
        with self._lock:
            for ats in (*self._before, *(ats for _, ats in self._open.values())):
                ats.close()
            self._before.clear()
            self._open.clear()
