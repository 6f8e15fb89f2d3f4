"""What `docs/security.md` says is met names a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
UNTESTED = {"3.4.1", "8.4.1"}
"""What is met by somebody else, or by there being nothing."""


def rows() -> dict[str, list[str]]:
    """The table's rows by the number of the requirement."""
    found = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    return {row[0].split()[0]: [cell.strip() for cell in row] for row in found}


def test_every_requirement_stands_once_with_a_test_that_is_there() -> None:
    text, table = PAGE.read_text(), rows()
    assert len(table) == len(re.findall(r"^\| \d", text, re.M)) > 15
    for number, row in table.items():
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(\w+)`", row[3])
        assert (named is None) is (number in UNTESTED), number
        if named is not None:
            tree = ast.parse((ROOT / named[1]).read_text())
            assert named[2] in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, row[3]


def test_requirements_are_in_their_order_and_none_is_called_met_without_a_place() -> None:
    numbers = [tuple(int(part) for part in number.split(".")) for number in rows()]
    assert numbers == sorted(numbers)
    assert all(row[1] and row[2] for row in rows().values())
