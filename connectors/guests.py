"""Whom we invited to an event, noted on the event itself: whoever else is there was added by a colleague.

A change of ours names everybody who is invited, so without a note it would throw the others out. Digests,
because the note travels in properties of bounded length that other programs can read.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

LENGTH = 6
"""Characters of one digest: 36 bits, for the few people of one event."""
_NOBODY = "-"


def note(addresses: Iterable[str]) -> str:
    """Who was invited, `LENGTH` characters each."""
    return "".join(sorted({_digest(address) for address in addresses})) or _NOBODY


def invited(noted: str, address: str) -> bool:
    """Whether we invited them. An empty note is that of an event written before there were notes: nothing
    is known, and everybody counts as invited by us."""
    known = {noted[at : at + LENGTH] for at in range(0, len(noted), LENGTH)}
    return not noted or _digest(address) in known


def _digest(address: str) -> str:
    hashed = hashlib.sha256(address.strip().casefold().encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(hashed).decode()[:LENGTH]
