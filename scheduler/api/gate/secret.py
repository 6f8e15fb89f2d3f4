"""The secret of a deployment that was given none: made once, kept in a file that only its user can read."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from scheduler.config import Settings
from scheduler.domain.errors import BadInput

FILE = "api-token"
_BYTES = 32
"""256 bits."""
_WRITTEN = re.compile(r"[A-Za-z0-9_-]{43,200}")
_FIX = "remove the file and start again: a new one is made"


def of(settings: Settings) -> str:
    """The token that opens the API: the setting's, else the one in the data folder, made where it is missing.

    Raises `BadInput` for a file that others could have read or written, or that holds no token.
    """
    return settings.api_token or kept(settings.data)


def check(settings: Settings) -> None:
    """Raises `BadInput` where `of` would for the file that is there; makes none."""
    if not settings.api_token:
        with suppress(FileNotFoundError):
            _read(settings.data / FILE)


def kept(folder: Path) -> str:
    """The token in ``folder``. Processes that make it at the same moment all get the same one."""
    path = folder / FILE
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    new = folder / f".{FILE}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was sooner: theirs counts
            os.link(new, path)
        return _read(path)
    except OSError as error:
        fault = f"{path} cannot be made: {error.strerror}"
        raise BadInput("LOOPWRIGHT_DATA", fault, "choose a folder that can be written") from None
    finally:
        with suppress(OSError):
            new.unlink()


def _read(path: Path) -> str:
    """What the file holds. Raises `FileNotFoundError`, and `BadInput` for one that is no good."""
    try:
        # a link could lead anywhere, and the opening of a pipe waits for whoever writes into it
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state, found = os.fstat(descriptor), os.read(descriptor, 1000)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror}", _FIX) from None
    if state.st_uid != os.geteuid():
        raise BadInput(str(path), "belongs to another user", _FIX)
    if state.st_mode & 0o077:
        raise BadInput(str(path), "others can read this file, so its token is no secret", _FIX)
    token = found.decode("ascii", "replace").strip()
    if not _WRITTEN.fullmatch(token):
        raise BadInput(str(path), "holds no token", _FIX)
    return token
