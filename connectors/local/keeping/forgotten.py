"""Events that are to be found nowhere any more: taken out of every file of the folder, of the archive, and of what is kept
aside.

Told by `tests/connectors/local/keeping/test_forgotten.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from connectors.errors import ConnectorError
from connectors.local import journal
from connectors.local.files import CalendarFile, Changes, Files
from connectors.local.identity import KEY, own_id
from connectors.local.names import file_name
from connectors.local.store import ARCHIVE, STATE, Folder, failure
from connectors.local.text import Component, decode, edited, encoded, parse
from connectors.protocol import event_id

_LARGEST = 1_000_000_000
"""Bytes of one month of one calendar."""


def forget(folder: Folder, files: Files, owner: str, ids: Collection[str]) -> tuple[int, list[str]]:
    """Take the events of ours with these ids, and what was pasted from them, out of every calendar; how many places that
    were, and a line for each file that cannot be read. Under the folder's lock. Raises `Forbidden`, `Transient`."""
    _note(folder, owner, ids)
    count, faults = 0, list[str]()
    for address, _ in list(folder.calendars()):
        try:
            count += _out_of(files, address, ids)
        except ConnectorError as error:
            if error.code in ("forbidden", "transient"):
                raise
            faults.append(str(error))
    for path in _shelves(folder):
        count += _out_of_shelf(folder, path, ids)
    for path in sorted((folder.path / STATE).glob("*.aside")):
        _unlink(path)
    return count, faults


def _note(folder: Folder, owner: str, ids: Collection[str]) -> None:
    """Have the journal know that they are gone: what is missing then was not deleted by somebody."""
    if file_name(owner) is not None:
        known = journal.load(folder, owner)
        if known.forget(ids):
            journal.save(folder, owner, known)


def _ours(component: Component, ids: Collection[str]) -> bool:
    key = component.plain(KEY)
    return own_id(component) in ids or bool(key and event_id(key) in ids)


def _out_of(files: Files, address: str, ids: Collection[str]) -> int:
    counted = [0]

    def change(file: CalendarFile) -> Changes | None:
        gone = [c for c in file.parsed.components("VEVENT") if _ours(c, ids)]
        counted[0] = len(gone)
        return ([(c.start, c.end, "") for c in gone], "") if gone else None

    files.edit(address, change, looked=True)
    return counted[0]


def _shelves(folder: Folder) -> Iterator[Path]:
    shelf = folder.path / ARCHIVE
    yield from sorted(shelf.glob("*.ics")) if shelf.is_dir() else ()


def _out_of_shelf(folder: Folder, path: Path, ids: Collection[str]) -> int:
    shelf = Folder(folder.path / ARCHIVE, _LARGEST, 0.0)
    parsed = parse(decode(b"".join(shelf.read(path).data)))
    gone = [(c.start, c.end, "") for c in parsed.components("VEVENT") if _ours(c, ids)]
    if gone:
        shelf.write(path, (encoded(str(edited(parsed, gone))),))
    return len(gone)


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise failure(path, error) from None
