"""The script ./dev: when it builds, what it says when it cannot, what it hands on."""

from __future__ import annotations

import fcntl
import importlib.machinery
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.house.tree import ROOT


def _load() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Bench:
    """The script in an empty checkout of its own, with a pip that only notes what it was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dev = _load()
        self.root = folder
        self.pip: list[list[str]] = []
        self.installing: Callable[[], object] = lambda: None
        for name, value in {
            "ROOT": folder, "VENV": folder / ".venv", "PYTHON": folder / ".venv/bin/python",
            "STAMP": folder / ".venv/stamp.json", "VENV_OPTIONS": ["--without-pip"], "_pip": self._pip,
        }.items():  # fmt: skip
            monkeypatch.setattr(self.dev, name, value)
        (folder / "requirements.lock").write_text("rich==15.0\n")
        (folder / "requirements-dev.lock").write_text("rich==15.0\nruff==1\n")

    def _pip(self, arguments: list[str]) -> None:
        self.pip.append(arguments)
        if arguments[0] == "install":
            self.installing()

    def installs(self) -> list[str]:
        return [arguments[-1] for arguments in self.pip if arguments[0] == "install"]

    def ensure(self, lock: str = "requirements.lock") -> list[str]:
        """Make the environment and return which locks were installed for it."""
        self.pip.clear()
        self.dev.ensure_environment(lock)
        return self.installs()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_the_first_start_builds_and_the_second_does_nothing(bench: Bench) -> None:
    assert bench.ensure() == ["requirements.lock"]
    started = time.monotonic()
    assert bench.ensure() == []
    assert time.monotonic() - started < 0.5


def test_hashes_are_required_and_nothing_is_compiled_or_left_out(bench: Bench) -> None:
    bench.ensure()
    install, check = bench.pip
    assert install[:6] == [
        "install",
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-compile",
    ]
    assert check == ["check"]


def test_the_tools_are_added_to_what_is_there(bench: Bench) -> None:
    bench.ensure()
    kept = bench.root / ".venv" / "kept"
    kept.touch()
    assert bench.ensure("requirements-dev.lock") == ["requirements-dev.lock"]
    assert kept.exists()
    assert bench.ensure() == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_changed_lock_makes_it_anew(bench: Bench, lock: str) -> None:
    bench.ensure("requirements-dev.lock")
    stale = bench.root / ".venv" / "stale"
    stale.touch()
    (bench.root / lock).write_text("rich==16.0\n")
    assert bench.ensure("requirements-dev.lock") == ["requirements-dev.lock"]
    assert not stale.exists()


def test_a_killed_build_is_made_again(bench: Bench) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    bench.installing = killed
    with pytest.raises(KeyboardInterrupt):
        bench.ensure()
    bench.installing = lambda: None
    assert bench.ensure() == ["requirements.lock"]


def test_another_python_makes_it_anew(bench: Bench) -> None:
    bench.ensure()
    stamp = bench.root / ".venv" / "stamp.json"
    stamp.write_text(stamp.read_text().replace("python3", "python2"))
    assert bench.ensure() == ["requirements.lock"]
    stamp.write_text("{half")
    assert bench.ensure() == ["requirements.lock"]


def test_a_vanished_python_makes_it_anew(bench: Bench) -> None:
    bench.ensure()
    (bench.root / ".venv" / "bin" / "python").unlink()
    assert bench.ensure() == ["requirements.lock"]


def test_two_at_once_build_once(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    both_started = threading.Event()
    bench.installing = lambda: both_started.wait(10) and threading.Event().wait(0.2)
    first = threading.Thread(target=bench.dev.ensure_environment, args=["requirements.lock"])
    second = threading.Thread(target=bench.dev.ensure_environment, args=["requirements.lock"])
    first.start()
    while not bench.installs():
        time.sleep(0.01)
    second.start()
    both_started.set()
    first.join(30)
    second.join(30)
    assert bench.installs() == ["requirements.lock"]
    assert "another ./dev is making the environment" in capsys.readouterr().err


def test_the_command_loopwright_is_beside_the_python(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the checkout lies in a folder with a blank and a quote in its name."""
    bench.ensure()
    package = bench.root / "scheduler" / "cli"
    package.mkdir(parents=True)
    (package / "main.py").write_text(
        "def app(prog_name):\n    import sys\n    print(prog_name, sys.argv[1:])\n"
    )
    moved = bench.root.with_name("it's a folder")
    bench.root.rename(moved)
    for name, value in {"ROOT": moved, "VENV": moved / ".venv", "PYTHON": moved / ".venv/bin/python"}.items():
        monkeypatch.setattr(bench.dev, name, value)
    bench.dev._make_importable()
    said = subprocess.run(
        [moved / ".venv" / "bin" / "loopwright", "solve", "a b"], capture_output=True, text=True, cwd="/"
    )
    assert (said.stdout, said.stderr) == ("loopwright ['solve', 'a b']\n", "")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the pinned one"),
        ("WARNING: Retrying (Retry(total=4)) after ... NewConnectionError", "cannot be reached"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "was not found: check `pip config list`"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: something else", "  ERROR: something else\ndev: pip failed"),
    ],
)
def test_a_failed_install_says_what_to_do(bench: Bench, said: str, says: str) -> None:
    assert says in bench.dev._why_pip_failed(said)


