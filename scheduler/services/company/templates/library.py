"""The templates that come with the product, read from the data files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from scheduler.services.company.faults import raise_all
from scheduler.services.company.file import BuiltInTemplate
from scheduler.services.company.mend import read_into
from scheduler.services.company.text import parsed


@lru_cache(maxsize=1)
def built_in_templates() -> Mapping[str, BuiltInTemplate]:
    """Every built-in template by id, as written: the pools and people they name are a company's to map."""
    entries = [f for f in files(__package__).iterdir() if f.name.endswith(".yaml")]
    read = [read_built_in(f.read_text("utf-8"), f.name) for f in entries]
    return MappingProxyType({t.id: t for t in sorted(read, key=lambda t: t.id)})


def read_built_in(text: str, source: str) -> BuiltInTemplate:
    """One template file. Raises `BadInputs` with every fault."""
    data = parsed(text, "yaml", source)
    template, reading = read_into(BuiltInTemplate, data)
    raise_all(reading.faults, data)
    return template
