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
    ("solver is pure: whole minutes and ids", "solver.problem.values", "datetime"),
    ("solver is pure: whole minutes and ids", "solver.questions.solve", "scheduler.domain.time"),
    ("solver is pure: whole minutes and ids", "solver.problem.codec", "pydantic"),
    ("the judge does not ask the accused", "solver.rules.check", "ortools"),
    ("the judge does not ask the accused", "solver.rules.check", "solver.exact.model"),
    ("the judge does not ask the accused", "solver.rules.book", "solver.exact.variables"),
    ("the solver's floors", "solver.rules.check", "solver.ground.frame"),
    ("the solver's floors", "solver.ground.budget", "solver.exact.model"),
    ("the solver's floors", "solver.bounds.rows", "solver.exact.variables"),
    ("the solver's floors", "solver.many.batch", "solver.why.gaps"),
    ("the other questions may ask for the best plan", "solver.questions.solve", "solver.questions.repair"),
    ("CP-SAT stays in the exact model", "solver.bounds.rows", "ortools"),
    ("CP-SAT stays in the exact model", "solver.one.placer", "ortools"),
    ("the solver has a face", "scheduler.services.planning.encode", "solver.problem.values"),
    ("the solver has a face", "scheduler.cli.solve", "solver.questions.solve"),
    ("adapters know their own system only", "connectors.types", "scheduler.domain.people"),
    ("adapters know their own system only", "connectors.local.calendar", "sqlalchemy"),
    ("one provider never leans on another", "connectors.google", "connectors.local"),
    ("translation is pure", "connectors.google.wire", "connectors.http"),
    ("the words outlive the tools", "scheduler.domain.loops", "sqlalchemy"),
    ("the words outlive the tools", "scheduler.domain.time", "connectors.types"),
    ("calls go down", "scheduler.storage.database", "scheduler.services.planning.plan"),
    ("calls go down", "scheduler.services.booking.choose", "scheduler.api.main"),
    ("calls go down", "scheduler.workers.tasks", "scheduler.api.main"),
    ("calls go down", "scheduler.api.main", "scheduler.wiring"),
    ("calls go down", "scheduler.web.main", "scheduler.api.main"),
    ("calls go down", "scheduler.api.main", "scheduler.web.main"),
    (
        "the chapters of a loop's life",
        "scheduler.services.planning.plan",
        "scheduler.services.booking.choose",
    ),
    (
        "the chapters of a loop's life",
        "scheduler.services.telling.notices",
        "scheduler.services.planning.plan",
    ),
    (
        "the chapters of a loop's life",
        "scheduler.services.booking.holes",
        "scheduler.services.afterwards.repair",
    ),
    (
        "the chapters of a loop's life",
        "scheduler.services.asking.intake",
        "scheduler.services.afterwards.replies",
    ),
    ("the chapters of a loop's life", "scheduler.services.app", "scheduler.services.jobs"),
    ("the floors of storage", "scheduler.storage.repositories.loops", "scheduler.storage.database"),
    ("the floors of storage", "scheduler.storage.columns", "scheduler.storage.tables"),
    ("one door to the solver", "scheduler.api.main", "solver.questions.solve"),
    ("one door to the solver", "scheduler.domain.loops", "solver.problem.values"),
    ("one place knows the providers by name", "scheduler.services.booking.choose", "connectors.google"),
    ("one place knows the providers by name", "scheduler.api.main", "connectors.local"),
    ("SQL stays in storage", "scheduler.services.booking.choose", "sqlalchemy"),
    ("durable jobs stay in the engine", "scheduler.services.planning.plan", "dbos"),
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
    """A new room of the search is forbidden to the checker from its first day, and to everybody outside."""
    contract = contracts()["the judge does not ask the accused"]
    rooms = {f"solver.{path.parent.name}" for path in (ROOT / "solver").glob("*/__init__.py")}
    judges = set(contract["source_modules"])
    accused = set(contract["forbidden_modules"]) - {"ortools", "numpy"}
    assert judges & accused == set()
    assert judges | accused == rooms
    assert rooms == set(contracts()["the solver has a face"]["protected_modules"])
    assert rooms - {"solver.exact"} == set(contracts()["CP-SAT stays in the exact model"]["source_modules"])
    assert [path.name for path in (ROOT / "solver").glob("*.py")] == ["__init__.py"], "the face stands alone"


def test_every_provider_is_named_in_the_contracts_about_providers() -> None:
    """A new folder in connectors/ with a calendar in it is not forgotten there."""
    providers = {f"connectors.{path.parent.name}" for path in (ROOT / "connectors").glob("*/calendar.py")}
    assert len(providers) >= 3
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
    values = tmp_path / "solver" / "problem" / "values.py"
    values.write_text(f"{values.read_text()}\nimport os\n")
    broken = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert broken.returncode == 1
    assert "solver is pure" in broken.stdout
