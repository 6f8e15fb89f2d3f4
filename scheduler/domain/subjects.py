"""Whose time it is: a person's, a room's, or a candidate's, whatever they applied for."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    PERSON = "person"
    ROOM = "room"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Somebody or something whose time is taken, at most once. ``id`` is that of the person or the room;
    a candidate has the digest of their address, the same for all their applications (`candidate`).

    Its text, ``person:anna``, is what databases, facts and answers hold; subjects sort as their texts do.
    """

    kind: Whose
    id: str

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError(f"a {self.kind.value} without an id is nobody")

    @classmethod
    def person(cls, id: str) -> Subject:
        return cls(Whose.PERSON, id)

    @classmethod
    def room(cls, id: str) -> Subject:
        return cls(Whose.ROOM, id)

    @classmethod
    def candidate(cls, email: str) -> Subject:
        """The address tells who it is, in any case of its letters; the subject does not tell the address."""
        address = unicodedata.normalize("NFC", email.strip()).casefold()
        digest = hashlib.sha256(b"loopwright/candidate/" + address.encode()).hexdigest()
        return cls(Whose.CANDIDATE, digest[:32])

    @classmethod
    def parse(cls, text: str) -> Subject:
        """The subject of a text such as ``room:oak``; what follows the first colon is the id. Raises
        `ValueError` for any other text."""
        kind, _, id = text.partition(":")
        if kind not in list(Whose):
            raise ValueError(f"{text[:80]!r} is no person, room or candidate, as in person:anna")
        return cls(Whose(kind), id)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"
