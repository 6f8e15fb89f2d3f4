"""What was tried, written down so that exactly this is done later: nothing of a try is kept here.

A version is text for its sender to give back: the loop as it was, which changes, and the plan that came out.
It is no secret and no permission: whatever it says is looked at again by every rule before it is done.

Told by `tests/scheduler/services/changing/test_versions.py`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.errors import BadInput
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.changing.asked import Asked, digest
from scheduler.services.changing.ground import Ground
from scheduler.storage import codec

LONGEST = 20_000
SEALED = 40_000
"""Longest version of a fix, which is sealed besides."""
_MOST = 200_000
_FIX = "send the version of the answer to the try as it is"


@dataclass(frozen=True, slots=True)
class Version:
    """``at`` and ``generation`` are the loop's then; ``proposal`` the offer that was changed, where it was not booked;
    ``changes`` a digest of what was asked; ``was`` and ``plan`` the plan before and after."""

    loop: str
    at: datetime
    generation: int
    proposal: str
    changes: str
    was: tuple[PlannedInterview, ...]
    plan: tuple[PlannedInterview, ...]

    @staticmethod
    def of(ground: Ground, asked: Asked, plan: tuple[PlannedInterview, ...]) -> Version:
        """What was tried on a loop as it stands, and the plan that came out."""
        offer = ground.proposal.id if ground.proposal else ""
        at, generation = ground.loop.updated_at, ground.loop.generation
        was = tuple(ground.base.values())
        return Version(ground.loop.id, at, generation, offer, digest(asked.changes), was, plan)

    def text(self) -> str:
        """The version as it is given out."""
        data = json.dumps(codec.encode(self), separators=(",", ":"), sort_keys=True).encode()
        return base64.urlsafe_b64encode(_seal(data) + zlib.compress(data, 9)).decode().rstrip("=")


def _seal(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:9]


def read(text: str) -> Version:
    """The version that `Version.text` wrote. Raises `BadInput` for any other text."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        data = inflate.decompress(raw[9:], _MOST)
        if not inflate.eof or raw[:9] != _seal(data):
            raise ValueError("cut or changed")
        return codec.decode(Version, json.loads(data), "version")
    except (binascii.Error, zlib.error, ValueError, RecursionError, BadInput):
        raise BadInput("version", "is no version of a try", _FIX) from None
