"""The head of the facts' chain, kept outside of the database: whoever cuts the end of the chain off, or writes a
new one, is found out by a head that was noted before.

A file of lines ``INSTANT NUMBER HASH``: every head of today, the last one of each day before.

Told by `tests/scheduler/services/checking/test_heads.py`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scheduler.domain.errors import BadInput
from scheduler.services.app import App
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.heads")
_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\S{1,30}) (?P<seq>\d{1,18}) (?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain had got: the number and the hash of its last fact, and when that was seen."""

    at: str
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.at} {self.seq} {self.hash}"


def read(path: Path) -> list[Head]:
    """The heads in a file, oldest first. Raises `BadInput` for a file that cannot be read or holds another line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(str(path), f"cannot be read: {why}", "name a file of chain heads") from None
    return [_head(path, n, line) for n, line in enumerate(lines, 1) if line.strip()]


def _head(path: Path, number: int, line: str) -> Head:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        fix = "each line is an instant, a number and a hash, as doctor prints them"
        raise BadInput(f"{path}:{number}", "is no chain head", fix)
    return Head(found["at"], int(found["seq"]), found["hash"])


def note(app: App, path: Path) -> bool:
    """Keep the head as it is now, if it has moved since the last look, in the file and in the log. The file is
    replaced in one step, by one process at a time, and is for this user only. Raises `OSError`."""
    with app.db.read() as tx:
        seq, last = tx.facts.head()
    with _alone(path.parent):
        known = read(path) if path.exists() else []
        if seq == 0 or (known and (known[-1].seq, known[-1].hash) == (seq, last)):
            return False
        if known and known[-1].seq > seq:
            return False  # another worker has seen more meanwhile; a chain cut short is doctor's to tell
        new = Head(app.clock().isoformat(timespec="seconds"), seq, last)
        _write(path, [*_thinned(known, new.at[:10]), new])
    log.info("chain head %s", new)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """What one worker adds to the file, no other one writes over. The lock ends with its process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # held for one small write
        yield
    finally:
        os.close(descriptor)


def _thinned(known: Sequence[Head], today: str) -> list[Head]:
    """All of today, the last of each day before."""
    last = {h.at[:10]: h for h in known}
    return [h for h in known if h.at[:10] == today or last[h.at[:10]] is h]


def _write(path: Path, heads: Sequence[Head]) -> None:
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{head}\n" for head in heads)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()


def compare(tx: Tx, known: Sequence[Head]) -> Iterator[str]:
    """A line for the first head that the chain does not hold any more."""
    now, _ = tx.facts.head()
    hashes = tx.facts.hashes([h.seq for h in known])
    for head in known:
        if head.seq > now or head.seq not in hashes:
            yield f"the facts end at {now}, but on {head.at} there were {head.seq}: the end was cut off"
            return
        if hashes[head.seq] != head.hash:
            yield f"fact {head.seq} is another one than on {head.at}: facts were taken out and the chain written anew"
            return
