"""`loopwright serve` and `loopwright work`: long-running processes that end cleanly."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from scheduler import config, wiring
from scheduler.api.common import BASE
from scheduler.api.gate import secret
from scheduler.api.main import create_app
from scheduler.cli import address
from scheduler.cli.connections import patient
from scheduler.cli.faults import out
from scheduler.cli.stopping import Stopping, leave
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.services import lines
from scheduler.web import main as pages
from scheduler.wiring import Runtime

WATCHED = (f"{BASE}/health", f"{BASE}/metrics")
"""What a worker answers."""


def run(data: Path | None, host: str | None, port: int | None, *, work: bool) -> None:
    """Serve until a signal; migrations are made first, so that a newer version just starts.

    The signal closes the port and stops the taking of jobs at once; requests and jobs in flight then have
    the same ``stop_seconds`` to finish.
    """
    settings = config.load(data=data, host=host, port=port)
    _check_exposure(settings)
    _check_port(settings)
    lines.install(settings.log)
    runtime = wiring.build(settings)
    wiring.migrate(runtime)
    stopping = Stopping()
    try:
        with working(runtime, on=work, until=stopping.asked):
            out.print(f"API at {address.where(settings)}/api/v1/docs", soft_wrap=True)
            if not settings.api_token:
                address.show(settings)
            web = server(runtime, settings.host, settings.port)
            stopping.then(lambda: setattr(web, "should_exit", True))
            web.run()
    finally:
        runtime.close()
    leave()


def _check_port(settings: Settings, port: int | None = None, name: str = "LOOPWRIGHT_PORT") -> None:
    """Refuse a port that somebody else has before anything is announced."""
    port = settings.port if port is None else port
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except OSError as error:
            fault = f"{settings.host}:{port} cannot be listened on: {error.strerror}"
            raise BadInput(name, fault, "choose another port") from None


def run_worker(data: Path | None, name: str | None) -> None:
    """Run jobs until a signal."""
    settings = config.load(data=data, worker=name)
    if settings.work_port:
        _check_exposure(settings)
        _check_port(settings, settings.work_port, "LOOPWRIGHT_WORK_PORT")
    runtime = wiring.build(settings)
    lines.install(runtime.settings.log)
    wiring.migrate(runtime)
    stopping = Stopping()
    try:
        with working(runtime, until=stopping.asked), _watched(runtime):
            out.print(f"working as {runtime.settings.worker}")
            stopping.asked.wait()
    finally:
        runtime.close()
    leave()


@contextmanager
def _watched(runtime: Runtime) -> Iterator[None]:
    """How it goes can be asked at the worker's own port while the block runs, if it has one: health and counters as
    `serve` tells them, and nothing else of the API."""
    if not runtime.settings.work_port:
        yield
        return
    web = server(runtime, runtime.settings.host, runtime.settings.work_port, only=WATCHED)
    listening = threading.Thread(target=web.run, name="loopwright-watched", daemon=True)
    listening.start()
    try:
        yield
    finally:
        web.should_exit = True
        listening.join(runtime.settings.stop_seconds)


class _Server(uvicorn.Server):
    """Leaves signals to `Stopping`: uvicorn raises those it caught again when it has shut down, and then a
    stop that went well ends like a crash."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(runtime: Runtime, host: str, port: int, only: tuple[str, ...] = ()) -> uvicorn.Server:
    """The web server, with all routes or those ``only`` that begin with one of these paths; its access log leaves query strings out, and what a header says of who is connected
    or by which scheme counts for nothing."""
    settings = runtime.settings
    app = create_app(runtime.app, settings, secret.of(settings), pages.Console())
    if only:
        app.router.routes[:] = [r for r in app.router.routes if getattr(r, "path", "").startswith(only)]
    app.state.checks.refresh()  # so that the first who asks is told something
    web = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            http=patient(settings.header_seconds),
            timeout_graceful_shutdown=settings.stop_seconds,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
        )
    )
    app.state.listening.ending = lambda: web.should_exit  # who only listens does not hold up the end
    return web


@contextmanager
def working(
    runtime: Runtime, *, on: bool = True, fast: bool = False, until: threading.Event | None = None
) -> Iterator[None]:
    """Jobs and periodic work while the block runs, or until the event is set in it: then they come to
    their end while the rest of the block does."""
    if not on:
        yield
        return
    engine = runtime.engine(fast=fast)
    periodic, roll = runtime.periodic(engine.watch), runtime.roll(engine)
    roll.enter()
    engine.start()
    roll.start()
    periodic.start()
    runtime.warm_up()
    asked = until or threading.Event()

    def end() -> None:
        asked.wait()
        until = time.monotonic() + runtime.settings.stop_seconds
        periodic.rest()
        roll.rest()
        # before rounds in flight are waited for: from here on no job is taken
        engine.stop(runtime.settings.stop_seconds)
        periodic.stop(max(0.0, until - time.monotonic()))
        roll.stop()

    ending = threading.Thread(target=end, name="ending")
    ending.start()
    try:
        yield
    finally:
        asked.set()
        ending.join()


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