def test_pip_failing_for_real_ends_in_one_line_and_its_last_words(tmp_path: Path) -> None:
    """A whole build with the real pip, for a package that is nowhere, without asking any index."""
    for name in ("dev", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "requirements.lock").write_text(f"not-a-package==1 --hash=sha256:{'0' * 64}\n")
    nowhere = {**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    ended = _run([sys.executable, tmp_path / "dev", "install"], env=nowhere)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("dev: a pinned package was not found")
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / ".venv" / "stamp.json").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_build_keeps_others_out_until_its_pip_has_ended(tmp_path: Path, how: signal.Signals) -> None:
    """The index it asks takes the connection and says nothing, so pip is surely still there."""
    (tmp_path / "dev").write_bytes((ROOT / "dev").read_bytes())
    (tmp_path / "requirements.lock").write_text(f"not-a-package==1 --hash=sha256:{'0' * 64}\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        environment |= {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
        build = subprocess.Popen(
            [sys.executable, tmp_path / "dev", "install"], env=environment, stderr=subprocess.DEVNULL
        )
        connection, _ = silent.accept()
        build.send_signal(how)
        assert build.wait(30) == (143 if how is signal.SIGTERM else -signal.SIGKILL)
        with connection, (tmp_path / ".venv" / "lock").open("a") as lock:
            if how is signal.SIGKILL:
                with pytest.raises(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                connection.close()  # ends pip
            fcntl.flock(lock, fcntl.LOCK_EX)


def test_no_venv_module_names_the_package_to_install(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    with pytest.raises(bench.dev.DevError, match="without ensurepip: apt install python3-venv"):
        bench.ensure()


def test_an_old_python_is_told_so_in_one_line() -> None:
    code = f"import sys; sys.version_info = (3, 10, 4); exec(compile(open({str(ROOT / 'dev')!r}).read(), 'dev', 'exec'))"
    ended = _run([sys.executable, "-c", code])
    assert ended.returncode == 1
    assert ended.stderr.startswith("dev: needs Python 3.11 or newer")
    assert ended.stderr.count("\n") == 1


def test_it_needs_nothing_but_the_standard_library() -> None:
    ended = _run([sys.executable, "-I", "-S", ROOT / "dev", "--help"])
    assert ended.returncode == 0
    assert "./dev COMMAND" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dmeo"], "unknown command 'dmeo'; ./dev --help lists them"),
        (["bench", "nothing"], "no benchmark 'nothing'"),
        (["lint", "--all"], "unknown argument --all: only --fix is known"),
        (["install", "-e"], "unknown argument -e: only --all is known"),
    ],
)
def test_a_wrong_word_is_one_line(arguments: list[str], says: str) -> None:
    ended = _run([sys.executable, ROOT / "dev", *arguments])
    assert ended.returncode == 1
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_checks_stop_at_the_first_that_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def step(command: list[str]) -> int:
        ran.append(command[1] if command[0] == "-m" else "lint-imports")
        return 2 if ran[-1] == "mypy" else 0

    monkeypatch.setattr(bench.dev, "_run_quietly", step)
    monkeypatch.setattr(bench.dev, "ensure_environment", lambda lock: None)
    monkeypatch.setattr(bench.dev, "_become", _must_not_be_called)
    assert bench.dev.test([]) == 2
    assert ran == ["ruff", "ruff", "mypy"]


def test_the_tests_come_last_and_their_status_is_the_status(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[Any] = []
    monkeypatch.setattr(bench.dev, "_run_quietly", lambda command: 0)
    monkeypatch.setattr(bench.dev, "ensure_environment", lambda lock: None)
    monkeypatch.setattr(bench.dev, "_become", lambda *command: became.append(command))
    bench.dev.test([])
    bench.dev.test(["tests/solver", "-k", "lunch"])
    assert became[0][1:4] == ("-m", "pytest", "-n")
    assert became[1][1:] == ("-m", "pytest", "tests/solver", "-k", "lunch")


def _must_not_be_called(*command: object) -> None:
    raise AssertionError(f"ran {command}")


def test_the_build_server_calls_the_same() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "exec ./dev test </dev/null"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert os.access(ROOT / "dev", os.X_OK)


def _run(command: list[Any], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/", env=env)
