"""The newest zone rules are gone by, whatever the machine has: every process is a real one here.

British Columbia stays at UTC−7 from 2026 on. The machine of these tests has zone files in which
Vancouver still goes as Los Angeles does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
import tzdata

from connectors import zones
from connectors.errors import UnknownZone
from connectors.zone_rules import Choice, Rules, stated
from scheduler.cli.doctor import _zones
from scheduler.domain.errors import BadInput
from scheduler.domain.time import zone
from tests.house.tree import ROOT

TELL = """
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

def vancouver(*_):
    nine = datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("America/Vancouver"))
    return nine.astimezone(UTC).isoformat(timespec="minutes")

def answer(pipe, *_):
    pipe.send((True, vancouver()))
"""

CHILD = """
from scheduler.services import solving
from tell import answer
solving.PROCESSES.preload, solving.PROCESSES.work = [], answer
print(solving.Solver().explain(None))
"""

NEW, OLD = "2026-12-01T16:00+00:00\n", "2026-12-01T17:00+00:00\n"
SAYS_OLD = {"tzdata.zi": "# version 2025b\n# This zic input file is in the public domain.\n"}


def machine(folder: Path, states: dict[str, str]) -> Path:
    """A folder of zone files with an old Vancouver, and the files in which it says its release."""
    (folder / "America").mkdir(parents=True)
    old = resources.files("tzdata.zoneinfo.America").joinpath("Los_Angeles").read_bytes()
    (folder / "America" / "Vancouver").write_bytes(old)
    (folder / "tell.py").write_text(TELL)
    for name, text in states.items():
        (folder / name).write_text(text)
    return folder


def told(folder: Path, program: str, *words: str) -> str:
    paths = f"{ROOT}{os.pathsep}{folder}"
    environment = os.environ | {"PYTHONTZPATH": str(folder), "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *words],
        env=environment, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(package: str) -> str:
    return f"import {package}, tell; print(tell.vancouver())"


def test_the_old_zone_files_are_in_the_way(tmp_path: Path) -> None:
    """Else the tests below would show nothing."""
    assert told(machine(tmp_path / "zones", SAYS_OLD), asked("json")) == OLD


@pytest.mark.parametrize(
    "module",
    [
        "connectors.zones",
        "scheduler.domain.time",
        "scheduler.storage.migrate",
        "scheduler.cli.main",
        "scheduler.workers.engine",
    ],
)
def test_whatever_a_process_begins_with(tmp_path: Path, module: str) -> None:
    assert told(machine(tmp_path / "zones", SAYS_OLD), asked(module)) == NEW


def test_a_solving_child_goes_by_the_same_rules(tmp_path: Path) -> None:
    assert told(machine(tmp_path / "zones", SAYS_OLD), CHILD) == NEW


@pytest.mark.parametrize(
    ("states", "told_time"),
    [
        ({"+VERSION": "2025b\n"}, NEW),
        ({"version": "2019c"}, NEW),
        ({}, NEW),  # a machine that does not say is not believed to be newer
        ({"+VERSION": "local build\n"}, NEW),
        ({"version": tzdata.IANA_VERSION}, NEW),
        ({"tzdata.zi": "# version 2199a-3-gabc\n"}, OLD),  # really newer, whatever it says of Vancouver
        ({"+VERSION": "2199a"}, OLD),
    ],
)
def test_the_newer_release_is_taken(tmp_path: Path, states: dict[str, str], told_time: str) -> None:
    assert told(machine(tmp_path / "zones", states), asked("scheduler")) == told_time


def test_the_newest_of_several_folders_comes_first(tmp_path: Path) -> None:
    old = machine(tmp_path / "old", {"version": "2199a"})
    new = machine(tmp_path / "new", {"version": "2199za"})
    (new / "America" / "Vancouver").write_bytes(
        resources.files("tzdata.zoneinfo.America").joinpath("Vancouver").read_bytes()
    )
    program = f"import zoneinfo; zoneinfo.reset_tzpath([{str(old)!r}, {str(new)!r}]); " + asked("scheduler")
    assert told(old, program) == NEW


def test_what_the_newer_folder_lacks_is_found_in_the_package(tmp_path: Path) -> None:
    folder = machine(tmp_path / "zones", {"version": "2199a"})
    assert told(folder, "from connectors.zones import zone; print(zone('Asia/Tokyo').key)") == "Asia/Tokyo\n"


def test_the_doctor_says_which_rules_and_how_old(tmp_path: Path) -> None:
    folder = machine(tmp_path / "zones", SAYS_OLD)
    year = int(tzdata.IANA_VERSION[:4])
    program = (
        "from datetime import UTC, datetime; from connectors import zone_rules; "
        "from scheduler.cli.doctor import _zones; "
        f"print(_zones(zone_rules.take_newest(), datetime({year}, 11, 1, tzinfo=UTC)).text)"
    )
    expected = (
        f"rules {tzdata.IANA_VERSION} in the package tzdata, of this year; passed over: 2025b in {folder}"
    )
    assert told(folder, program).strip() == expected


def test_rules_that_are_two_years_old_are_a_fault() -> None:
    choice = Choice(Rules("/zones", "2024b"), ())
    assert _zones(choice, datetime(2025, 12, 31, tzinfo=UTC)).ok
    late = _zones(choice, datetime(2026, 1, 1, tzinfo=UTC))
    assert not late.ok
    assert late.text.startswith("rules 2024b in /zones, 2 years old: update ")


def test_a_folder_that_is_not_there_states_nothing(tmp_path: Path) -> None:
    assert stated(tmp_path / "none") is None


@pytest.fixture
def variants(tmp_path: Path) -> Iterator[list[str]]:
    """Names under which machines keep rules that belong to no place, found in the folder that is looked in first."""
    names = ["posixrules", "right/Europe/Berlin", "posix/Europe/Berlin", "localtime", "Factory"]
    rules = (resources.files(tzdata) / "zoneinfo" / "Europe" / "Berlin").read_bytes()
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(rules)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path])
    yield names
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def test_rules_that_belong_to_no_place_are_no_zones(variants: list[str]) -> None:
    """Those under ``right`` count leap seconds: 27 seconds off everybody else's clocks."""
    for name in variants:
        assert zoneinfo.ZoneInfo(name), "it is there"
        with pytest.raises(BadInput, match="unknown time zone"):
            zone(name)
        for known in (zones.zone, zones.named):
            with pytest.raises(UnknownZone):
                known(name)
