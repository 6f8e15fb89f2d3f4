"""Every error has a stable code of its own, is drawn in its tree, and is told of in the pages."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

import connectors.errors
import scheduler.domain.errors
from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError
from tests.house.tree import ROOT

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


@pytest.mark.parametrize("base", [ConnectorError, DomainError])
def test_every_code_is_told_of(base: type[Exception]) -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
    codes = {
        vars(kind)["code"] for kind in family(base) if "code" in vars(kind) and kind.__module__ in _ours()
    }
    assert codes - told == set()


def test_the_page_tells_of_no_code_that_does_not_exist() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
    codes = {getattr(kind, "code", None) for base in (ConnectorError, DomainError) for kind in family(base)}
    assert told - codes == set()


def _ours() -> set[str]:
    return {module.__name__ for module, _ in TREES}
