"""`loopwright demo`: the whole main job on a made-up company, from the webhook to the repaired loop.

Every step looks at the state that is there before it acts: killed at any point, the same command
goes on where it was.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from rich.console import Console
from rich.status import Status
from rich.text import Text

from connectors.signatures import sign
from scheduler import config, wiring
from scheduler.api.gate import secret
from scheduler.cli import demo_pages
from scheduler.cli.address import show
from scheduler.cli.faults import out
from scheduler.cli.serve import server, working
from scheduler.config import Settings
from scheduler.demo import more
from scheduler.demo.calendars import write_calendars
from scheduler.demo.company import MARK, SEED, demo_company, demo_requests, first_monday
from scheduler.demo.play import accept_rest, answers
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Loop, LoopState
from scheduler.services.booking import layout
from scheduler.wiring import Runtime

NEW, LOCK = "demo.new", "demo.lock"
PATIENCE = 180.0
"""Seconds a step may take before the demo gives up and says what it waited for."""
_WORKING = frozenset({LoopState.PLANNING, LoopState.HELD, LoopState.BOOKING, LoopState.REPAIRING})


@dataclass(frozen=True)
class Mark:
    """What a demo folder remembers: its first Monday, its seed, its webhook secret, and when it was begun.

    Whatever is sent again under the same id says the same, so nothing in it may be read off the clock.
    """

    first_monday: date
    seed: int
    secret: str
    begun: datetime


def run(data: Path, *, once: bool, port: int, fresh: bool, seed: int | None) -> None:
    """Make or go on with the demo in ``data``, show it, and serve until Ctrl-C unless ``once``."""
    with _alone(data):
        mark = _mark(data, fresh, SEED if seed is None else seed)
        settings = config.load(
            data=data, port=_free(port), host="127.0.0.1", webhook_secret=mark.secret, poll_seconds=1.0
        )
        _run(settings, mark, data, once=once)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """The folder made, and nobody else's demo in it meanwhile. Raises `BadInput`."""
    try:
        if data.is_dir() and not (data / MARK).exists():
            _refuse_foreign(data)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / LOCK).open("w")
    except OSError as error:
        fault = f"{data} cannot be used: {error.strerror}"
        raise BadInput("--data", fault, "choose a folder that can be written") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(
                "--data", f"another demo runs in {data}", "end it, or choose another folder"
            ) from None
        yield


def _run(settings: Settings, mark: Mark, data: Path, *, once: bool) -> None:
    tour = Tour(out)
    runtime = wiring.build(settings)
    try:
        with tour.step("The database and the company's calendars"):
            wiring.migrate(runtime)
            _company(runtime, mark, data)
        with working(runtime, fast=True), _serving(runtime, settings) as address:
            _tell(tour, runtime, mark, address)
            if not once:
                with tour.step("More for the console: weeks of load, plans to choose from, a superday"):
                    more.ask(runtime.app, mark.first_monday)
            _close(once, address, settings)
    finally:
        runtime.close()


