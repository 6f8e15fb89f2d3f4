"""Files in the manner of real programs, each with what is right: ``files/cases.json`` names the window, the
reader's zone and the blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.local.reading import read, told, window

FILES = Path(__file__).with_name("files")
CASES: dict[str, dict[str, Any]] = json.loads((FILES / "cases.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_read_right(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    data = (FILES / f"{name}.ics").read_bytes()
    found = read(tmp_path, data, window(case["frm"], case["to"], case["zone"]), f"{name}@acme.example")
    assert told(found, case["zone"]) == case["right"]


def test_no_file_is_left_out() -> None:
    assert {path.stem for path in FILES.glob("*.ics")} == set(CASES)
