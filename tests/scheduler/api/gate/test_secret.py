"""The token that a deployment makes for itself: one for all processes, for this user alone, kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.api.gate import secret
from scheduler.config import Settings
from scheduler.domain.errors import BadInput

ROOT = Path(__file__).parents[4]


def test_it_has_256_bits_is_for_this_user_alone_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    found = secret.kept(folder)
    assert len(found) >= 43, "six bits a character"
    assert (folder / secret.FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert secret.kept(folder) == found
    assert secret.kept(tmp_path / "other") != found
    assert [p.name for p in folder.iterdir()] == [secret.FILE], "nothing is left of its making"


def test_a_wide_open_umask_opens_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secret.kept(tmp_path / "data")
    finally:
        os.umask(before)
    assert (tmp_path / "data" / secret.FILE).stat().st_mode & 0o777 == 0o600


RACE = """
import sys, time
from pathlib import Path
from scheduler.api.gate import secret
print("ready", flush=True)
sys.stdin.readline()
print(secret.kept(Path(sys.argv[1])), flush=True)
"""


def test_processes_that_make_it_at_once_agree(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path / "data")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = {racer.communicate()[0].strip() for racer in racers}
    assert len(said) == 1
    assert said == {secret.kept(tmp_path / "data")}


def test_a_token_that_was_given_makes_no_file(tmp_path: Path) -> None:
    given = "a-token-of-the-deployment-1"
    assert secret.of(Settings(data=tmp_path, api_token=given)) == given
    assert not (tmp_path / secret.FILE).exists()
    assert secret.of(Settings(data=tmp_path)) == secret.kept(tmp_path)


@pytest.mark.parametrize("content", ["", "\n", "short", "x" * 300, "ä" * 50, "two words " * 5])
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / secret.FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(BadInput, match="holds no token; remove the file and start again"):
        secret.kept(tmp_path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o602, 0o777])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    secret.kept(tmp_path)
    (tmp_path / secret.FILE).chmod(mode)
    with pytest.raises(BadInput, match="others can read this file"):
        secret.kept(tmp_path)


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.kept(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(BadInput, match="belongs to another user"):
        secret.kept(tmp_path)


def _link(path: Path) -> None:
    path.with_name("elsewhere").write_text("x" * 43)
    path.symlink_to(path.with_name("elsewhere"))


def _pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("made", [_link, Path.mkdir, _pipe])
def test_what_is_no_file_is_refused(tmp_path: Path, made: Callable[[Path], None]) -> None:
    made(tmp_path / secret.FILE)
    with pytest.raises(BadInput, match="remove the file"):
        secret.kept(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"cannot be read: Not a directory"):
        secret.kept(tmp_path / "file" / "data")
    with pytest.raises(BadInput, match=r"LOOPWRIGHT_DATA: .* cannot be made: "):
        secret.kept(Path("/proc/none"))
