"""What can go wrong with somebody else's system, named by what the caller must do next.

ConnectorError
├── RateLimited      wait `retry_after` seconds, then the same call
├── Transient        reads: again; writes: `find(key)` first
├── AuthExpired      refresh once, then the same call
├── AuthRevoked      stop, the person is unknown, tell a human
├── Forbidden        no retry, the person is unknown
├── NotFound         the person is unknown, the event is gone
├── CursorExpired    drop the cursor and read everything again
├── Conflict         the key is taken: `find(key)`; same fingerprint is success, else a new revision
├── StaleWrite       somebody edited the event: read again, decide again
├── Gone             the event was deleted: success for a cancel
├── Unreadable       what came back is not what was promised; the person is unknown
├── UnknownZone      a time zone nobody knows; never read as UTC
└── Invalid          our bug: no retry, alert
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of all. ``str()`` is one line fit for a log and a person; it never holds a secret or
    text of a foreign event. ``code`` is the stable snake_case name used in the API."""

    code = "connector_error"


class RateLimited(ConnectorError):
    """``retry_after`` is in seconds, ``None`` where the service named none."""

    code = "rate_limited"

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Transient(ConnectorError):
    code = "transient"


class AuthExpired(ConnectorError):
    code = "auth_expired"


class AuthRevoked(ConnectorError):
    code = "auth_revoked"


class Forbidden(ConnectorError):
    code = "forbidden"


class NotFound(ConnectorError):
    code = "not_found"


class CursorExpired(ConnectorError):
    code = "cursor_expired"


class Conflict(ConnectorError):
    code = "conflict"


class StaleWrite(ConnectorError):
    code = "stale_write"


class Gone(ConnectorError):
    code = "gone"


class Unreadable(ConnectorError):
    code = "unreadable"


class UnknownZone(ConnectorError):
    code = "unknown_zone"


class Invalid(ConnectorError):
    code = "invalid"
