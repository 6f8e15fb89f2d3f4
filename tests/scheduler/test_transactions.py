"""No error is swallowed while a write transaction is open: what was half done would be kept."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "scheduler"


def swallowing(source: str) -> list[int]:
    """Lines of the handlers inside ``with ….write()`` that do not end by raising."""
    found = []
    for block in ast.walk(ast.parse(source)):
        if not isinstance(block, ast.With) or not any(_writes(item.context_expr) for item in block.items):
            continue
        for inner in ast.walk(block):
            if isinstance(inner, ast.ExceptHandler) and not isinstance(inner.body[-1], ast.Raise):
                found.append(inner.lineno)
    return found


def _writes(context: ast.expr) -> bool:
    return (
        isinstance(context, ast.Call)
        and isinstance(context.func, ast.Attribute)
        and context.func.attr == "write"
    )


@pytest.mark.parametrize("file", sorted(HOUSE.rglob("*.py")), ids=lambda f: str(f.relative_to(HOUSE)))
def test_no_error_is_swallowed_inside_a_write(file: Path) -> None:
    assert swallowing(file.read_text(encoding="utf-8")) == []


def test_the_look_itself_sees_one() -> None:
    bad = "with app.db.write() as tx:\n    try:\n        f(tx)\n    except ValueError:\n        pass\n"
    assert swallowing(bad) == [4]
    assert swallowing(bad.replace("pass", "raise")) == []
