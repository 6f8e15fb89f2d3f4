"""The erasure of a candidate: what is looked for, how far it is, and what stands in their place.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

NOBODY = "erased.invalid"
"""The domain of the addresses that stand for erased ones: there is no mail to it (RFC 2606 section 2)."""
_SHORTEST = 6
"""Characters from which on an id is looked for in texts: a shorter one is a word or a number there."""
_IN_ID = r"[A-Za-z0-9._:-]"
_BEHIND_A_SIGN = r"(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f])"
"""Letters that end a sign as JSON (RFC 8259 section 7) or an address (RFC 3986 section 2.1) writes it: a word may begin there."""


class ErasureState(StrEnum):
    """How far it is: loops are being ended; files, events and words are being removed; all is gone."""

    ENDING = "ending"
    CLEARING = "clearing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Erasure:
    """``pseudonym`` stands for the candidate from now on. ``applications`` are their ids until it is done; what stays is
    ``digests`` of them, so that none comes back. ``outside`` is what is left to other systems, a line each; ``counts``
    how many of each kind were removed; ``waits`` what is in the way, if anything is."""

    id: str
    pseudonym: str
    state: ErasureState
    actor: str
    asked_at: datetime
    done_at: datetime | None = None
    applications: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    waits: str = ""


def digest_of(application: str) -> str:
    """What is kept of the id of an erased application."""
    return hashlib.sha256(b"loopwright/erased/" + application.encode()).hexdigest()


@dataclass(frozen=True)
class Words:
    """What of a candidate is looked for in texts, in any case of its letters: ``names`` (in both orders) and
    ``addresses``, in whose place the ``pseudonym`` stands, and ``ids``, each with what stands in its place.

    Only whole ones: *Ann Lee* is not in *Joann Lee*. A name of one word is no name to look for (`searchable`), nor is an id
    that may be a word."""

    pseudonym: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)

    def regex(self) -> str:
        """What finds each of them, whatever the case, also where they are written as JSON or as a part of an address."""
        forms = {f for w in self._spelled() for f in (w, w.lower(), w.upper(), w.title(), w.casefold())}
        escaped = {json.dumps(form)[1:-1] for form in forms}
        return "|".join([self._pattern.pattern, *(_whole(form) for form in sorted(escaped))])

    def in_text(self, text: str) -> bool:
        """Whether one of them is in it."""
        return self._pattern.search(text) is not None

    def out_of(self, value: Any) -> Any:
        """A text, or a JSON value, with what stands in their place."""
        if isinstance(value, str):
            return self._pattern.sub(lambda found: self._instead(found[0]), value)
        if isinstance(value, Mapping):
            return {self.out_of(k): self.out_of(v) for k, v in value.items()}
        return [self.out_of(v) for v in value] if isinstance(value, list | tuple) else value

    def _instead(self, found: str) -> str:
        return self.ids.get(found, self.pseudonym)

    def _spelled(self) -> list[str]:
        return [form for name in self.names if searchable(name) for form in _orders(name)] + [
            a for a in self.addresses if a
        ]

    def _long_ids(self) -> list[str]:
        return [id for id in self.ids if len(id) >= _SHORTEST and not id.isalpha()]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = {w for word in self._spelled() for w in (word, quote(word), quote_plus(word))}
        longest = sorted(words, key=lambda w: (-len(w), w))
        ids = [rf"(?<!{_IN_ID}){re.escape(id)}(?!{_IN_ID})" for id in self._long_ids()]
        return re.compile("|".join([*map(_whole, longest), *ids]) or r"(?!)", re.IGNORECASE)


def searchable(name: str) -> bool:
    """Whether a name is looked for in texts: one of a single word may be any word, a colleague's id, or a state."""
    return len(name.split()) > 1


def _whole(word: str) -> str:
    """The pattern of a name or an address that is no part of a longer one."""
    if "@" in word or "%40" in word:
        return rf"(?:{_BEHIND_A_SIGN}|(?<![\w.%+-])){re.escape(word)}(?![\w-]|\.\w)"
    return rf"(?:{_BEHIND_A_SIGN}|(?<!\w)){re.escape(word)}(?!\w)"


def unescaped(text: str) -> str:
    """A text with the characters that JSON may write as ``\\u00e9`` as themselves (RFC 8259 section 7)."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _orders(name: str) -> list[str]:
    """A name as it is, and with its last part first, with a comma and without."""
    *first, last = name.split() or [""]
    given = " ".join(first)
    return [name, f"{last}, {given}", f"{last} {given}"] if first else [name]
