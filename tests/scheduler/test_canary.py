"""Nothing of anybody else's event but its time and its verdict reaches storage, logs or output.

Every calendar of the company is full of events whose every text is a canary; a whole loop's life is played
over it, on good days and on bad ones. Then everything that was kept or said is searched for the canary.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.errors import ConnectorError
from connectors.local.folder import Entry, Show, add_entries
from scheduler import wiring
from scheduler.cli.main import app
from scheduler.domain.loops import LoopState
from scheduler.services.afterwards import push, replies
from scheduler.services.booking import reconcile
from tests.connectors.harness import CANARY, Foreign, Kind
from tests.connectors.servers.google_api import notice
from tests.connectors.servers.google_harness import GoogleHarness
from tests.connectors.servers.graph_harness import GraphHarness
from tests.scheduler.mixed import BASE_URL, ON_GOOGLE, ON_OUTLOOK, ORGANIZER, ROOM, Mixed, mixed, monday
from tests.stories.kit import ask, booked

LOCAL = "rolf@testwerk.example"


@pytest.fixture(params=["google", "outlook"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mixed]:
    other = {"google": "outlook", "outlook": "google"}[request.param]
    with mixed(tmp_path, organizer_on=request.param, room_on=other, base_url=BASE_URL) as world:
        monkeypatch.setattr(wiring, "calendars", lambda *_: world.connect())
        monkeypatch.setenv("LOOPWRIGHT_BASE_URL", BASE_URL)
        fill(world)
        yield world


def fill(world: Mixed) -> None:
    """Every kind of event, from six in the morning until after lunch, in everybody's calendar."""
    google, graph = object.__new__(GoogleHarness), object.__new__(GraphHarness)
    google.server, graph.server = world.google, world.graph
    for hour, kind in enumerate(Kind):
        start = monday() + timedelta(minutes=20 * hour)
        foreign = Foreign(kind, start, start + timedelta(minutes=15))
        assert foreign.title == CANARY
        for address in (ORGANIZER, ROOM, *ON_GOOGLE):
            google.add(address, foreign)
        for address in (ORGANIZER, ROOM, *ON_OUTLOOK):
            graph.add(address, foreign)
    shows = [
        Entry(CANARY, monday(), monday() + timedelta(hours=1), show, organizer=f"{CANARY}@x.example")
        for show in Show
    ]
    add_entries(world.kit.folder, LOCAL, shows)


def life(world: Mixed) -> list[object]:
    """Asked for, booked, answered, told of by push, followed, reconciled; whatever is said on the way."""
    kit, day = world.kit, f"{monday():%Y-%m-%d}"
    push.ensure(kit.app)
    loop = ask(kit, "talks", windows=((f"{day}T09:00", f"{day}T17:00"),))
    told: list[object] = [loop, booked(kit, loop.id)]
    moved(world)
    with kit.app.db.read() as tx:
        subscriptions = tx.subscriptions.list()
    for one in subscriptions:
        if one.provider == "google":
            push.receive(kit.app, "google", notice(world.google.world, one.id), CANARY.encode())
        else:
            push.receive(kit.app, "outlook", {}, world.graph.notice(one.id))
    for work in (kit.run, lambda: replies.sync(kit.app), lambda: reconcile.sweep(kit.app), kit.run):
        try:
            work()
        except ConnectorError as error:  # as a worker sees it
            told += [str(error), repr(error), "".join(traceback.format_exception(error))]
    if loop.state is LoopState.CONFIRMED:
        told.append(ask(kit, "talks", windows=((f"{day}T09:00", f"{day}T10:00"),)))  # nothing is left: why?
    for words in (
        ["busy", "hana", "ben", "anna", "cleo", "rolf", "oak", "--from", day, "--to", day],
        ["doctor"],
    ):
        for more in ([], ["--json"]):
            told.append(CliRunner().invoke(app, [*words, *more, "--data", str(kit.folder.parent)]).output)
    return told


def moved(world: Mixed) -> None:
    """Somebody works in the organizer's calendar beside us."""
    start = monday() + timedelta(hours=20)
    body: dict[str, Any] = {"summary": CANARY, "description": CANARY}
    body |= {
        "start": {"dateTime": start.isoformat()},
        "end": {"dateTime": (start + timedelta(hours=1)).isoformat()},
    }
    world.google.world.put(ORGANIZER, body)
    with world.graph.locked() as graph:
        graph.put(ORGANIZER, subject=CANARY, body=CANARY, start=start, end=start + timedelta(hours=1))


def kept(world: Mixed) -> dict[Path, bytes]:
    """Every byte of the data folder but the calendars that people have there themselves."""
    folder = world.kit.folder.parent
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path != world.kit.folder / f"{LOCAL}.ics"
    }


def clean(world: Mixed, told: list[object], caplog: pytest.LogCaptureFixture) -> None:
    assert CANARY not in repr(told)
    assert CANARY not in caplog.text
    for path, content in kept(world).items():
        assert CANARY.encode() not in content, path.name


def test_the_search_finds_what_is_there(world: Mixed, caplog: pytest.LogCaptureFixture) -> None:
    assert CANARY.encode() in (world.kit.folder / f"{LOCAL}.ics").read_bytes()
    (world.kit.folder.parent / "stray").write_text(CANARY)
    with pytest.raises(AssertionError, match="stray"):
        clean(world, [], caplog)


def test_on_a_good_day(world: Mixed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = life(world)
    assert told[1], "a loop was booked"
    assert any(name.endswith(".sqlite3") for name in map(str, kept(world)))
    clean(world, told, caplog)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            403,
            f'{{"error": {{"code": "{CANARY} x", "message": "{CANARY}", "errors": [{{"reason": "{CANARY} x"}}]}}}}',
        ),
        (
            200,
            f'{{"value": [{{"subject": "{CANARY}", "start": "{CANARY}", "showAs": "{CANARY}", "id": 5}}]}}',
        ),
        (200, f'{{"timeZone": "x", "items": [{{"summary": "{CANARY}", "start": "{CANARY}"}}]}}'),
        (500, f"<html>{CANARY}</html>"),
    ],
)
def test_on_a_bad_day(world: Mixed, caplog: pytest.LogCaptureFixture, body: str, status: int) -> None:
    """Google's first answers and every second one of Microsoft's are strange and hold the canary."""
    caplog.set_level(logging.DEBUG)
    world.google.world.fail(on=r"list|freebusy|get|insert", status=status, body=body.encode(), times=8)
    strange = iter(range(1_000_000))

    def mangle(text: bytes) -> bytes:
        world.graph.faults.mangle = mangle
        return body.encode() if next(strange) % 2 else text

    world.graph.faults.mangle = mangle
    told = life(world)
    world.graph.faults.mangle = None
    world.google.world.faults.clear()
    clean(world, told, caplog)
