"""Browsers that have signed in.

Told by `tests/scheduler/services/access/test_sessions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in: its secret's keyed hash, whose it is (``user`` is empty for the deployment's own),
    what the browser calls itself, when it was last used, and when it ends however busy it is."""

    id: str
    digest: str = field(repr=False)
    user: str
    browser: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInLink:
    """What signs an account in, once: its secret's hash, whose it is, and until when it works."""

    digest: str = field(repr=False)
    user: str
    expires_at: datetime
