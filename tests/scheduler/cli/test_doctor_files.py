"""Everything that is kept is this user's alone, whatever the umask; `doctor` says what is not, and mends it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.errors import Transient
from scheduler.api.gate import secret, visits
from scheduler.cli.faults import out
from scheduler.cli.main import app
from scheduler.config import Settings
from tests.house.tree import ROOT
from tests.scheduler.kit import make
from tests.stories.kit import ask


@pytest.fixture(autouse=True)
def umask_of_most_machines() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def rules_never_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.cli.doctor._OLD_RULES", 1_000)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(folder: Path) -> dict[str, str]:
    """What others may get at in a folder, found by a program that is not ours."""
    found = subprocess.run(
        ["find", folder, "-perm", "/077", "-printf", "%P %m\n"], capture_output=True, text=True, check=True
    ).stdout
    return dict(line.rsplit(" ", 1) for line in found.splitlines())


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are not broken, however long the folder's name is; the console asks for its width once, when it is made."""
    monkeypatch.setattr(out, "_width", 400)


def doctor(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["doctor", "--data", str(data), *words])


def test_a_new_folder_is_closed_from_the_first_byte(tmp_path: Path) -> None:
    data = tmp_path / "kept"
    script = (
        "import os; os.umask(0o022)\n"
        "from scheduler import config, wiring\n"
        f"runtime = wiring.build(config.load(data={str(data)!r}))\n"
        "wiring.migrate(runtime)\n"
        "engine = runtime.engine(); engine.start(); engine.stop(5)\n"
        "with runtime.app.db.write():\n"
        "    import subprocess\n"
        f"    print(subprocess.run(['ls', {str(data)!r}], capture_output=True, text=True).stdout)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"loopwright.sqlite3", "loopwright.sqlite3-wal", "loopwright.sqlite3-shm"} <= set(
        done.stdout.split()
    )
    assert opened(data) == {}


def test_mails_and_calendars_are_closed(tmp_path: Path) -> None:
    kit = make(tmp_path)
    ask(kit, "short")
    for name in ("calendars", "outbox"):
        files = [p for p in (tmp_path / name).rglob("*") if p.is_file()]
        assert files and opened(tmp_path / name) == {}


@pytest.mark.parametrize(
    "name", ["loopwright.sqlite3", "outbox", "calendars", "calendars/hana@testwerk.example.ics", "tickets"]
)
def test_what_is_open_is_named_with_its_mode_and_the_command(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    visits.invite(Settings(data=tmp_path), "http://127.0.0.1:8080")
    assert doctor(tmp_path, "--repair").exit_code == 0
    path = tmp_path / name
    path.chmod(mode(path) | 0o044)
    result = doctor(tmp_path, "--json")
    assert result.exit_code == 1
    command = f"chmod {mode(path) & 0o700:o} {path}"
    told = " ".join(row["text"] for row in json.loads(result.stdout))
    assert f"{path}" in told and command in told, told
    assert f"(mode {mode(path):04o})" in told
    subprocess.run(command, shell=True, check=True)
    assert doctor(tmp_path).exit_code == 0


def test_repair_closes_and_says_what_it_closed(tmp_path: Path) -> None:
    make(tmp_path)
    doctor(tmp_path, "--repair")
    odd = tmp_path / "calendars" / "it's new.ics"
    odd.write_text("")
    for path in (tmp_path / "loopwright.sqlite3", odd):
        path.chmod(0o666)
    result = doctor(tmp_path, "--repair")
    assert result.exit_code == 0, result.stdout
    assert f"closed {odd} to others (mode 0666, now 0600)" in result.stdout
    assert opened(tmp_path / "calendars") == {} and mode(tmp_path / "loopwright.sqlite3") == 0o600


def test_secrets_in_a_folder_of_their_own_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    doctor(tmp_path, "--repair")
    elsewhere = tmp_path / "secrets"
    elsewhere.mkdir(mode=0o700)
    monkeypatch.setenv("LOOPWRIGHT_CREDENTIALS", str(elsewhere))
    (elsewhere / "notes.txt").write_text("")
    assert "notes.txt: others" in doctor(tmp_path).stdout


def test_a_token_that_others_could_read_is_told_and_not_made_good(tmp_path: Path) -> None:
    """`serve` refuses it; closed again, it would take it."""
    make(tmp_path)
    secret.kept(tmp_path)
    assert doctor(tmp_path, "--repair").exit_code == 0
    token = tmp_path / secret.FILE
    token.chmod(0o644)
    for words in ((), ("--repair",)):
        result = doctor(tmp_path, *words)
        assert result.exit_code == 1 and mode(token) == 0o644
        assert f"{token}: others can read this file" in result.stdout
    token.unlink()
    assert doctor(tmp_path).exit_code == 0 and not token.exists(), "the doctor makes none"


def test_a_repair_that_a_calendar_stopped_is_no_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done before stands, what comes after it is tried all the same."""

    def away(_: object) -> Iterator[str]:
        yield "one thing done"
        raise Transient("no answer")

    make(tmp_path)
    doctor(tmp_path, "--repair")
    monkeypatch.setattr("scheduler.cli.doctor._REPAIRS", (away, lambda _: ["another"]))
    result = doctor(tmp_path, "--repair", "--json")
    told = [(row["ok"], row["text"]) for row in json.loads(result.stdout) if row["name"].startswith("repair")]
    assert result.exit_code == 1
    assert told == [
        (True, "one thing done"),
        (False, "stopped, since a calendar does not answer: no answer"),
        (True, "another"),
        (False, "2 carried out"),
    ]


def test_the_age_of_the_key_that_seals_secrets_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_DATA", str(tmp_path))
    runner = CliRunner()
    assert "seals secrets" not in runner.invoke(app, ["doctor"]).output, "none was needed yet"
    rotated = runner.invoke(app, ["keys", "rotate"])
    assert rotated.exit_code == 0 and "0 connections" in rotated.output
    (key,) = (tmp_path / "credentials").glob("hiring.key")
    for days, more in ((3, False), (400, True)):
        past = time.time() - days * 86_400 - 60
        os.utime(key, (past, past))
        found = {f["name"]: f for f in json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)}
        assert f"{days} days old" in found["key"]["text"] and found["key"]["ok"]
        assert ("loopwright keys rotate" in found["key"]["text"]) is more
