"""What every group of fields of the company file shares.

Told by `tests/scheduler/services/company/test_read.py`.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictInt,
    WithJsonSchema,
)

from scheduler.services.company.words import as_list, clock_of, id_of, line_of

Id = Annotated[str, AfterValidator(id_of)]
Line = Annotated[str, AfterValidator(line_of)]
Minutes = Annotated[StrictInt, Field(ge=0, le=1440)]
Some = Annotated[StrictInt, Field(ge=1, le=1440)]
Clock = Annotated[time, PlainValidator(clock_of), WithJsonSchema({"type": "string", "examples": ["12:30"]})]
OneOrMany = BeforeValidator(as_list, json_schema_input_type=str | list[str])

WRITTEN = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)
"""A group of fields; a key that is not among them is refused."""
