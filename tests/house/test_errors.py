"""Every error has a stable code of its own, is drawn in its tree, and is told of in the pages."""

from __future__ import annotations

import ast
import re
from types import ModuleType

import pytest

import connectors.errors
import scheduler.domain.errors
from connectors.errors import ConnectorError
from scheduler.api.problems import of_domain
from scheduler.domain.errors import BadInput, DomainError, Full, Missing, NotAllowed, Taken, WrongState
from scheduler.domain.subjects import Subject
from tests.house.tree import ROOT, python_files

TREES = [(connectors.errors, ConnectorError), (scheduler.domain.errors, DomainError)]


def family(base: type[Exception]) -> list[type[Exception]]:
    return [kind for child in base.__subclasses__() for kind in (child, *family(child))]


def declared_in(module: ModuleType, base: type[Exception]) -> list[type[Exception]]:
    return [kind for kind in family(base) if kind.__module__ == module.__name__]


@pytest.mark.parametrize(("module", "base"), TREES)
def test_every_error_names_its_own_code(module: ModuleType, base: type[Exception]) -> None:
    kinds = declared_in(module, base)
    assert len(kinds) >= 4
    for kind in kinds:
        code = vars(kind).get("code")
        assert isinstance(code, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", code), (
            f"{kind.__name__} has no code"
        )


def test_no_two_errors_of_a_connector_share_a_code() -> None:
    codes = [vars(kind)["code"] for kind in declared_in(connectors.errors, ConnectorError)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(("module", "base"), TREES)
def test_every_error_is_drawn_in_the_tree_at_the_top_of_its_file(
    module: ModuleType, base: type[Exception]
) -> None:
    drawn = re.findall(r"^[│ ]*[├└]── (\w+)", module.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted(kind.__name__ for kind in declared_in(module, base))


def told() -> set[str]:
    """The codes of docs/errors.md: the first column of its tables."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))


def kinds_of_the_api() -> set[str]:
    """The codes that the API gives out by itself: second arguments of `problem` and `Refused`, and ``kinds``."""
    found: set[str] = set()
    for _, tree in python_files("scheduler/api"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
                kind = node.args[1]
                if node.func.id in ("problem", "Refused") and isinstance(kind, ast.Constant):
                    found.add(str(kind.value))
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "kinds":
                found |= set(ast.literal_eval(node.value).values())
    return found


def test_every_code_is_told_of() -> None:
    codes = {vars(kind)["code"] for module, base in TREES for kind in declared_in(module, base)}
    assert len(kinds_of_the_api()) > 5
    assert (codes | kinds_of_the_api()) - told() == set()


def test_the_page_tells_of_no_code_that_does_not_exist() -> None:
    codes = {vars(kind)["code"] for module, base in TREES for kind in declared_in(module, base)}
    assert told() - codes - kinds_of_the_api() - {"refused"} == set()


@pytest.mark.parametrize(
    "error",
    [
        BadInput("name", "is empty"),
        Missing("loop", "7"),
        WrongState("loop", "7", "cancelled", "x"),
        NotAllowed("busy", "x"),
        Taken([Subject.room("oak")]),
        Full([Subject.person("anna")]),
    ],
    ids=lambda error: error.code,
)
def test_the_status_on_the_page_is_the_one_of_the_api(error: DomainError) -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    status = re.search(rf"^\| `{error.code}` \| (\d+) \|", text, re.MULTILINE)
    assert status is not None
    assert of_domain(error).status_code == int(status.group(1))
