"""A request that is not passed on.

Told by `tests/scheduler/api/test_border.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.responses import JSONResponse

from scheduler.api.faults import FieldFault
from scheduler.api.problems import problem


class Refused(Exception):
    """``text`` is ``field: fault; fix``."""

    def __init__(self, status: int, kind: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.kind, self.text, self.headers = status, kind, text, headers

    def answer(self) -> JSONResponse:
        """The refusal as it is sent."""
        field, _, rest = self.text.partition(": ")
        fault, _, fix = rest.rpartition("; ")
        faults = [FieldFault(field=field, fault=fault, fix=fix)]
        return problem(self.status, self.kind, self.text, faults, self.headers)
