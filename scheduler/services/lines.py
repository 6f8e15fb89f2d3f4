"""One line per event on standard error: of every job and request, and of what goes wrong. Ids stand in it, no names.

Told by `tests/scheduler/services/test_lines.py`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_HANDLER = "loopwright lines"


class Lines(logging.Formatter):
    """``when level logger text key=value …``, or the same as one JSON object."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        entry = {
            "at": when,
            "level": record.levelname.lower(),
            "log": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields = {**fields, "trace": self.formatException(record.exc_info)}
        if self.as_json:
            return json.dumps(entry | dict(fields), ensure_ascii=False, default=str)
        plain = " ".join(str(value) for value in entry.values())
        return " ".join(
            [" ".join(plain.splitlines()), *(f"{k}={json.dumps(v, default=str)}" for k, v in fields.items())]
        )


def install(kind: str) -> None:
    """Write lines as the setting says: ``text``, ``json``, or nothing but warnings as ever."""
    if not kind:
        return
    handler = logging.StreamHandler()
    handler.set_name(_HANDLER)
    handler.setFormatter(Lines(kind == "json"))
    log = logging.getLogger("loopwright")
    log.handlers = [h for h in log.handlers if h.get_name() != _HANDLER]
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
