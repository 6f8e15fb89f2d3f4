"""Between the files of the solver: who knows whom, who overrides what, and that a name means one thing."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import grimp
import pytest

import solver
from solver.ground.budget import Budget
from solver.ground.timeline import Timeline
from solver.one.placer import Placer

ROOT = Path(__file__).parents[2]
MODULES = sorted(one.name for one in pkgutil.walk_packages(solver.__path__, "solver."))
GRAPH = grimp.build_graph("solver", include_external_packages=True, cache_dir=None)
"""Imports inside functions and for types alone are imports too."""

BUILT_VALID = ("solver.problem.validate", "solver.problem.values")
"""A problem is validated when it is built, so the value calls the check, and the check names the value's type."""


def classes() -> Iterator[type]:
    """Every class of the solver, from the file that defines it."""
    for name in MODULES:
        for _, found in inspect.getmembers(import_module(name), inspect.isclass):
            if found.__module__ == name:
                yield found


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 50 and len(list(classes())) > 50


def test_no_files_know_each_other() -> None:
    known = {name: GRAPH.find_modules_directly_imported_by(name) & set(MODULES) for name in MODULES}
    known[BUILT_VALID[0]].remove(BUILT_VALID[1])
    TopologicalSorter(known).prepare()


def test_the_exact_model_has_one_door() -> None:
    """Nothing outside it knows of a literal."""
    inside = {name for name in MODULES if name.startswith("solver.exact.")}
    for name in inside - {"solver.exact.build"}:
        assert GRAPH.find_modules_that_directly_import(name) <= inside, name


def test_importing_the_solver_builds_no_exact_model() -> None:
    code = "import sys, solver; print('ortools' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("one", list(classes()), ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_nothing_overrides_what_another_file_keeps_to_itself(one: type) -> None:
    mine = {name for name in vars(one) if name.startswith("_") and not name.startswith("__")}
    for base in one.__mro__[1:]:
        if base.__module__.startswith("solver.") and base.__module__ != one.__module__:
            assert not mine.intersection(vars(base)), base


def test_a_name_means_one_thing() -> None:
    names = Counter(one.__name__.lstrip("_") for one in classes())
    assert [name for name, count in names.items() if count > 1] == []


SOURCES = [*Path(solver.__path__[0]).rglob("*.py"), ROOT / "docs" / "solver.md"]
ROOMS = "|".join(sorted({name.split(".")[1] for name in MODULES}))


def exists(place: str) -> bool:
    """Whether there is such a room, file, or name in a file."""
    found: object = solver
    for name in place.split("."):
        if inspect.ismodule(found) and f"{found.__name__}.{name}" in MODULES:
            found = import_module(f"{found.__name__}.{name}")
        elif hasattr(found, name):
            found = getattr(found, name)
        else:
            return False
    return True


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_places_that_are_named_exist(source: Path) -> None:
    """In docstrings by their full name, on the page about the solver from the room on."""
    wanted = rf"`((?:{ROOMS})(?:\.\w+)+)`" if source.suffix == ".md" else r"`solver\.(\w+(?:\.\w+)*)`"
    places = re.findall(wanted, source.read_text(encoding="utf-8"))
    assert [place for place in places if not exists(place)] == []


def test_every_room_and_every_seam_is_on_the_page() -> None:
    page = (ROOT / "docs" / "solver.md").read_text(encoding="utf-8")
    for room in ROOMS.split("|"):
        assert f"\n| `{room}` | " in page
    assert "`steps` of a `Budget`" in page and "steps" in {one.name for one in fields(Budget)}
    for seam, of in (("base", Timeline), ("wish", Placer), ("twice", Placer)):
        assert f"`{seam}`" in page and seam in inspect.signature(of).parameters


@pytest.mark.parametrize("name", MODULES)
def test_no_id_is_read_back_from_a_text(name: str) -> None:
    """Ids hold any sign: whoever takes a text apart finds wrong ones some day."""
    tree = ast.parse(inspect.getsource(import_module(name)))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {call.attr for call in calls if isinstance(call, ast.Attribute) and not _of_numpy(call)}
    assert "re" not in imported
    assert not called & {"split", "rsplit", "partition", "rpartition", "removeprefix", "startswith"}


def _of_numpy(call: ast.Attribute) -> bool:
    return isinstance(call.value, ast.Name) and call.value.id == "np"


def test_speaking_of_problems_loads_nothing_that_searches() -> None:
    """Most processes of the service only do that, and numpy alone doubles what they load."""
    code = (
        "import sys, solver; solver.Problem; a = 'numpy' in sys.modules; solver.solve;"
        " print(a, 'numpy' in sys.modules, solver.solve is solver.questions.solve.solve)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


def test_everything_on_the_face_is_there() -> None:
    assert all(getattr(solver, name) is not None for name in solver.__all__)
    assert set(solver._LOADED_LATER) <= set(solver.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sovle'"):
        getattr(solver, "sovle")  # noqa: B009
