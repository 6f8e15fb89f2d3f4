"""The folder on disk: bounded reads, atomic writes, one lock for every process that books.

What is made here is for this user only; a file that somebody put there keeps its permissions.

Other programs edit these files without knowing our lock. So a file is read again right before it is
written, and the write is given up and done anew when the file changed in between (`Changed`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.errors import ConnectorError, Forbidden, Invalid, NotFound, Transient, Unreadable
from connectors.local.keeping import turns
from connectors.local.names import address_of, file_name

STATE = ".loopwright"
"""Sub-folder for the lock and the journals; calendar programs do not look into it."""

ARCHIVE = "archive"
"""Sub-folder for what is over; nobody here reads what lies in it."""

RESTED = 2_000_000_000
"""Nanoseconds without a write after which a stamp tells of the next one: longer than a tick of any file system's
clock."""
_TEMPORARY = ".loopwright-"
_TRIES = 5
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


class Changed(Exception):
    """Somebody else wrote the file after we read it: read it again and decide again."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a folder says of a file: it changes with every write, but for two in one tick of the clock."""

    modified: int
    changed: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)

    @property
    def written_at(self) -> int:
        """The last write, in nanoseconds since 1970; nobody can set the second of both back."""
        return max(self.modified, self.changed)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bytes of a file and its permissions, as of one moment."""

    path: Path
    data: Sequence[bytes]
    """All of them, in one or more pieces."""
    mode: int
    stamp: Stamp


class Folder:
    """A folder of calendar files. Safe for several threads and processes."""

    def __init__(self, path: Path, max_bytes: int, lock_seconds: float) -> None:
        """``max_bytes`` bounds every file read; ``lock_seconds`` the wait for the lock.

        Raises `Invalid` where the folder does not exist.
        """
        self.path = path.expanduser()
        self._max_bytes = max_bytes
        self._lock_seconds = lock_seconds
        self._swept = False
        self.kept: dict[Path, object] = {}
        """What was read of our own files, for whoever reads them."""
        if not self.path.is_dir():
            raise Invalid(f"calendars: there is no folder {self.path}; create it or name another one")

    def path_of(self, address: str) -> Path:
        """Where the calendar of an address lies. A file that somebody put there with capitals in its
        name counts too, as long as there is only one. Raises `NotFound`, `Unreadable`."""
        name = file_name(address)
        if name is None:
            raise NotFound("an empty or overlong address has no calendar")
        path = self.path / name
        if os.path.lexists(path):
            return path
        try:
            names = [entry.name for entry in self.path.iterdir()]
            same = sorted(entry for entry in names if entry.casefold() == name.casefold())
        except OSError as error:
            raise Unreadable(f"the folder {self.path} cannot be listed: {error.strerror}") from None
        if len(same) > 1:
            raise Unreadable(f"{' and '.join(same)} are both the calendar of one address; keep one of them")
        if not same:
            raise NotFound(f"there is no calendar file {name}")
        return self.path / same[0]

    def calendars(self) -> Iterator[tuple[str, Path]]:
        """Every calendar file with its address, sorted by file name."""
        for entry in sorted(self.path.iterdir()):
            address = address_of(entry.name)
            if address is not None and entry.is_file():
                yield address, entry

    def read(self, path: Path, known: Sequence[bytes] | None = None) -> Snapshot:
        """The whole file; its ``data`` is the object ``known`` where that is what it holds. Raises `NotFound`,
        `Unreadable` (no plain file, too big, no permission)."""
        size = sum(map(len, known or ()))
        for _ in range(_TRIES):
            with _opened(path) as (file, status):
                data: Sequence[bytes] | None = None
                if known is not None and status.st_size == size and turns.holds(file, known):
                    data = known
                elif status.st_size <= self._max_bytes:
                    file.seek(0)
                    data = (file.read(status.st_size + 1),)
                after = os.fstat(file.fileno())
            if data is None:
                limit = f"{self._max_bytes / 1_000_000:g} MB"
                raise Unreadable(f"{path.name}: is larger than {limit}; export a shorter time of it")
            if Stamp.of(after) == Stamp.of(status):
                return Snapshot(path, data, stat.S_IMODE(status.st_mode), Stamp.of(status))
        raise Unreadable(f"{path.name}: is being written by another program just now; try again")

    @staticmethod
    def stamp(path: Path) -> Stamp | None:
        """What the folder says of a plain file, ``None`` where there is none to be seen."""
        try:
            status = os.lstat(path)
        except OSError:
            return None
        return Stamp.of(status) if stat.S_ISREG(status.st_mode) else None

    def head(self, path: Path, size: int) -> bytes:
        """The first ``size`` bytes, of a file of any size. Raises `NotFound`, `Unreadable`."""
        with _opened(path) as (file, _):
            return file.read(size)

    def append(self, path: Path, data: bytes) -> None:
        """Add to a file of our own. A crash may leave a part of it. Raises `Forbidden`, `Transient`."""
        try:
            extend(path, data)
        except OSError as error:
            raise failure(path, error) from None

    def write(self, path: Path, data: Sequence[bytes], seen: Snapshot | None = None) -> None:
        """Put the file in place in one step: nobody ever sees half of it, a crash leaves the old one.

        ``seen`` is what the decision to write was based on; ``None`` writes a file of our own
        unconditionally. Raises `Changed`, `Forbidden`, `Transient`.
        """
        temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}.tmp"
        aside = (
            self.state() / f"{path.name}.aside"
            if seen is not None and sum(map(len, data)) >= turns.LONG
            else None
        )
        try:
            if aside is None or not turns.taken(aside, temporary, data):
                self._write_aside(temporary, data, 0o600)
            if seen is not None:
                temporary.chmod(self._unchanged(path, seen))
            if aside is not None:
                turns.kept(path, aside)
            replace(temporary, path)
            self._sync(path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise failure(path, error) from None
        except Changed:
            temporary.unlink(missing_ok=True)
            raise

    def create(self, path: Path, data: bytes) -> bool:
        """Put a new file in place, or leave the one that is there: true if it is ours. Under the lock.
        Raises `Forbidden`, `Transient`."""
        temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}.tmp"
        try:
            self._write_aside(temporary, (data,), 0o600)
            os.link(temporary, path)
            self._sync(path.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise failure(path, error) from None
        finally:
            temporary.unlink(missing_ok=True)
        return True

    @staticmethod
    def _write_aside(temporary: Path, data: Sequence[bytes], mode: int) -> None:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())

    def _unchanged(self, path: Path, seen: Snapshot) -> int:
        """The permissions of a file that holds what was seen. By content: a time stamp is too coarse for two writes
        in one tick of the clock."""
        try:
            now = self.read(path, seen.data)
        except ConnectorError:
            now = None
        if now is None or now.data is not seen.data:
            raise Changed(path.name)
        return now.mode

    @staticmethod
    def _sync(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def state(self) -> Path:
        """The sub-folder for what we remember, made when first needed."""
        return self.made(STATE)

    def made(self, name: str) -> Path:
        """A sub-folder, for this user only, made when first needed. Raises `Forbidden`, `Transient`."""
        path = self.path / name
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise failure(path, error) from None
        return path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock: one writer at a time over all threads and processes; the kernel
        drops it when a process dies. Not re-entrant. Raises `Transient` when it cannot be had in time."""
        path = self.state() / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise failure(path, error) from None
        try:
            self._take(descriptor)
            if not self._swept:
                self._sweep()
                self._swept = True
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        end = time.monotonic() + self._lock_seconds
        pause = 0.0005
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Transient(
                        f"another process has held the lock of {self.path} for {self._lock_seconds:g} s"
                    ) from None
            time.sleep(pause)
            pause = min(pause * 2, 0.02)

    def _sweep(self) -> None:
        """Remove what writers that were killed left behind; under the lock nobody is writing."""
        for folder in (self.path, self.path / STATE, self.path / ARCHIVE):
            for left in folder.glob(f"{_TEMPORARY}*.tmp"):
                left.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """A plain file to read. Links are refused: what lies elsewhere is no calendar of this folder, and
    a rename would cut it off. Raises `NotFound`, `Unreadable`."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise NotFound(f"there is no calendar file {path.name}") from None
    except OSError as error:
        what = "is a link; put the file itself here" if error.errno == errno.ELOOP else error.strerror
        raise Unreadable(f"{path.name}: {what}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unreadable(f"{path.name}: is not a plain file")
    try:
        with os.fdopen(descriptor, "rb") as file:
            yield file, status
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}") from None


def replace(temporary: Path, path: Path) -> None:
    """The moment a write happens; on its own so that tests can fail or kill exactly here."""
    temporary.replace(path)


def extend(path: Path, data: bytes) -> None:
    """The other way in which a file of our own changes; on its own for the same reason."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def failure(path: Path, error: OSError) -> ConnectorError:
    """The connector error of a failed write: no permission is final, a full disk is not."""
    text = f"{path.name} cannot be written: {error.strerror or error}"
    return Forbidden(text) if error.errno in _DENIED else Transient(text)
