"""The picture of the house in docs/development.md shows every folder and every floor, and nothing else."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.house.tree import PACKAGES, ROOT, committed_files, pyproject

PICTURE = ROOT / "docs" / "house.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house_map", ROOT / "docs" / "house_map.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their types
    spec.loader.exec_module(module)
    return module


def test_every_folder_of_python_files_is_drawn_once_and_no_other() -> None:
    titles = [t.text or "" for t in ElementTree.parse(PICTURE).iter(f"{SVG}title")][1:]
    names = [path.relative_to(ROOT) for path in committed_files() if path.suffix == ".py" and path.exists()]
    folders = {f"{name.parent.as_posix()}/" for name in names if name.parts[0] in PACKAGES}
    assert sorted(titles) == sorted(folders), "run docs/house_map.py"


def test_every_floor_is_drawn_beneath_those_that_may_use_it() -> None:
    height = {}
    for group in ElementTree.parse(PICTURE).iter(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        height[(title.text or "").rstrip("/")] = float(rect.attrib["y"])
    told = 0
    for contract in pyproject()["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            inside = contract["containers"][0].replace(".", "/")
            floors = [re.findall(r"\w+", layer) for layer in contract["layers"]]
            rows = [{height[f"{inside}/{n}"] for n in floor if f"{inside}/{n}" in height} for floor in floors]
            rows = [row for row in rows if row]
            assert all(len(row) == 1 for row in rows), f"{inside}: rooms of one floor side by side"
            assert rows == sorted(rows, key=min), f"{inside}: from the top down"
            told += len(rows)
    assert told >= 14


def test_the_picture_is_as_it_would_be_drawn_today(drawing: ModuleType) -> None:
    assert PICTURE.read_text(encoding="utf-8") == drawing.picture(), "run docs/house_map.py"


def test_a_new_room_wants_a_word(drawing: ModuleType, tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.yaml")
        )
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert drawing.picture(tmp_path) == drawing.picture()
    (tmp_path / "connectors" / "pigeon").mkdir()
    (tmp_path / "connectors" / "pigeon" / "__init__.py").touch()
    with pytest.raises(KeyError, match="connectors/pigeon"):
        drawing.picture(tmp_path)


def test_the_words_are_of_folders_that_exist(drawing: ModuleType) -> None:
    assert set(drawing.WORDS) - set(drawing.folders()) == set()
