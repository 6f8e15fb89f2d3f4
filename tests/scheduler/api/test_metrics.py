"""What a deployment does, in numbers: read as Prometheus reads it, with no name in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.errors import Transient
from connectors.types import Reply
from scheduler.domain.loops import BookMode
from scheduler.domain.templates import SeatKind
from scheduler.services import meters
from scheduler.services.booking import cancel
from scheduler.services.meters import Queued
from tests.scheduler.api.client import BASE, Client, event
from tests.scheduler.kit import ListJobs
from tests.stories.kit import ask, booked, replied


class Telling(ListJobs):
    """Jobs that say what waits."""

    def queued(self) -> Mapping[str, Queued]:
        return {"plan": Queued(3, datetime.now(UTC) - timedelta(seconds=90))}


def values(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            assert f"{sample.name}{{{labels}}}" not in found, "a sample stands there once"
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def asked(api: Client) -> dict[str, float]:
    answer = api.get(f"{BASE}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return values(answer.text)


def test_it_is_for_whoever_may_read(api: Client) -> None:
    api.refused(401, "/metrics", headers={"authorization": "Bearer none"})


def test_loops_and_calls_are_counted(api: Client) -> None:
    before = asked(api)
    ask(api.kit, mode=BookMode.BOOK)
    after = asked(api)
    assert after["loopwright_loops{state=confirmed}"] == before["loopwright_loops{state=confirmed}"] + 1
    read = "loopwright_calendar_calls_total{call=availability,outcome=ok,service=local}"
    assert after[read] > before.get(read, 0.0)


def test_bookings_and_repairs_are_counted_by_what_came_of_them(api: Client) -> None:
    def counted() -> dict[str, float]:
        return {k: v for k, v in asked(api).items() if "bookings_total" in k or "repairs_total" in k}

    def news(before: dict[str, float]) -> dict[str, float]:
        return {
            k.split("_", 1)[1]: v - before.get(k, 0) for k, v in counted().items() if v != before.get(k, 0)
        }

    before = counted()
    loop = ask(api.kit, mode=BookMode.BOOK)
    assert news(before) == {"bookings_total{outcome=confirmed}": 1}
    before = counted()
    deep = booked(api.kit, loop.id)["deep"]
    replied(api.kit, deep, next(s.person for s in deep.seats if s.kind is SeatKind.LEAD), Reply.DECLINED)
    assert news(before) == {"repairs_total{outcome=written}": 1, "bookings_total{outcome=confirmed}": 1}
    before = counted()
    cancel.cancel(api.kit.app, loop.id, "person:rolf")
    api.kit.run()
    assert news(before) == {"bookings_total{outcome=cancelled}": 1}


def test_webhooks_are_counted_both_ways(api: Client) -> None:
    received = "loopwright_webhooks_total{direction=received,outcome="
    before = asked(api)
    api.deliver(event())
    api.deliver(event())
    after = asked(api)
    for outcome in ("new", "repeated"):
        assert after[f"{received}{outcome}}}"] == before.get(f"{received}{outcome}}}", 0) + 1


def test_a_call_that_fails_is_counted_by_its_code() -> None:
    failed = meters.CALENDAR_CALLS.labels("google", "changes", "transient")
    before = failed._value.get()
    with pytest.raises(Transient), meters.calendar_call("google", "changes"):
        raise Transient("the service does not answer")
    assert failed._value.get() == before + 1


def test_what_waits_is_told_by_kind(api: Client) -> None:
    telling: Any = replace(api.kit.app, jobs=Telling())
    api.app.state.app = telling
    found = asked(api)
    assert found["loopwright_jobs_waiting{job=plan}"] == 3
    assert 90 <= found["loopwright_jobs_oldest_seconds{job=plan}"] < 600


def test_no_label_names_anybody(api: Client) -> None:
    loop = ask(api.kit, mode=BookMode.BOOK)
    text = api.get(f"{BASE}/metrics").text
    with api.kit.app.db.read() as tx:
        people = [word for p in tx.people.list() for word in (p.name, p.email)]
    assert not [word for word in (*people, loop.id, loop.application, "example") if word in text]
