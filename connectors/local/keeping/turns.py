"""Long files are written by turns into two: what a write changes is all that goes to the disk.

The file that a write replaces is kept aside, and the next write brings it up to date piece by piece and puts it in
place again, in one step as ever. It is used only where nobody can be looking at it any more: a program that still has
it open, or a second name of it (a backup by hard links), and a new file is written instead.

Told by `tests/connectors/local/keeping/test_turns.py`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

LONG = 200_000
"""Bytes from which on a file takes turns; a shorter one is written anew as quickly."""


def holds(file: BinaryIO, data: Sequence[bytes]) -> bool:
    """Whether a file, read from its beginning, holds exactly these bytes."""
    return all(file.read(len(piece)) == piece for piece in data) and not file.read(1)


def taken(aside: Path, temporary: Path, data: Sequence[bytes]) -> bool:
    """Whether ``temporary`` is now the file that was kept aside, on the disk with these bytes. If not, there is none
    of that name. Raises `OSError`."""
    try:
        aside.rename(temporary)
        descriptor = os.open(temporary, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        temporary.unlink(missing_ok=True)
        return False
    with os.fdopen(descriptor, "r+b", buffering=0):
        alone = _alone(descriptor)
        if alone:
            os.fchmod(descriptor, 0o600)
            _brought_up(descriptor, data)
            os.fsync(descriptor)
    if not alone:
        temporary.unlink()
    return alone


def kept(path: Path, aside: Path) -> None:
    """Give the file that is about to be replaced a second name, for the next turn."""
    try:
        aside.unlink(missing_ok=True)
        os.link(path, aside, follow_symlinks=False)
    except OSError:
        return  # the next write is a new file


def _alone(descriptor: int) -> bool:
    """Whether nobody else can see what this file holds. The kernel grants the lease that is asked for here only where
    no other descriptor and no map of the file is left (fcntl(2), *Leases*)."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        # Who opens it meanwhile is announced by a signal, by default one that ends the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return False
    return True


def _brought_up(descriptor: int, data: Sequence[bytes]) -> None:
    at = 0
    for piece in data:
        if os.pread(descriptor, len(piece), at) != piece:
            done = 0
            while done < len(piece):
                done += os.pwrite(descriptor, memoryview(piece)[done:], at + done)
        at += len(piece)
    os.ftruncate(descriptor, at)
