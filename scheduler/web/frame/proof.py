"""A form shows that a page of ours made it: beside its origin, it carries a proof drawn from the session's cookie.

The proof differs on every page, so that its length under compression tells nothing of it. Who asks with a bearer token
sends none: no page can make a browser send that.

Told by `tests/scheduler/web/test_proof.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from fastapi import Request
from starlette.exceptions import HTTPException

FIELD = "proof"
_TEXT = (
    "proof: this form is of another session, or was not made by this page; open the page again and repeat it"
)


def _drawn(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), b"loopwright.form" + salt.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands in every form of a page; nothing where no cookie vouches for who looks."""

    value: str

    def __html__(self) -> str:
        return f'<input type="hidden" name="{FIELD}" value="{self.value}">' if self.value else ""


def made(request: Request) -> Proof:
    """The proof for a page."""
    secret: str = getattr(request.state, "session_secret", "")
    salt = secrets.token_hex(16)
    return Proof(f"{salt}.{_drawn(secret, salt)}" if secret else "")


def check(request: Request, given: list[str]) -> None:
    """Raises `HTTPException` 403 where a cookie vouches for who posts and what was posted was not made for it."""
    secret: str = getattr(request.state, "session_secret", "")
    if secret:
        salt, _, drawn = (given[0] if len(given) == 1 else "").partition(".")
        if not hmac.compare_digest(drawn.encode(), _drawn(secret, salt).encode()):
            raise HTTPException(403, _TEXT)
