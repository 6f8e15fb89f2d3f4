"""A worker answers at a port of its own how it goes, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from scheduler.api.gate import secret
from tests.nginx_server import free_port
from tests.scheduler.cli.served import PATIENCE, ROOT, environment, prepared


def get(port: int, path: str, token: str = "") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_worker_tells_how_it_goes_and_ends_cleanly(tmp_path: Path) -> None:
    prepared(tmp_path)
    port, base = free_port(), "/api/v1"
    command = [sys.executable, "-m", "scheduler.cli.main", "work", "--data", str(tmp_path), "--name", "w1"]
    env = environment(work_port=str(port))
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    health = get(port, f"{base}/health")
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None and time.monotonic() < end
                    time.sleep(0.1)
            assert health[0] == 200 and '"alive":true' in health[1]
            assert get(port, f"{base}/metrics")[0] == 401
            token = (tmp_path / secret.FILE).read_text().strip()
            assert "loopwright_workers" in get(port, f"{base}/metrics", token)[1]
            for path in (f"{base}/loops", f"{base}/docs", f"{base}/people", "/today"):
                assert get(port, path, token)[0] == 404, path
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0
