"""A worker answers at a port of its own how it goes, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import requests

from scheduler.api.gate import secret
from tests.nginx_server import free_port
from tests.scheduler.cli.served import PATIENCE, ROOT, environment, prepared


def test_a_worker_tells_how_it_goes_and_ends_cleanly(tmp_path: Path) -> None:
    prepared(tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "scheduler.cli.main", "work", "--data", str(tmp_path), "--name", "w1"]
    env = environment(work_port=str(port))
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            base, end = f"http://127.0.0.1:{port}/api/v1", time.monotonic() + PATIENCE
            while True:
                try:
                    health = requests.get(f"{base}/health", timeout=30)
                    break
                except requests.ConnectionError:
                    assert process.poll() is None and time.monotonic() < end
                    time.sleep(0.1)
            assert health.json()["alive"] is True
            assert requests.get(f"{base}/metrics", timeout=30).status_code == 401
            token = (tmp_path / secret.FILE).read_text().strip()
            told = {"authorization": f"Bearer {token}"}
            assert "loopwright_workers" in requests.get(f"{base}/metrics", headers=told, timeout=30).text
            for path in ("/loops", "/docs", "/people"):
                assert requests.get(f"{base}{path}", headers=told, timeout=30).status_code == 404
            assert requests.get(f"http://127.0.0.1:{port}/today", headers=told, timeout=30).status_code == 404
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0
