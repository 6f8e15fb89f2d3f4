"""What a connector found out about its own account: the lines of ``loopwright doctor``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. ``name`` is a stable snake_case word (``can_read``), ``text`` one
    line for an administrator that says what is, and what to do where ``ok`` is false."""

    name: str
    ok: bool
    text: str
