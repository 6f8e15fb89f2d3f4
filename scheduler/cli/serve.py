"""`loopwright serve` and `loopwright work`: long-running processes that end cleanly."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from scheduler import config, wiring
from scheduler.api.main import create_app
from scheduler.cli.faults import out
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.wiring import Runtime

GRACE = 20
"""Seconds that requests and jobs in flight get to finish."""


def run(data: Path | None, host: str | None, port: int | None, *, work: bool) -> None:
    """Serve until a signal; migrations are made first, so that a newer version just starts."""
    settings = config.load(data=data, host=host, port=port)
    _check_exposure(settings)
    _check_port(settings)
    runtime = wiring.build(settings)
    wiring.migrate(runtime)
    try:
        with working(runtime, on=work):
            out.print(f"API at http://{settings.host}:{settings.port}/api/v1/docs")
            server(runtime, settings.host, settings.port).run()
    finally:
        runtime.close()


def _check_port(settings: Settings) -> None:
    """Refuse a port that somebody else has before anything is announced."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            fault = f"{where} cannot be listened on: {error.strerror}"
            raise BadInput("LOOPWRIGHT_PORT", fault, "choose another port") from None


def run_worker(data: Path | None, name: str | None) -> None:
    """Run jobs until a signal."""
    runtime = wiring.build(config.load(data=data, worker=name))
    wiring.migrate(runtime)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with working(runtime):
            out.print(f"working as {runtime.settings.worker}")
            stop.wait()
    finally:
        runtime.close()


def server(runtime: Runtime, host: str, port: int) -> uvicorn.Server:
    """The web server; its access log leaves query strings out."""
    app = create_app(runtime.app, runtime.settings)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE,
            server_header=False,
            lifespan="off",
        )
    )


@contextmanager
def working(runtime: Runtime, *, on: bool = True, fast: bool = False) -> Iterator[None]:
    """Jobs and periodic work while the block runs."""
    if not on:
        yield
        return
    engine, periodic = runtime.engine(fast=fast), runtime.periodic()
    engine.start()
    periodic.start()
    try:
        yield
    finally:
        periodic.stop()
        engine.stop(GRACE)


def _check_exposure(settings: Settings) -> None:
    """Without a token nobody outside this machine may reach the API."""
    try:
        loopback = settings.host == "localhost" or ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not settings.api_token:
        raise BadInput(
            "LOOPWRIGHT_API_TOKEN",
            f"is empty while the API listens on {settings.host}",
            "set a token of at least 24 random characters, or listen on 127.0.0.1",
        )
