"""Automations: which one fits, what it asks for, and how a mistake is stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import BadInput, BadInputs, Missing
from scheduler.domain.hiring.automations import ALL, Automation, Without, fitting
from scheduler.domain.hiring.connections import AdvanceState
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking.requests import MAX_WINDOWS
from scheduler.services.booking import choose
from scheduler.services.booking.undo_end import books_at
from scheduler.services.hiring import automating, stopping
from scheduler.storage.database import Tx
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.scheduler.kit import NOW
from tests.scheduler.services.hiring.kit import Hiring, company_text, connected

RULE = Automation("talks", "Talks", "short", without_windows=Without.OFFICE_HOURS)


def put(hiring: Hiring, rule: Automation) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, rule, "test")


@pytest.mark.parametrize(
    ("wanted", "rules"),
    [
        ("b", [Automation("a", "S", "t"), Automation("b", "S", "t", job="J")]),
        ("b", [Automation("a", "S", "t", job="J"), Automation("b", "S", "t", job="J", connection="c")]),
        ("a", [Automation("b", "S", "t"), Automation("a", "S", "t")]),
        ("a", [Automation("a", "S", "t", job="J"), Automation("b", "S", "t", connection="c")]),
        (
            None,
            [
                Automation("a", "S", "t", job="K"),
                Automation("b", "T", "t"),
                Automation("c", "S", "t", connection="d"),
            ],
        ),
    ],
)
def test_the_nearest_rule_counts(wanted: str | None, rules: list[Automation]) -> None:
    found = fitting(rules, "c", "J", "S")
    assert (found.id if found else None) == wanted
    assert fitting(rules[::-1], "c", "J", "S") == found


def test_office_hours_are_planned_in_where_the_candidate_has_said_nothing(each: Hiring) -> None:
    put(each, replace(RULE, mode=BookMode.PROPOSE, horizon_days=5))
    each.advance(each.apply(), "Talks")
    (loop,) = each.loops()
    assert loop.state is LoopState.PROPOSED
    assert loop.labels[automating.LABEL] == "talks"


@pytest.mark.parametrize(("days", "windows"), [(5, 6), (30, 23), (90, 65)])
def test_office_hours_reach_as_far_as_the_rule_says(days: int, windows: int) -> None:
    """They used to end after thirty days, whatever was asked for."""
    found = automating.office_hours(NOW, "Europe/Berlin", days)
    last = datetime.fromisoformat(found[-1][1])
    assert len(found) <= MAX_WINDOWS
    assert abs(len(found) - windows) <= 1
    assert timedelta(days=days - 3) < last - NOW < timedelta(days=days + 1)


def test_without_a_horizon_office_hours_reach_as_far_as_the_template(hiring: Hiring) -> None:
    put(hiring, replace(RULE, mode=BookMode.OFF))
    with hiring.kit.app.db.read() as tx:
        template = tx.templates.get("short")
        assert template is not None
        assert automating._days(tx, replace(RULE, horizon_days=None)) == template.horizon_days
        assert automating._days(tx, replace(RULE, horizon_days=77)) == 77


def test_the_end_of_the_undo_delay_is_told(hiring: Hiring) -> None:
    put(hiring, replace(RULE, mode=BookMode.BOOK, undo_minutes=45))
    real, hiring.kit.jobs.enqueue = hiring.kit.jobs.enqueue, _all_but(hiring.kit.jobs.enqueue, "book")  # type: ignore[method-assign]
    hiring.advance(hiring.apply(), "Talks")
    hiring.kit.jobs.enqueue = real  # type: ignore[method-assign]
    (loop,) = hiring.loops()
    with hiring.kit.app.db.read() as tx:
        assert books_at(tx, loop) == hiring.kit.clock() + timedelta(minutes=45)
        assert books_at(tx, replace(loop, mode=BookMode.PROPOSE)) is None
        best = tx.proposals.of_loop(loop.id)[0]
    choose.choose(hiring.kit.app, best.id, actor="policy:book")
    hiring.kit.run()
    with hiring.kit.app.db.read() as tx:
        assert books_at(tx, hiring.loops()[0]) is None


def _all_but(enqueue: Callable[..., None], name: str) -> Callable[..., None]:
    def enqueued(tx: Tx, job: str, payload: Mapping[str, Any], **more: Any) -> None:
        if job != name:
            enqueue(tx, job, payload, **more)

    return enqueued


def test_booked_by_itself_after_its_own_undo_delay(hiring: Hiring) -> None:
    put(hiring, replace(RULE, mode=BookMode.BOOK, undo_minutes=45))
    delays: list[float] = []
    enqueue = hiring.kit.jobs.enqueue

    def noted(tx: Tx, name: str, payload: Mapping[str, Any], **more: Any) -> None:
        delays.extend([more.get("delay", 0.0)] if name == "book" else [])
        enqueue(tx, name, payload, **more)

    hiring.kit.jobs.enqueue = noted  # type: ignore[method-assign]
    hiring.advance(hiring.apply(), "Talks")
    assert delays == [45 * 60]
    assert [loop.state for loop in hiring.loops()] == [LoopState.CONFIRMED]


def test_who_approves_owns_the_loop_and_the_rest_is_as_asked(hiring: Hiring) -> None:
    put(hiring, replace(RULE, approver="hiring_manager", notice_hours=48, horizon_days=6))
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    assert (loop.owner, loop.template.notice_hours) == ("hana", 48)
    assert loop.horizon.end - loop.created_at == timedelta(days=6)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("template", {"template": "nothing"}),
        ("approver", {"approver": "nobody"}),
        ("connection", {"connection": "none"}),
    ],
)
def test_a_rule_that_leads_nowhere_is_refused(hiring: Hiring, field: str, change: dict[str, str]) -> None:
    with pytest.raises(BadInputs) as refused:
        put(hiring, replace(RULE, **change))  # type: ignore[arg-type]
    assert [f.field for f in refused.value.faults] == [field]


@pytest.mark.parametrize("id", ["talks", ALL])
def test_what_comes_while_it_is_paused_waits_and_then_begins(hiring: Hiring, id: str) -> None:
    put(hiring, RULE)
    with hiring.kit.app.db.write() as tx:
        stopping.pause(hiring.kit.app, tx, id, "test")
    ended = hiring.advance(hiring.apply(), "Talks")
    assert ended[0].outcome.endswith("paused")
    assert hiring.loops() == []
    with hiring.kit.app.db.write() as tx:
        assert stopping.resume(hiring.kit.app, tx, id, "test") == 1
        assert stopping.resume(hiring.kit.app, tx, id, "test") == 0
    hiring.kit.run()
    assert len(hiring.loops()) == 1


def test_who_left_the_stage_while_it_was_paused_has_no_loop(hiring: Hiring) -> None:
    put(hiring, RULE)
    with hiring.kit.app.db.write() as tx:
        stopping.pause(hiring.kit.app, tx, ALL, "test")
    applied = hiring.apply()
    hiring.advance(applied, "Talks")
    hiring.advance(applied, "Decision")
    with hiring.kit.app.db.write() as tx:
        stopping.resume(hiring.kit.app, tx, ALL, "test")
    hiring.kit.run()
    assert hiring.loops() == []
    assert {a.state for a in hiring.advances()} == {AdvanceState.ENDED, AdvanceState.NOTHING}


def test_what_was_started_is_listed_and_undone(hiring: Hiring) -> None:
    put(hiring, RULE)
    since = hiring.kit.clock()
    hiring.advance(hiring.apply(email="early@example.org"), "Talks")
    hiring.kit.clock.forward(hours=1)
    later = hiring.kit.clock()
    for n in range(3):
        hiring.advance(hiring.apply(email=f"c{n}@example.org"), "Talks")
    with hiring.kit.app.db.read() as tx:
        assert len(stopping.started(tx, "talks", since)) == len(stopping.started(tx, ALL, since)) == 4
    done = stopping.undo(hiring.kit.app, "talks", later, "test")
    assert [d.outcome for d in done] == ["cancelled"] * 3
    assert sorted(loop.state for loop in hiring.loops()) == [LoopState.CANCELLED] * 3 + [LoopState.PROPOSED]
    assert [d.outcome for d in stopping.undo(hiring.kit.app, "talks", later, "test")] == ["over"] * 3


def test_what_is_booked_is_kept_unless_asked(hiring: Hiring) -> None:
    put(hiring, replace(RULE, mode=BookMode.BOOK, undo_minutes=0))
    since = hiring.kit.clock()
    hiring.advance(hiring.apply(), "Talks")
    assert [d.outcome for d in stopping.undo(hiring.kit.app, ALL, since, "test")] == ["kept"]
    assert [d.outcome for d in stopping.undo(hiring.kit.app, ALL, since, "test", booked=True)] == [
        "cancelled"
    ]
    hiring.kit.run()
    assert [loop.state for loop in hiring.loops()] == [LoopState.CANCELLED]


def test_automations_of_the_company_file(tmp_path: Path) -> None:
    rules = "[{id: from-file, stage: Decision, template: short, mode: propose, approver: hana}]"
    with connected(tmp_path, GreenhouseServer, company_text(automations=rules)) as hiring:
        hiring.advance(hiring.apply(), "Decision")
        (loop,) = hiring.loops()
        assert (loop.labels[automating.LABEL], loop.owner) == ("from-file", "hana")
        with hiring.kit.app.db.write() as tx:
            with pytest.raises(BadInput, match="company file"):
                stopping.remove(hiring.kit.app, tx, "from-file", "test")
            with pytest.raises(Missing):
                stopping.remove(hiring.kit.app, tx, "nothing", "test")


def test_what_the_companys_own_rules_refuse_waits_with_the_reason(hiring: Hiring) -> None:
    put(hiring, replace(RULE, horizon_days=1))
    with hiring.kit.app.db.write() as tx:
        tx.automations.put(replace(RULE, template="gone"))
    ended = hiring.advance(hiring.apply(), "Talks")
    assert ended[0].outcome.startswith("waits: template: no template 'gone'")
    with hiring.kit.app.db.read() as tx:
        assert tx.applications.list() == []
    put(hiring, RULE)
    hiring.kit.run()
    assert len(hiring.loops()) == 1
