"""What `loopwright doctor` says of files that others on the machine can read: candidates' names and the words of
calendars are in them.

Told by `tests/scheduler/cli/test_doctor_files.py`.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.checks import Finding
from scheduler.api.gate import secret, visits
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.storage.engine import file_of

_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Open:
    """Something that others can get at: ``path`` and its permission bits."""

    path: Path
    mode: int

    @property
    def closed(self) -> int:
        """The same permissions without anybody else's."""
        return self.mode & ~_OTHERS


def find(settings: Settings) -> Iterator[Finding]:
    """One finding for each place with something open in it, with the command that closes it."""
    places = _places(settings)
    found = {name: open_ for name, paths in places.items() if (open_ := list(_open(paths)))}
    for name, those in found.items():
        first, more = those[0], len(those) - 1
        others = f" and {more} more beside it" if more else ""
        within = places[name][0].is_dir() and more
        which = [places[name][0]] if within else [one.path for one in those]
        how = "-R go=" if within else f"{first.closed:o}"
        fix = f"chmod {how} {shlex.join(map(str, which))}"
        text = (
            f"{first.path}{others}: others on this machine may get at it (mode {first.mode:04o}); run: {fix}"
        )
        yield Finding("files", False, text)
    token = _token(settings)
    if token:
        yield Finding("files", False, token)
    if not found and not token:
        yield Finding("files", True, "database, outbox, calendars and secrets are this user's alone")


def _token(settings: Settings) -> str:
    """What is wrong with the file of the token; empty where nothing is. `close` leaves it: what others could
    read is no secret any more, however closed it is now."""
    try:
        secret.check(settings)
    except BadInput as bad:
        return bad.text
    return ""


def close(settings: Settings) -> Iterator[str]:
    """Take everybody else's permissions away; a line for each file and folder. What is not ours is left."""
    for paths in _places(settings).values():
        for one in _open(paths):
            try:
                one.path.chmod(one.closed)
            except OSError:
                continue  # somebody else's: what is still open is told afterwards
            yield f"closed {one.path} to others (mode {one.mode:04o}, now {one.closed:04o})"


def _places(settings: Settings) -> dict[str, list[Path]]:
    """Where something lies that is nobody else's business, by what it is."""
    found: dict[str, list[Path]] = {}
    database = file_of(settings.database_url)
    if database is not None:
        found["database"] = [database, *(Path(f"{database}{suffix}") for suffix in ("-wal", "-shm"))]
    found["chain"] = [settings.heads]
    folders = {
        "calendars": settings.calendars,
        "outbox": settings.outbox,
        "sent": settings.sent,
        "credentials": settings.credentials_folder,
        "tickets": settings.data / visits.FOLDER,
    }
    return found | {name: list(_within(folder)) for name, folder in folders.items()}


def _within(folder: Path) -> Iterator[Path]:
    """A folder and everything in it; links are not followed."""
    yield folder
    for path, folders, files in os.walk(folder):
        yield from (Path(path) / name for name in sorted((*folders, *files)))


def _open(paths: list[Path]) -> Iterator[Open]:
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue  # not made yet, or gone meanwhile
        if mode & _OTHERS and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            yield Open(path, stat.S_IMODE(mode))
