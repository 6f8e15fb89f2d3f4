"""Where tests lie: a source file leads to what tests it, and no test file is endless."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, python_files, where

SERVICES = ROOT / "scheduler" / "services"
LONGEST_FILE = 400


def _imported(tree: ast.Module) -> set[str]:
    """Modules, and what is taken from them, by their full names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def _of_its_name(source: Path, tests: set[str]) -> bool:
    """In the same chapter where there are chapters; elsewhere a name may begin with the folder's."""
    if source.is_relative_to(SERVICES):
        folder = ROOT / "tests" / "scheduler" / "services" / source.parent.relative_to(SERVICES)
        return any(folder.glob(f"test_{source.stem}.py")) or any(folder.glob(f"test_{source.stem}_*.py"))
    names = (source.stem, f"{source.parent.name}_{source.stem}")
    return any(test == f"test_{name}" or test.startswith(f"test_{name}_") for name in names for test in tests)


def _named(tree: ast.Module) -> list[Path]:
    """The test files that the docstring of a source file names."""
    return [ROOT / name for name in re.findall(r"`(tests/[\w/]+\.py)`", ast.get_docstring(tree) or "")]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_the_services_leads_to_its_tests(package: str) -> None:
    """And every other one: by its name, by a test that imports it, or by what its docstring names."""
    imported = {name for _, tree in python_files("tests") for name in _imported(tree)}
    tests = {path.stem for path, _ in python_files("tests")}
    lost = [
        where(path)
        for path, tree in python_files(package)
        if path.name != "__init__.py" and "migrations" not in path.parts
        if not (_of_its_name(path, tests) or _named(tree))
        if path.with_suffix("").relative_to(ROOT).as_posix().replace("/", ".") not in imported
    ]
    assert lost == [], "name the story in the docstring: Told by `tests/stories/test_….py`"


def test_what_a_source_file_names_is_there() -> None:
    named = [path for _, tree in python_files("scheduler", "solver", "connectors") for path in _named(tree)]
    assert named
    assert [path for path in named if not path.exists()] == []


def test_tests_of_the_services_lie_in_the_chapters() -> None:
    """A folder of tests has a chapter of its name."""
    tests = ROOT / "tests" / "scheduler" / "services"
    folders = {p.parent.relative_to(tests) for p, _ in python_files("tests/scheduler/services")}
    assert [folder for folder in folders if not (SERVICES / folder).is_dir()] == []


def test_no_test_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    sizes = {where(path): path.read_text().count("\n") for path, _ in python_files("tests", "benchmarks")}
    assert len(sizes) > 100
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}
