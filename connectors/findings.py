"""What a look at a connected account found: one line each, fit for an administrator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``name`` is the stable name of what was looked at (``read``, ``write``, ``scopes`` …),
    ``text`` says what was found and, where it is not ``ok``, what to do."""

    name: str
    ok: bool
    text: str
