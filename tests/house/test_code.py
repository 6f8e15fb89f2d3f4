"""Promises about the code that no linter keeps for us."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, pyproject, python_files, where

LONGEST_FILE = 400
MOST_FILES = 16
LONGEST_FUNCTION = 80
USUAL_FUNCTION = 40  # that many lines at most in 95 of 100
OURS = (*PACKAGES, "dev")
EVERYTHING = (*OURS, "tests", "benchmarks")


def functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node, node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    sizes = {where(path): path.read_text().count("\n") for path, _ in python_files(*OURS)}
    assert len(sizes) > 10
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = [
        (length, f"{where(path, node.lineno)} {node.name}")
        for path, tree in python_files(*OURS)
        for node, length in functions(tree)
    ]
    assert [found for found in lengths if found[0] > LONGEST_FUNCTION] == []
    long = sorted(found for found in lengths if found[0] > USUAL_FUNCTION)
    assert len(long) <= 0.05 * len(lengths), (
        f"{len(long)} of {len(lengths)} are over {USUAL_FUNCTION} lines: {long}"
    )


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        where(path, token.start[0])
        for path, _ in python_files(*EVERYTHING)
        if later.search(path.read_text())
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.COMMENT and later.search(token.string)
    ]
    assert found == []


def test_nothing_is_promised_and_not_there() -> None:
    found = [
        where(path, node.lineno)
        for path, tree in python_files(*EVERYTHING)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node)
    ]
    assert found == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    marks = {"skip", "skipif", "skipIf", "xfail", "importorskip", "skipUnless", "SkipTest", "expectedFailure"}
    found = [
        f"{where(path, node.lineno)} {node.attr}"
        for path, tree in python_files("tests", "benchmarks")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in marks and _root(node) in ("pytest", "unittest")
    ]
    assert found == []


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


NAIVE = {"utcnow", "utcfromtimestamp", "today"}


def naive_moments(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that give a date or a time without its zone."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        of_datetime = isinstance(owner, ast.Name) and owner.id in ("datetime", "date", "dt")
        of_module = isinstance(owner, ast.Attribute) and owner.attr in ("datetime", "date")
        if not (of_datetime or of_module):
            continue
        zoned = bool(node.args) or any(keyword.arg in ("tz", "tzinfo") for keyword in node.keywords)
        if node.func.attr in NAIVE or (node.func.attr == "now" and not zoned):
            yield node


def test_no_moment_without_its_zone() -> None:
    found = [
        where(path, call.lineno) for path, tree in python_files(*EVERYTHING) for call in naive_moments(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "naive"),
    [
        ("datetime.now()", True),
        ("datetime.datetime.now()", True),
        ("datetime.utcnow()", True),
        ("dt.date.today()", True),
        ("datetime.now(UTC)", False),
        ("datetime.now(tz=zone)", False),
        ("clock.now()", False),
    ],
)
def test_the_look_for_naive_moments_finds_them(code: str, naive: bool) -> None:
    assert bool(list(naive_moments(ast.parse(code)))) is naive


def test_the_linter_watches_over_zones_everywhere() -> None:
    lint = pyproject()["tool"]["ruff"]["lint"]
    assert "DTZ" in lint["select"]
    ignored = [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]
    assert [code for code in ignored if code.startswith("DTZ")] == []
    # A test may need a naive moment to show that it is refused; the product never does. It may read a
    # text in which no zone is written (DTZ007), if it says why.
    silenced = [
        where(path, number)
        for path, _ in python_files(*OURS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#\s*noqa(?!: )|#\s*noqa:.*DTZ(?!007 - \w)", line)
    ]
    assert silenced == []


# Who else reads the environment, and which of our variables: proxies and certificate authorities are
# named by what every program of a machine shares; the failpoints must work in any process of a test.
OTHER_READERS: dict[str, set[str]] = {
    "connectors/http.py": set(),
    "connectors/google/transport.py": set(),
    "scheduler/services/failpoints.py": {"LOOPWRIGHT_FAILPOINT"},
}


def test_our_settings_are_read_in_one_place() -> None:
    readers = {
        where(path)
        for path, tree in python_files(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv")
    }
    assert readers - set(OTHER_READERS) <= {"scheduler/config.py"}
    for name, ours in OTHER_READERS.items():
        assert set(re.findall(r"LOOPWRIGHT_[A-Z_]+", (ROOT / name).read_text())) == ours, name


def test_no_folder_holds_more_than_a_reader_overlooks() -> None:
    """A folder holds what belongs together; with more files than this some of them belong together more. Migrations
    are a list that only grows, read from its end."""
    sizes: dict[str, int] = {}
    for path, _ in python_files(*PACKAGES):
        if path.parent.name == "versions":
            continue
        folder = where(path.parent)
        sizes[folder] = sizes.get(folder, 0) + (path.name != "__init__.py")
    assert {name: size for name, size in sizes.items() if size > MOST_FILES} == {}


def test_jobs_are_spelled_in_one_place() -> None:
    """Names, payloads and keys of jobs: `services/jobs.py` alone queues them; the engine makes them durable."""
    queued_by = {
        where(path)
        for path, tree in python_files("scheduler")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("enqueue", "enqueue_in_transaction")
    }
    assert queued_by == {"scheduler/services/jobs.py", "scheduler/workers/engine.py"}


def test_every_package_and_module_says_what_it_is() -> None:
    silent = [
        where(path) for path, tree in python_files(*OURS) if tree.body and ast.get_docstring(tree) is None
    ]
    assert silent == []


def test_the_words_of_the_domain_need_no_library() -> None:
    """The domain is plain Python: the standard library and itself, nothing else, however it is spelled."""
    foreign = [
        f"{where(path, node.lineno)} {name}"
        for path, tree in python_files("scheduler/domain")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node, path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("scheduler.domain")
    ]
    assert foreign == []


def _imported(node: ast.Import | ast.ImportFrom, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level:  # a relative import stays inside as long as it does not climb out of the package
        base = path.parents[node.level - 1].relative_to(ROOT).as_posix().replace("/", ".")
        return [f"{base}.{node.module or ''}"]
    return [node.module or ""]


def _spells_a_subject(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"(person|room|candidate):(\S|$)", node.value) is not None
    )


def test_subjects_are_spelled_in_one_place() -> None:
    """Whose time it is, is a value; its text is put together and cut in one file. A migration is about the
    text as it was then."""
    found = [
        where(path, node.lineno)
        for path, tree in python_files("scheduler")
        if "migrations" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and _spells_a_subject(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "spelled"),
    [('f"person:{id}"', True), ('s.startswith("room:")', True), ('"room: false"', False)],
)
def test_the_look_for_spelled_subjects_finds_them(code: str, spelled: bool) -> None:
    assert any(map(_spells_a_subject, ast.walk(ast.parse(code)))) is spelled
