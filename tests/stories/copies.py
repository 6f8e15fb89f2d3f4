"""Processes of the stories as copies of one that has everything imported: each lives, is killed and ends by itself.

A new Python takes some seconds of computing to import the service, and the stories about kills start a hundred.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.forks import fork, share_solving

ROOT = Path(__file__).parents[2]


def run(
    module: str, folder: Path, *arguments: str, failpoint: str = "", timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """``module.main(folder, *arguments)`` in a copy, ended at a failpoint or by itself.

    One that has not ended after ``timeout`` seconds is killed and counts as -1.
    """
    with TemporaryDirectory(prefix="copy-") as place:
        said, errors = Path(place) / "said", Path(place) / "errors"
        environment = {"LOOPWRIGHT_FAILPOINT": failpoint}
        asked = json.dumps([module, [str(folder), *arguments], environment, str(said), str(errors), timeout])
        status = int(_first().ask(asked))
        return subprocess.CompletedProcess(asked, status, said.read_text(), errors.read_text())


class _First:
    """The process that the others are copies of; it ends with this one."""

    def __init__(self) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
        # no file of a program: solving processes would import it, the whole service, each
        command = [sys.executable, "-c", "from tests.stories import copies; copies.serve()"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._turn = threading.Lock()
        atexit.register(self._end)

    def ask(self, line: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


@functools.cache
def _first() -> _First:
    return _First()


def serve() -> None:
    """Make a copy for every line of standard input, and answer with its status when it has ended."""
    for name in ("process", "process_together", "process_demo"):
        importlib.import_module(f"tests.stories.{name}")
    share_solving()
    for line in sys.stdin:
        module, arguments, environment, said, errors, timeout = json.loads(line)
        copy = fork(functools.partial(_main, module, arguments), Path(said), environment, Path(errors))
        print(copy.wait(timeout), flush=True)


def _main(module: str, arguments: Sequence[str]) -> int:
    folder, *others = arguments
    try:
        importlib.import_module(module).main(Path(folder), *others)
    except SystemExit as error:
        if not isinstance(error.code, str):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    return 0
