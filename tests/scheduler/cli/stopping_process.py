"""A service with one slow page, and a solve that takes long: what the tests of stopping send signals to.

``python -m tests.scheduler.cli.stopping_process serve|solve FOLDER``
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.solver.families import make
from scheduler.api.main import create_app
from scheduler.cli import serve
from scheduler.services import warm
from scheduler.services.solving import Solver
from solver import Limits

SLOW = 3.0


def slow() -> dict[str, str]:
    print("slow", flush=True)
    time.sleep(SLOW)
    return {"slow": "done"}


def told(*asked: Any, _begin: Any = warm.Process.begin) -> None:
    """Say so when the solving process has begun."""
    _begin(*asked)
    print("solving", flush=True)


def with_a_slow_page(*args: Any) -> Any:
    app = create_app(*args)
    app.add_api_route("/slow", slow)
    return app


def listening(port: int) -> None:
    """Say so when the port answers."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
            continue
        print("listening", flush=True)
        return


if __name__ == "__main__":
    what, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if what == "serve":
        serve.create_app = with_a_slow_page
        threading.Thread(target=listening, args=(port,), daemon=True).start()
        serve.run(folder, None, port, work=True)
    else:
        warm.Process.begin = told  # type: ignore[method-assign]
        Solver(seconds=120)._ask("solve", make("L", 1), Limits(seconds=120))
