"""The database goes away and comes back: nobody sees a mistake of ours, and what was promised is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from scheduler import wiring
from scheduler.cli.serve import working
from scheduler.storage import database, invariants
from scheduler.wiring import Runtime
from tests.postgres_server import PostgresServer, running_postgres
from tests.scheduler.api.client import APPLICATION, BASE, DAYS, PROBLEM, Client
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.worker import deployment

PATIENCE = 240.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One that may be killed, and keeps what it has committed."""
    with running_postgres(durable=True) as server:
        yield server


def opened(stack: ExitStack, folder: Path, url: str) -> tuple[Runtime, Client]:
    """A deployment on PostgreSQL with its API."""
    kit = make(folder)
    made = deployment(folder, url)
    stack.callback(made.close)
    wiring.migrate(made)
    with made.app.db.write() as tx:
        tx.company.replace(kit.company, NOW)
    return made, Client(Kit(made.app, kit.jobs, kit.clock, kit.folder, kit.calendar, kit.company))


def wanted(number: int) -> dict[str, Any]:
    return {
        "application": {**APPLICATION, "id": f"app-{number}"},
        "template": "short",
        "windows": DAYS,
        "zone": "Europe/Berlin",
        "mode": "book",
        "stage_visit": f"app-{number}:1",
    }


def post(api: Client, number: int) -> httpx2.Response:
    return api.post(f"{BASE}/loops", json=wanted(number), headers={"idempotency-key": f"key-{number}"})


def not_now(answer: httpx2.Response) -> None:
    """Refused in a way that says to come again, and nothing of what the database said."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert int(answer.headers["retry-after"]) > 0
    assert "\n" not in answer.json()["detail"] and "psycopg" not in answer.text


def states(api: Client) -> dict[str, str]:
    answer = api.get(f"{BASE}/loops")
    return {x["application"]: x["state"] for x in answer.json()} if answer.status_code == 200 else {}


def settled(api: Client, expected: set[str]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = states(api)
        if set(found) == expected and not set(found.values()) & {"planning", "proposed", "held", "booking"}:
            return
        time.sleep(0.2)
    raise AssertionError(found)


def test_killed_and_started_again_it_has_what_was_acknowledged_and_the_work_goes_on(
    tmp_path: Path, server: PostgresServer
) -> None:
    with ExitStack() as stack:
        made, api = opened(stack, tmp_path, server.create_database("outage"))
        stack.enter_context(working(made, fast=True))
        taken = {f"app-{n}" for n in range(3) if post(api, n).status_code == 202}
        server.kill()
        for n in range(3, 5):
            not_now(post(api, n))
        not_now(api.get(f"{BASE}/loops"))
        server.start()
        again = [post(api, n) for n in range(5)]
        assert {a.status_code for a in again} <= {202, 503}, [a.text for a in again]
        again = [post(api, n) for n in range(5)]
        settled(api, taken | {f"app-{n}" for n, a in enumerate(again) if a.status_code == 202})
        assert len(taken) == 3, "all were acknowledged before"
        with made.app.db.read() as tx:
            assert invariants.check(tx, NOW) == []


def test_connections_that_are_cut_are_replaced_and_in_the_middle_it_is_not_our_mistake(
    tmp_path: Path, fresh_postgres_url: str, postgres_server: PostgresServer
) -> None:
    with ExitStack() as stack:
        made, api = opened(stack, tmp_path, fresh_postgres_url)
        other = sa.create_engine(postgres_server.url("postgres"), isolation_level="AUTOCOMMIT")
        stack.callback(other.dispose)
        name = sa.make_url(fresh_postgres_url).database

        def cut() -> None:
            with other.connect() as connection:
                query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(sa.text(query), {"name": name})

        assert post(api, 1).status_code == 202
        cut()
        assert states(api) == {"app-1": "planning"}, "a connection that waited is tried before it is used"

        def enqueue(*_: object, **__: object) -> None:
            cut()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api.kit.jobs, "enqueue", enqueue)
            patch.setattr(type(made.queue), "enqueue", enqueue)
            not_now(post(api, 2))
        assert states(api) == {"app-1": "planning"}, "nothing of it was kept"
        assert post(api, 2).status_code == 202
        assert post(api, 2).status_code in (200, 202)
        assert set(states(api)) == {"app-1", "app-2"}


def test_where_every_connection_is_in_use_one_is_asked_to_come_again(
    tmp_path: Path, fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.3)
    with ExitStack() as stack:
        made, api = opened(stack, tmp_path, fresh_postgres_url)
        with ExitStack() as busy:
            for _ in range(20):
                busy.enter_context(made.app.db.engine.connect())
            not_now(post(api, 1))
            not_now(api.get(f"{BASE}/loops"))
        assert post(api, 1).status_code == 202


def test_a_statement_that_waits_for_a_lock_has_an_end(tmp_path: Path, fresh_postgres_url: str) -> None:
    """Also where the one who has the lock was stopped and never lets go."""
    with ExitStack() as stack:
        limits = "&options=-c%20lock_timeout%3D200%20-c%20idle_in_transaction_session_timeout%3D0"
        made, api = opened(stack, tmp_path, fresh_postgres_url + limits)
        with made.app.db.engine.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE lw_loops, lw_applications IN ACCESS EXCLUSIVE MODE")
            not_now(post(api, 1))
        assert post(api, 1).status_code == 202


def test_every_connection_has_its_limits(fresh_postgres_url: str) -> None:
    db = database.Database(fresh_postgres_url)
    shown = {}
    with db.read() as tx:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            shown[name] = tx.connection.exec_driver_sql(f"SHOW {name}").scalar_one()
    assert set(shown.values()) == {"1min", "30s", "15s"}
    assert "options" not in db.url.query, "a pooler in between may refuse them at the start"
    query = db.url.query
    assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= set(query)
    assert database.Database(f"{fresh_postgres_url}&connect_timeout=3").url.query["connect_timeout"] == "3"
    db.dispose()


def test_what_an_address_sets_itself_stands(fresh_postgres_url: str) -> None:
    db = database.Database(fresh_postgres_url + "&options=-c%20lock_timeout%3D200")
    with db.read() as tx:
        shown = [
            tx.connection.exec_driver_sql(f"SHOW {n}").scalar() for n in ("lock_timeout", "statement_timeout")
        ]
    assert shown == ["200ms", "1min"]
    db.dispose()
