"""Facts as a file: read in parts that are forgotten again, so that no number of them fills the memory.

Told by `tests/scheduler/api/test_facts.py`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from scheduler.domain.facts import Fact
from scheduler.domain.finding import FactsWanted
from scheduler.services.app import App

BATCH = 500
COLUMNS = ("seq", "at", "actor", "what", "subject", "before", "after", "cause", "data")
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection), also in full width."""


def everything(app: App, wanted: FactsWanted) -> Iterator[Sequence[Fact]]:
    """All facts that are asked for and there now, in parts. Each part is a short transaction of its own: whoever
    reads slowly holds nothing up. Facts never change, so together they are what one moment held."""
    with app.db.read() as tx:
        upto, after = tx.found_facts.newest(), None
        part = tx.found_facts.page(wanted, BATCH, after, upto)
    while part:
        yield part
        with app.db.read() as tx:
            part = tx.found_facts.page(wanted, BATCH, part[-1].seq, upto)


def csv_lines(parts: Iterable[Sequence[Fact]]) -> Iterator[str]:
    """As CSV (RFC 4180) with a header; every cell is quoted, and none is a formula."""
    yield _csv([COLUMNS])
    for part in parts:
        yield _csv([safe(str(cell)) for cell in _row(fact).values()] for fact in part)


def json_lines(parts: Iterable[Sequence[Fact]]) -> Iterator[str]:
    """As one JSON object per line."""
    for part in parts:
        yield "".join(json.dumps(_object(fact), ensure_ascii=False) + "\n" for fact in part)


def safe(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would carry it out."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _object(fact: Fact) -> dict[str, object]:
    values = {name: getattr(fact, name) for name in COLUMNS}
    return {**values, "at": fact.at.isoformat(), "data": dict(fact.data)}


def _row(fact: Fact) -> dict[str, object]:
    return {**_object(fact), "data": json.dumps(dict(fact.data), ensure_ascii=False, sort_keys=True)}


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
