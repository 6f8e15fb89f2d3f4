"""A stage advance in the users' words, at each hiring system: booked, declined, mended, withdrawn, and what the hiring
system shows at each step."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from connectors.types import Reply
from scheduler import config, wiring
from scheduler.cli.serve import working
from scheduler.domain.bookings import SeatState
from scheduler.domain.hiring.automations import Automation, Without
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.time import Span
from scheduler.services.booking import reconcile
from scheduler.services.hiring import stopping
from scheduler.storage import invariants
from tests.connectors.servers.hiring.ashby import AshbyServer
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.connectors.servers.hiring.lever import LeverServer
from tests.scheduler.api.client import event
from tests.scheduler.cli.served import PATIENCE, serving
from tests.scheduler.services.hiring.kit import Hiring, company_text, connected
from tests.stories.kit import booked, replied

SYSTEMS = (GreenhouseServer, LeverServer, AshbyServer)
RULE = Automation(
    "talks",
    "Talks",
    "short",
    BookMode.BOOK,
    undo_minutes=0,
    notice_hours=48,
    without_windows=Without.OFFICE_HOURS,
)


@pytest.fixture(params=SYSTEMS, ids=lambda s: s.system)
def hiring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hiring]:
    with connected(tmp_path, request.param, company_text()) as found:
        with found.kit.app.db.write() as tx:
            stopping.put(found.kit.app, tx, RULE, "test")
        yield found


def shown(hiring: Hiring) -> list[list[str]]:
    hiring.mirror()
    return sorted(i["people"] for i in hiring.server.shown())


def standing(hiring: Hiring, loop: str) -> list[list[str]]:
    """Who sits in the live interviews, by address."""
    with hiring.kit.app.db.read() as tx:
        emails = {p.id: p.email for p in tx.people.list()}
        assert invariants.check(tx, hiring.kit.clock()) == []
    return sorted(
        sorted(emails[s.person] for s in i.seats if s.state is not SeatState.REPLACED)
        for i in booked(hiring.kit, loop).values()
    )


def taken(hiring: Hiring, loop: str) -> int:
    """How much time is reserved for a loop."""
    window = Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    with hiring.kit.app.db.read() as tx:
        people = [p.id for p in tx.people.list()]
        rows = [i for p in people for i in tx.interviews.upcoming(p, window) if i.loop == loop]
    return len(rows)


def test_advance_booked_declined_mended_withdrawn_freed(hiring: Hiring) -> None:
    applied = hiring.apply()
    assert shown(hiring) == []
    hiring.advance(applied, "Talks")
    (loop,) = hiring.loops()
    assert loop.state is LoopState.CONFIRMED
    before = standing(hiring, loop.id)
    assert shown(hiring) == before and len(before) == 3

    talk = booked(hiring.kit, loop.id)["talk"]
    who = talk.seats[0].person
    replied(hiring.kit, talk, who, Reply.DECLINED)
    after = standing(hiring, loop.id)
    assert after != before
    assert shown(hiring) == after

    hiring.server.world.close(applied, "withdrawn")
    hiring.kit.clock.now = max(hiring.kit.clock.now, hiring.server.world.now)
    hiring.hook(applied)
    hiring.kit.run()
    (now,) = hiring.loops()
    assert "closed" in now.labels, "what is booked is for a person to end"
    assert shown(hiring) == after

    stopping.undo(hiring.kit.app, "talks", loop.created_at, "recruiter", booked=True)
    hiring.kit.run()
    assert shown(hiring) == []
    assert taken(hiring, loop.id) == 0
    assert hiring.loops()[0].state is LoopState.CANCELLED


def test_a_hundred_moved_at_once_each_have_one_loop(tmp_path: Path) -> None:
    with connected(tmp_path, GreenhouseServer) as hiring:
        with hiring.kit.app.db.write() as tx:
            stopping.put(hiring.kit.app, tx, replace(RULE, without_windows=Without.ASK), "test")
        hiring.server.per_page = 500  # type: ignore[attr-defined]
        every = [hiring.apply(email=f"c{n}@example.org") for n in range(100)]
        for applied in every:
            hiring.move(applied, "Talks")
        for applied in every:
            hiring.hook(applied)
        hiring.kit.run(400)
        assert {loop.application for loop in hiring.loops()} == {f"main:{a.id}" for a in every}


def test_a_job_that_was_lost_is_found_by_the_net(tmp_path: Path) -> None:
    with connected(tmp_path, GreenhouseServer) as hiring:
        applied = hiring.apply()
        hiring.move(applied, "Talks")
        hiring.hook(applied)
        hiring.kit.jobs.waiting.clear()
        hiring.kit.clock.forward(minutes=10)
        reconcile.sweep(hiring.kit.app)
        hiring.kit.run()
        assert len(hiring.loops()) == 1


def test_killed_between_acknowledgement_and_work(tmp_path: Path) -> None:
    """The message is acknowledged, the process is killed; another one does the work."""
    secret = "whsec_" + "a2tra2tra2tra2tra2tra2tra2tra2tr"
    with serving(tmp_path) as served, httpx2.Client(timeout=PATIENCE) as client:
        base, auth = f"http://127.0.0.1:{served.port}/api/v1", {"authorization": f"Bearer {served.token}"}
        wanted = {"id": "words", "system": "generic", "secret": secret}
        assert client.post(f"{base}/connections", json=wanted, headers=auth).status_code == 201
        told = event(stage="Talks", stage_visit="app-1/Talks/1")
        told["data"] = {k: v for k, v in told["data"].items() if k not in ("windows", "zone")}
        body, at = json.dumps(told), datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": "m1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("m1", at, body),
        }
        answer = client.post(f"{base}/webhooks/generic/words", content=body, headers=headers)
        served.process.kill()
        assert (answer.status_code, answer.json()["new"]) == (200, True)
        served.process.wait()
    runtime = wiring.build(config.load(data=tmp_path))
    try:
        with working(runtime):
            end = time.monotonic() + PATIENCE
            outcome = ""
            while not outcome and time.monotonic() < end:
                time.sleep(0.1)
                with runtime.app.db.read() as tx:
                    found = tx.inbox.get(answer.json()["delivery"])
                outcome = found.outcome if found else "lost"
        assert outcome == "loop"
        with runtime.app.db.read() as tx:
            assert [loop.application for loop in tx.loops.list()] == ["app-1"]
    finally:
        runtime.close()
