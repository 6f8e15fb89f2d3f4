"""The locks: complete, with hashes, without hosts; and what the image and the checks install."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from dataclasses import dataclass

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import PACKAGES, ROOT, committed_files, pyproject, python_files, where

LOCKS = ("requirements.lock", "requirements-dev.lock")


@dataclass(frozen=True)
class Pin:
    requirement: Requirement
    hashes: int

    @property
    def version(self) -> str:
        return next(iter(self.requirement.specifier)).version


def pins(lock: str) -> dict[str, list[Pin]]:
    """What a lock holds, by package; one that differs between Python versions has several lines."""
    found: dict[str, list[Pin]] = {}
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.split("--hash")[0].strip())
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
            found.setdefault(canonicalize_name(requirement.name), []).append(Pin(requirement, hashes))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_version_with_hashes(lock: str) -> None:
    assert len(pins(lock)) > 50
    for pin in (pin for several in pins(lock).values() for pin in several):
        assert [specifier.operator for specifier in pin.requirement.specifier] == ["=="], str(pin.requirement)
        assert pin.hashes, f"{pin.requirement} has no hash"


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    runtime = pyproject()["project"]["dependencies"]
    tools = pyproject()["dependency-groups"]["dev"]
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", [*runtime, *tools])):
        for requirement in map(Requirement, wanted):
            pinned = pins(lock).get(canonicalize_name(requirement.name), [])
            assert pinned, f"{lock} lacks {requirement}: ./dev lock"
            for pin in pinned:
                assert requirement.specifier.contains(pin.version), (
                    f"{lock} has {pin.requirement}: ./dev lock"
                )


def test_the_lock_of_the_checks_contains_the_other_one() -> None:
    def lines(lock: str) -> set[str]:
        return {str(pin.requirement) for several in pins(lock).values() for pin in several}

    assert lines("requirements.lock") - lines("requirements-dev.lock") == set()


def test_nothing_is_locked_that_breaks_something_else() -> None:
    """caldav brings urllib3-future, which overwrites urllib3; httpx is no longer looked after."""
    assert {"caldav", "urllib3-future", "httpx"} & set(pins("requirements-dev.lock")) == set()


def test_what_is_installed_here_suffices_for_what_is_declared() -> None:
    for requirement in map(Requirement, pyproject()["project"]["dependencies"]):
        assert requirement.specifier.contains(importlib.metadata.version(requirement.name)), str(requirement)


# Spelled in pieces, so that this file does not name what it forbids.
INDEX_HOSTS = re.compile(
    r"pypi\.(?:org|python)|pythonhosted\.|(?:--(?:extra-)?index-url|--find-links)[= ]\S|find-links\s*="
)


def test_no_file_names_a_place_to_download_packages_from() -> None:
    mine = ROOT / "tests" / "house" / "test_dependencies.py"
    found = []
    for path in committed_files():
        if path == mine:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture
            continue
        found += [f"{where(path)}: {match.group()}" for match in INDEX_HOSTS.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["https://files." + "python" + "hosted.org/x", "--index-url https://x", "https://py" + "pi.org/simple"],
)
def test_the_look_for_hosts_finds_them(line: str) -> None:
    assert INDEX_HOSTS.search(line)


def test_the_lock_formats_that_name_hosts_are_not_kept() -> None:
    assert {path.name for path in committed_files()} & {
        "uv.lock",
        "pylock.toml",
        "poetry.lock",
        "Pipfile.lock",
    } == set()
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {"uv.lock", "pylock.toml"} <= set(ignored)


def imported_from(*folders: str) -> dict[str, str]:
    """The packages that the code in ``folders`` imports, each with a place where it does."""
    found: dict[str, str] = {}
    for path, tree in python_files(*folders):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for name in names:
                found.setdefault(name.split(".")[0], where(path, getattr(node, "lineno", None)))
    return {name: place for name, place in found.items() if name not in sys.stdlib_module_names}


def declared(*lists: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for lines in lists for line in lines}


# Needed without an import: a driver named in an address, an extra of another library, data.
UNSEEN = {"psycopg", "pysocks", "tzdata", "google-auth"}


def test_what_the_product_imports_is_declared_and_the_other_way_round() -> None:
    """Nothing is used that is only there because something else happens to need it."""
    runtime = declared(pyproject()["project"]["dependencies"])
    sources = importlib.metadata.packages_distributions()
    used: set[str] = set()
    for name, place in imported_from(*PACKAGES).items():
        if name not in PACKAGES:
            offered = {canonicalize_name(source) for source in sources.get(name, [])}
            assert offered & runtime, f"{place} imports {name}, which pyproject.toml does not ask for"
            used |= offered & runtime
    assert runtime - used - UNSEEN == set(), "asked for, but nothing imports it"


def test_what_the_tests_import_is_declared() -> None:
    known = declared(pyproject()["project"]["dependencies"], pyproject()["dependency-groups"]["dev"])
    sources = importlib.metadata.packages_distributions()
    for name, place in imported_from("tests", "benchmarks").items():
        local = name in (*PACKAGES, "tests", "benchmarks") or any((ROOT / "benchmarks").rglob(f"{name}.py"))
        offered = {canonicalize_name(source) for source in sources.get(name, [])}
        assert local or offered & known, f"{place} imports {name}, which pyproject.toml does not ask for"