def _close(once: bool, address: str, settings: Settings) -> None:
    """Where the API is, or how to have it: with ``--once`` it ends with this command."""
    page = "/api/v1/docs"
    if once:
        out.print(f"\nThe API was at {address}{page}; `./dev serve --data {settings.data}` brings it back.")
        return
    out.print(Text.assemble("\nThe API: ", (f"{address}{page}", "bold")))
    show(settings)
    out.print("Serving until Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        out.print("Good-bye.")


class Tour:
    """Prints each step as it is done, with a spinner on a terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.number = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Status]:
        self.number += 1
        began = time.monotonic()
        with self.console.status(Text(f"{self.number}. {title} …")) as status:
            yield status
        seconds = time.monotonic() - began
        taken = (f"({seconds:.1f} s)", "dim")
        self.console.print(Text.assemble(("✓", "green"), f" {self.number}. {title} ", taken))


def _mark(data: Path, fresh: bool, seed: int) -> Mark:
    """Read the folder's mark, or make a new one. Refuses a folder that is not a demo's, or whose weeks
    have passed."""
    path = data / MARK
    if fresh and path.exists():
        _empty(data)
    if path.exists():
        try:
            known = json.loads(path.read_text())
            mark = Mark(
                date.fromisoformat(known["first_monday"]),
                known["seed"],
                known["secret"],
                datetime.fromisoformat(known["begun"]),
            )
        except (ValueError, KeyError, TypeError):
            raise BadInput(str(path), "is not the mark of a demo", "use --fresh or another --data") from None
        if mark.first_monday <= _today():
            raise BadInput("--data", f"the demo in {data} is of an earlier week", "add --fresh to begin anew")
        return mark
    begun = datetime.now(UTC)
    mark = Mark(first_monday(begun.date()), seed, f"whsec_{secrets.token_hex(24)}", begun)
    new = data / NEW
    kept = {
        "first_monday": mark.first_monday.isoformat(),
        "seed": seed,
        "secret": mark.secret,
        "begun": begun.isoformat(),
    }
    new.write_text(json.dumps(kept))
    new.chmod(0o600)
    new.replace(path)
    return mark


def _refuse_foreign(data: Path) -> None:
    """A folder with something else in it is not touched."""
    if any(f.name not in (LOCK, NEW) for f in data.iterdir()):
        raise BadInput("--data", f"{data} holds something that is not a demo", "use another folder")


def _empty(data: Path) -> None:
    for entry in data.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _today() -> date:
    return datetime.now(UTC).date()


def _company(runtime: Runtime, mark: Mark, data: Path) -> None:
    """Calendars first, beside their place and moved there when complete; the company last. Of a demo that
    was made before, the organizer's calendar is made again where it is gone."""
    with runtime.app.db.read() as tx:
        loaded = tx.company.loaded_at() is not None
    if loaded:
        wiring.make_organizers_calendar(runtime)
        return
    company = demo_company()
    calendars, made = data / "calendars", data / "calendars.new"
    shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(calendars, ignore_errors=True)
    write_calendars(made, company, mark.first_monday, mark.seed)
    made.replace(calendars)
    with runtime.app.db.write() as tx:
        tx.company.replace(company, runtime.app.clock())


def _free(port: int) -> int:
    """The port if nobody listens there, else any free one."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise BadInput("--port", "no port is free", "end another program first")


@contextmanager
def _serving(runtime: Runtime, settings: Settings) -> Iterator[str]:
    web: uvicorn.Server = server(runtime, settings.host, settings.port)
    thread = threading.Thread(target=web.run, name="api", daemon=True)
    thread.start()
    address = f"http://{settings.host}:{settings.port}"
    try:
        _until(lambda: web.started, "the API to answer")
        yield address
    finally:
        web.should_exit = True
        thread.join(timeout=20)


def _until(done: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise BadInput(
                "demo", f"waited {seconds:.0f} s for {what}", "see the log above; --fresh begins anew"
            )
        time.sleep(0.1)


def _tell(tour: Tour, runtime: Runtime, mark: Mark, address: str) -> None:
    """The story: a stage advance, a booked loop, a decline, a repair, and a request with a 'no'."""
    with tour.step("A stage advance arrives as a signed webhook, twice"):
        story = demo_requests(mark.first_monday, mark.begun)
        body = dict(story.webhook)
        for _ in range(2):
            _deliver(address, mark.secret, body)
        application = body["data"]["application"]["id"]
        _until(lambda: _loop(runtime, application), "the loop")
    with tour.step("Calendars are read, the loop is packed, held and booked") as status:
        loop = _settled(runtime, application, status)
    if loop.state is not LoopState.CONFIRMED:
        reasons = "; ".join(r.text for r in loop.reasons) or loop.state.value
        raise BadInput(
            "demo", f"with these calendars the loop cannot be booked: {reasons}", "use another --seed"
        )
    before = _as_first_booked(runtime, loop)
    with tour.step("Interviewers answer in their calendars, one declines"):
        declined = answers(runtime.app, runtime.settings.calendars, loop)
    with tour.step("The loop is repaired; the debrief and the agenda follow") as status:
        _until(lambda: _loop(runtime, application).generation > 1, "the repair")  # type: ignore[union-attr]
        loop = _settled(runtime, application, status)
        accept_rest(runtime.app, runtime.settings.calendars, loop)
        _until(lambda: _all_answered(runtime, loop.id), "the answers")
    with tour.step("A second request that cannot be met") as status:
        second = dict(story.loop_request)
        token = secret.of(runtime.settings)
        _post(address, token, "/api/v1/loops", second, f"demo:{second['application']['id']}")
        refused = _settled(runtime, second["application"]["id"], status)
    demo_pages.show(runtime, tour.console, loop, before, declined, refused)


def _loop(runtime: Runtime, application: str) -> Loop | None:
    with runtime.app.db.read() as tx:
        loops = tx.loops.list(application=application)
    return loops[0] if loops else None


def _settled(runtime: Runtime, application: str, status: Status) -> Loop:
    """Wait until nothing is being worked on; the status line follows the loop's state."""
    shown = ""

    def done() -> bool:
        nonlocal shown
        loop = _loop(runtime, application)
        state = loop.state.value if loop else "waiting"
        if state != shown:
            before = "…" if shown else str(status.status)
            status.update(Text.assemble(before, " ", (state, "cyan")))
            shown = state
        return loop is not None and loop.state not in _WORKING and loop.state is not LoopState.PROPOSED

    _until(done, "the loop to settle")
    found = _loop(runtime, application)
    assert found is not None
    return found


def _interviews(runtime: Runtime, loop: str) -> list[Interview]:
    with runtime.app.db.read() as tx:
        return list(tx.interviews.of_loop(loop))


def _as_first_booked(runtime: Runtime, loop: Loop) -> list[Interview]:
    """The interviews of the plan that was chosen, whatever was repaired since."""
    with runtime.app.db.read() as tx:
        chosen, application = tx.proposals.get(loop.chosen or ""), tx.applications.get(loop.application)
    assert chosen is not None and application is not None
    return list(layout.interviews(loop, application, chosen.interviews))


def _all_answered(runtime: Runtime, loop: str) -> bool:
    waiting = (SeatState.ASSIGNED, SeatState.INVITED)
    return not any(s.state in waiting for i in _interviews(runtime, loop) for s in i.seats)


def _deliver(address: str, secret: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    stamp = int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": body["id"],
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(secret, body["id"], stamp, raw),
    }
    answer = httpx2.post(f"{address}/api/v1/webhooks/stage", content=raw, headers=headers, timeout=30)
    if answer.status_code != 202:
        raise BadInput("demo", f"the webhook was answered with {answer.status_code}: {answer.text}", "")


def _post(address: str, token: str, path: str, body: dict[str, Any], key: str) -> None:
    headers = {"idempotency-key": key, "authorization": f"Bearer {token}"}
    answer = httpx2.post(address + path, json=body, headers=headers, timeout=30)
    if answer.status_code >= 300:
        raise BadInput("demo", f"{path} was answered with {answer.status_code}: {answer.text}", "")
