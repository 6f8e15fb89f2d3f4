"""The company file: read whole, checked whole, and either right or refused with every fault named."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.templates import LoopTemplate
from scheduler.services.company.build import company_of
from scheduler.services.company.checks import company_faults
from scheduler.services.company.faults import raise_all
from scheduler.services.company.file import CompanyFile, OwnTemplate, UsedTemplate
from scheduler.services.company.mend import read_into
from scheduler.services.company.templates.building import loop_template, used_template
from scheduler.services.company.templates.library import built_in_templates
from scheduler.services.company.text import MAX_BYTES, Syntax, parsed

_SYNTAX: dict[str, Syntax] = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}


def read_company(text: str, syntax: Syntax, source: str) -> Company:
    """The company that ``text`` describes; ``source`` (a file name) is for faults of syntax.

    Raises `BadInputs` with every fault of the file, in its order: one line each, naming the field by
    its path, what is wrong and what to do.
    """
    return checked_company(parsed(text, syntax, source))


def checked_company(data: dict[str, Any]) -> Company:
    """The company that a file's plain values describe. Raises `BadInputs` as `read_company` does."""
    written, reading = read_into(CompanyFile, data)
    company = company_of(written, _templates(written))
    raise_all(chain(reading.faults, company_faults(written, company, reading)), data)
    return company


def _templates(written: CompanyFile) -> tuple[LoopTemplate, ...]:
    """The templates that can be put together; one of an unknown built-in is reported by the checks."""
    library = built_in_templates()
    found: list[OwnTemplate] = []
    for entry in written.templates:
        if isinstance(entry, UsedTemplate):
            if entry.use in library:
                found.append(used_template(entry, library[entry.use]))
        else:
            found.append(entry)
    return tuple(map(loop_template, found))


def read_company_file(path: Path) -> Company:
    """The company in a file ending in ``.yaml``, ``.yml`` or ``.toml``. Raises `BadInputs`."""
    syntax = _SYNTAX.get(path.suffix.lower())
    if syntax is None:
        raise _refused(
            path, f"ends in {path.suffix!r}" if path.suffix else "has no ending", "name it .yaml or .toml"
        )
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except UnicodeDecodeError as error:
        if len(content) <= MAX_BYTES:
            line = content[: error.start].count(b"\n") + 1
            raise _refused(path, f"line {line} is not UTF-8", "save the file as UTF-8 text") from None
        text = content.decode(errors="replace")
    except OSError as error:
        raise _refused(
            path, f"cannot be read: {error.strerror}", "check the path and its permissions"
        ) from None
    return read_company(text, syntax, str(path))


def _refused(path: Path, fault: str, fix: str) -> BadInputs:
    return BadInputs([BadInput(str(path), fault, fix)])


def company_json_schema() -> dict[str, Any]:
    """The file's JSON schema (draft 2020-12), for editors that complete and check while one types."""
    schema = CompanyFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Loopwright company file",
    }
