"""Who may import whom: every contract of pyproject.toml holds, and every one of them can be broken."""

from __future__ import annotations

import copy
import functools
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests.house.tree import PACKAGES, ROOT

TYPES: dict[str, Callable[..., Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}

# One deliberate offence, or more, for each contract: (its name, who imports, what is imported).
OFFENCES = [
    ("solver is pure: whole minutes and ids", "solver.problem", "datetime"),
    ("solver is pure: whole minutes and ids", "solver.solve", "scheduler.domain.time"),
    ("solver is pure: whole minutes and ids", "solver.codec", "pydantic"),
    ("the judge does not ask the accused", "solver.check", "ortools"),
    ("the judge does not ask the accused", "solver.check", "solver.model"),
    ("the judge does not ask the accused", "solver.rules", "solver.variables"),
    ("adapters know their own system only", "connectors.types", "scheduler.domain.people"),
    ("adapters know their own system only", "connectors.local.calendar", "sqlalchemy"),
    ("one provider never leans on another", "connectors.google", "connectors.local"),
    ("translation is pure", "connectors.google.wire", "connectors.http"),
    ("the words outlive the tools", "scheduler.domain.loops", "sqlalchemy"),
    ("the words outlive the tools", "scheduler.domain.time", "connectors.types"),
    ("calls go down", "scheduler.storage.database", "scheduler.services.planning"),
    ("calls go down", "scheduler.services.booking", "scheduler.api.main"),
    ("calls go down", "scheduler.workers.tasks", "scheduler.api.main"),
    ("calls go down", "scheduler.api.main", "scheduler.wiring"),
    ("one door to the solver", "scheduler.api.main", "solver.solve"),
    ("one door to the solver", "scheduler.domain.loops", "solver.problem"),
    ("one place knows the providers by name", "scheduler.services.booking", "connectors.google"),
    ("one place knows the providers by name", "scheduler.api.main", "connectors.local"),
    ("SQL stays in storage", "scheduler.services.booking", "sqlalchemy"),
    ("durable jobs stay in the engine", "scheduler.services.planning", "dbos"),
    ("durable jobs stay in the engine", "scheduler.workers.tasks", "dbos"),
]


@functools.cache
def _configuration() -> dict[str, Any]:
    return read_configuration(str(ROOT / "pyproject.toml"))


def contracts() -> dict[str, dict[str, Any]]:
    return {contract["name"]: contract for contract in _configuration()["contracts_options"]}


@functools.cache
def _imports_as_they_are() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@pytest.fixture
def imports() -> grimp.ImportGraph:
    return copy.deepcopy(_imports_as_they_are())


def is_kept(name: str, imports: grimp.ImportGraph) -> bool:
    options = {key: value for key, value in contracts()[name].items() if key not in ("name", "type")}
    contract = TYPES[contracts()[name]["type"]](
        name=name, session_options=_configuration()["session_options"], contract_options=options
    )
    return bool(contract.check(imports, verbose=False).kept)


@pytest.mark.parametrize("name", contracts())
def test_it_holds(name: str, imports: grimp.ImportGraph) -> None:
    assert is_kept(name, imports)


@pytest.mark.parametrize(("name", "importer", "imported"), OFFENCES)
def test_an_offence_breaks_it(name: str, importer: str, imported: str, imports: grimp.ImportGraph) -> None:
    assert importer in imports.modules, "the offender has gone: name another"
    imports.add_import(importer=importer, imported=imported)
    assert not is_kept(name, imports)


def test_every_contract_has_its_offence() -> None:
    assert {name for name, _, _ in OFFENCES} == set(contracts())


def test_every_file_of_the_solver_is_either_judge_or_accused() -> None:
    """A new file of the search is forbidden to the checker from its first day."""
    contract = contracts()["the judge does not ask the accused"]
    files = {f"solver.{path.stem}" for path in (ROOT / "solver").glob("*.py") if path.stem != "__init__"}
    judges, accused = (
        set(contract["source_modules"]),
        set(contract["forbidden_modules"]) - {"ortools", "numpy"},
    )
    assert judges & accused == set()
    assert judges | accused == files


def test_every_provider_is_named_in_the_contracts_about_providers() -> None:
    """A new folder in connectors/ is not forgotten there."""
    providers = {f"connectors.{path.parent.name}" for path in (ROOT / "connectors").glob("*/__init__.py")}
    assert providers
    assert providers <= set(contracts()["one provider never leans on another"]["modules"])
    assert providers <= set(contracts()["one place knows the providers by name"]["protected_modules"])


def test_the_command_itself_fails_on_an_offence(tmp_path: Path) -> None:
    """The same, once, as ./dev test runs it: on a copy of the code with one import too many."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-cache",
    ]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    with (tmp_path / "solver" / "problem.py").open("a") as problem:
        problem.write("\nimport os\n")
    broken = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert broken.returncode == 1
    assert "solver is pure" in broken.stdout
