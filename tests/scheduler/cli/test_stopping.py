"""A stop is no crash: what is under way finishes, nothing new begins, the status is 0; a second one is final."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from scheduler.cli.serve import working

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
"""Seconds that a slow machine gets; nothing here takes a fraction of it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(what: str, folder: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
    command = [sys.executable, "-m", "tests.scheduler.cli.stopping_process", what, str(folder), str(port)]
    started = subprocess.Popen(
        command, cwd=ROOT, env=env | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def said(started: subprocess.Popen[str], word: str) -> None:
    assert started.stdout is not None
    lines = []
    for line in started.stdout:
        lines.append(line)
        if line.strip() == word:
            return
    raise AssertionError(f"it ended without saying {word}: {''.join(lines)}")


def slow(folder: Path, port: int) -> httpx2.Response:
    """Ask for the slow page with the token that the service made."""
    good = {"authorization": f"Bearer {(folder / 'api-token').read_text().strip()}"}
    return httpx2.get(f"http://127.0.0.1:{port}/slow", headers=good, timeout=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_answered_and_the_status_is_0(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with process("serve", tmp_path, port) as started, ThreadPoolExecutor(1) as pool:
        said(started, "listening")
        answer = pool.submit(slow, tmp_path, port)
        said(started, "slow")
        started.send_signal(number)
        assert answer.result().json() == {"slow": "done"}
        rest, _ = started.communicate(timeout=PATIENCE)
        assert started.returncode == 0, rest
        assert "Traceback" not in rest
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{port}/api/v1/health")


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    port = free_port()
    with process("serve", tmp_path, port) as started, ThreadPoolExecutor(1) as pool:
        said(started, "listening")
        answer = pool.submit(slow, tmp_path, port)
        said(started, "slow")
        started.send_signal(signal.SIGTERM)
        while started.poll() is None:  # until the second is heard: two of a kind may be taken for one
            started.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        assert started.returncode == 128 + signal.SIGTERM
        with pytest.raises(httpx2.HTTPError):
            answer.result()


def test_what_takes_longer_than_it_may_is_left_and_the_status_is_0(tmp_path: Path) -> None:
    port = free_port()
    with (
        process("serve", tmp_path, port, LOOPWRIGHT_STOP_SECONDS="0") as started,
        ThreadPoolExecutor(1) as pool,
    ):
        said(started, "listening")
        answer = pool.submit(slow, tmp_path, port)
        said(started, "slow")
        started.send_signal(signal.SIGTERM)
        rest, _ = started.communicate(timeout=PATIENCE)
        assert started.returncode == 0, rest
        try:
            assert answer.result().is_server_error
        except httpx2.HTTPError as error:
            assert not isinstance(error, httpx2.TimeoutException)


def test_a_job_that_an_executor_waits_for_keeps_nothing_either() -> None:
    """The threads of an executor that a daemon thread made are daemons, and Python waits for them all the same."""
    program = """if True:
        import threading, time
        from concurrent.futures import ThreadPoolExecutor
        from scheduler.cli.stopping import leave
        pool = ThreadPoolExecutor(1)
        maker = threading.Thread(target=lambda: pool.submit(time.sleep, 3600), daemon=True)
        maker.start()
        maker.join()
        print("leaves")
        leave()
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "leaves\n"), done.stderr


class Part:
    """One of the things that work beside the API; notes what is asked of it."""

    def __init__(self, name: str, calls: list[tuple[Any, ...]]) -> None:
        self.name, self.calls = name, calls

    def __getattr__(self, what: str) -> Any:
        return lambda *given: self.calls.append((f"{self.name}.{what}", *given))


def test_no_job_is_taken_while_a_round_in_flight_is_waited_for() -> None:
    """And all of them have the same time to come to their end, not one after the other."""
    calls: list[tuple[Any, ...]] = []
    engine, periodic, roll = (Part(name, calls) for name in ("engine", "periodic", "roll"))
    runtime: Any = SimpleNamespace(
        engine=lambda fast: engine,
        periodic=lambda _watch: periodic,
        roll=lambda _engine: roll,
        settings=SimpleNamespace(stop_seconds=20),
        warm_up=lambda: None,
    )
    with working(runtime):
        began = len(calls)
    ended = calls[began:]
    order = ["periodic.rest", "roll.rest", "engine.stop", "periodic.stop", "roll.stop"]
    assert [name for name, *_ in ended] == order
    given = {name: seconds for name, *rest in ended for seconds in rest}
    assert given["engine.stop"] == 20 and given["periodic.stop"] < 20


def descendants(parent: int) -> set[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, fresh = set[int](), {parent}
    while fresh:
        fresh = {pid for pid, above in pairs if above in fresh} - found
        found |= fresh
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_solving_process_ends_with_its_parent(tmp_path: Path) -> None:
    with process("solve", tmp_path, 0) as started:
        said(started, "solving")
        end = time.monotonic() + PATIENCE
        children = descendants(started.pid)
        assert len(children) >= 3, "a tracker, the server that is forked, and the solve"
        started.kill()
        started.wait()
        while any(map(alive, children)) and time.monotonic() < end:
            time.sleep(0.2)
        assert not any(map(alive, children))
        rest, _ = started.communicate(timeout=PATIENCE)
        assert "Traceback" not in rest
