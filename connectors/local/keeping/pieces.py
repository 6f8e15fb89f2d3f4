"""The text of a long file in pieces, which the versions of it before and after an edit share.

Told by `tests/connectors/local/keeping/test_pieces.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

SIZE = 1 << 16
"""Characters of a piece, up to twice as many."""

Change = tuple[int, int, str]
"""What to replace, and by what: offsets of the beginning and behind the end."""


class Text:
    """Characters that never change, like those of a `str`, with the bytes that they are in a file (UTF-8; bytes that are
    no characters are kept as they are)."""

    __slots__ = ("_ends", "_pieces", "data")

    def __init__(self, text: str) -> None:
        self._set(*_pieces(text))

    def _set(self, pieces: list[str], data: list[bytes]) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(map(len, pieces)))
        self.data = tuple(data)
        """All of its bytes, one piece after the other."""

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __str__(self) -> str:
        return "".join(self._pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, where: slice) -> str:
        """From an offset to another, as of a `str`; without steps."""
        start, end, _ = where.indices(len(self))
        found = []
        while start < end:
            number = bisect_right(self._ends, start)
            piece, stop = self._pieces[number], min(end, self._ends[number])
            begin = self._ends[number] - len(piece)
            found.append(piece[start - begin : stop - begin])
            start = stop
        return "".join(found)

    def count(self, what: str, start: int, end: int) -> int:
        """How often one character stands between two offsets."""
        return self[start:end].count(what)

    def edited(self, changes: Iterable[Change]) -> Text:
        """The text after changes that are sorted and do not overlap."""
        made = _Making(self)
        position = 0
        for start, end, fresh in changes:
            made.copy(position, start)
            made.add(fresh)
            position = end
        made.copy(position, len(self))
        made.close()
        text = Text.__new__(Text)
        text._set(made.pieces, made.data)
        return text


class _Making:
    """A new text out of pieces of an older one and what is put in between."""

    def __init__(self, old: Text) -> None:
        self._old = old
        self.pieces: list[str] = []
        self.data: list[bytes] = []
        self._open: list[str] = []
        self._long = 0

    def add(self, text: str) -> None:
        self._open.append(text)
        self._long += len(text)

    def copy(self, start: int, end: int) -> None:
        """What stood between two offsets: whole pieces as they are."""
        old = self._old
        while start < end:
            number = bisect_right(old._ends, start)
            piece, stop = old._pieces[number], old._ends[number]
            begin = stop - len(piece)
            if start == begin and stop <= end and not 0 < self._long < SIZE // 2:
                self.close()
                self.pieces.append(piece)
                self.data.append(old.data[number])
            else:
                stop = min(stop, end)
                self.add(piece[start - begin : stop - begin])
            start = stop

    def close(self) -> None:
        pieces, data = _pieces("".join(self._open))
        self.pieces += pieces
        self.data += data
        self._open, self._long = [], 0


def _pieces(text: str) -> tuple[list[str], list[bytes]]:
    if not text:
        return [], []
    number = max(1, len(text) // SIZE)
    size = -(-len(text) // number)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return pieces, [piece.encode("utf-8", "surrogateescape") for piece in pieces]
