"""What happened: one row per change, in the past tense, chained so that none can be altered unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """``what`` is past tense (``loop_moved``, ``seat_declined``), ``actor`` who did it
    (``person:…``, ``webhook:…``, ``system``), ``cause`` the id of what led to it."""

    at: datetime
    actor: str
    what: str
    subject: str
    before: str = ""
    after: str = ""
    cause: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    hash: str = ""


def chained(previous: str, fact: Fact) -> str:
    """SHA-256 (hex) over the previous hash and the fact's content in canonical JSON."""
    content = [
        previous,
        fact.at.isoformat(),
        fact.actor,
        fact.what,
        fact.subject,
        fact.before,
        fact.after,
        fact.cause,
        dict(fact.data),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


WORDS_ERASED = "words_erased"
"""The fact that names, by a digest, which facts lost words and what they say since."""


def content(fact: Fact) -> str:
    """SHA-256 (hex) over what a fact says, wherever it stands in the chain."""
    return chained("", fact)


def attested(redacted: Iterable[tuple[int, str]]) -> str:
    """SHA-256 (hex) over the numbers of facts and what they say since they lost words."""
    lines = (f"{seq} {digest}" for seq, digest in sorted(redacted))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
