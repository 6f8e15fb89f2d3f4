"""The hiring system shows what is booked, moved, answered and taken back, once each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.errors import Transient
from connectors.types import Reply as Answer
from scheduler.domain.attention.matters import Kind
from scheduler.domain.bookings import SeatState
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.automations import Automation, Without
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.attention import machines
from scheduler.services.booking import cancel
from scheduler.services.hiring import connecting, mirroring, stopping, sweeping, waiting
from tests.connectors.servers.hiring.base import Told
from tests.scheduler.services.hiring.kit import Hiring
from tests.stories import kit as stories

RULE = Automation(
    "talks", "Talks", "short", BookMode.BOOK, undo_minutes=0, without_windows=Without.OFFICE_HOURS
)


def booked(hiring: Hiring, rule: Automation = RULE) -> str:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, rule, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    assert loop.state is LoopState.CONFIRMED
    hiring.mirror()
    return loop.id


def people(hiring: Hiring, loop: str) -> list[list[str]]:
    with hiring.kit.app.db.read() as tx:
        interviews = tx.interviews.of_loop(loop)
        emails = {p.id: p.email for p in tx.people.list()}
    live = [[s for s in i.seats if s.state is not SeatState.REPLACED] for i in interviews]
    return sorted(sorted(emails[s.person] for s in seats) for seats in live)


def waits(hiring: Hiring) -> list[waiting.Waiting]:
    with hiring.kit.app.db.read() as tx:
        return list(waiting.still(tx, hiring.kit.clock()))


def test_what_is_booked_is_shown(each: Hiring) -> None:
    loop = booked(each)
    assert sorted(i["people"] for i in each.server.shown()) == people(each, loop)
    asked = len(each.server.asked)
    each.mirror()
    assert len(each.server.asked) == asked


def test_what_is_cancelled_is_taken_back(each: Hiring) -> None:
    loop = booked(each)
    assert each.server.shown()
    cancel.cancel(each.kit.app, loop, "test")
    each.kit.run()
    each.mirror()
    assert each.server.shown() == []


def test_a_plan_that_waits_for_a_yes_is_not_shown(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, replace(RULE, mode=BookMode.PROPOSE), "test")
    hiring.advance(hiring.apply(), "Talks")
    hiring.mirror()
    assert hiring.server.shown() == []


def test_a_connection_that_is_not_to_be_written_to_is_not(hiring: Hiring) -> None:
    connecting.change(hiring.kit.app, "main", "test", writes=False)
    booked(hiring)
    assert hiring.server.shown() == []


def test_a_system_that_is_down_is_written_to_when_it_is_back(each: Hiring) -> None:
    with each.kit.app.db.write() as tx:
        stopping.put(each.kit.app, tx, RULE, "test")
    each.advance(each.apply(), "Talks")
    (loop,) = each.loops()
    each.server.down = True
    each.mirror()
    assert each.server.shown() == []
    each.server.down = False
    each.kit.clock.forward(minutes=2)
    each.mirror()
    assert sorted(i["people"] for i in each.server.shown()) == people(each, loop.id)


def test_what_the_system_refuses_is_noted_and_tried_again_some_times(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, RULE, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    server = hiring.server
    real = server.answer

    def refusing(asked: object) -> object:
        return Told(422) if asked.method == "POST" and "interviews" in asked.path else real(asked)  # type: ignore[attr-defined, arg-type]

    server.answer = refusing  # type: ignore[method-assign, assignment]
    for _ in range(8):
        hiring.mirror()
        hiring.kit.clock.forward(minutes=61)
    with hiring.kit.app.db.read() as tx:
        written = tx.advances.written([i.id for i in tx.interviews.of_loop(loop.id)])
    assert {w.tries for w in written.values()} == {5}
    assert all("422" in w.error for w in written.values())
    assert [(w.what, w.id) for w in waits(hiring)] == [("not_shown", loop.id)]
    asked = len(server.asked)
    hiring.kit.clock.forward(hours=30)
    hiring.mirror()
    assert len(server.asked) == asked, "nothing is asked of it any more by itself"

    server.answer = real  # type: ignore[method-assign]
    cancel.cancel(hiring.kit.app, loop.id, "test")
    hiring.kit.run()
    hiring.mirror()
    assert server.shown() == [] and waits(hiring) == [], (
        "what it refused of one state says nothing of the next"
    )


def test_what_it_refused_is_written_once_it_is_another(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, RULE, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    real = hiring.server.answer

    def refusing(asked: object) -> object:
        return Told(422) if asked.method == "POST" and "interviews" in asked.path else real(asked)  # type: ignore[attr-defined, arg-type]

    hiring.server.answer = refusing  # type: ignore[method-assign, assignment]
    for _ in range(6):
        hiring.mirror()
        hiring.kit.clock.forward(minutes=61)
    hiring.server.answer = real  # type: ignore[method-assign]
    talk = stories.booked(hiring.kit, loop.id)["talk"]
    stories.replied(hiring.kit, talk, talk.seats[0].person, Answer.ACCEPTED)
    hiring.mirror()
    assert len(hiring.server.shown()) == 1, "the one that is another now, and not the others"


def test_a_loop_has_one_job_however_much_happens_to_it_and_one_day_of_patience(
    hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the system is down, each thing that happened used to add a job that came back for ever."""
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, RULE, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    asked = []

    def down(*_: object) -> object:
        asked.append(hiring.kit.clock())
        raise Transient("down")

    with monkeypatch.context() as patch:
        patch.setattr(mirroring, "_steps", down)
        for n in range(60):
            with hiring.kit.app.db.write() as tx:
                tx.facts.add(
                    Fact(hiring.kit.clock(), "test", "looked", f"loop:{loop.id}", "", str(n), "test")
                )
            mirroring.watch(hiring.kit.app)
            assert [name for name, *_ in hiring.kit.jobs.waiting].count("mirror") <= 1
            hiring.kit.run()
            hiring.kit.clock.forward(minutes=10)
        assert 8 < len(asked) < 20, "less and less often, at least once an hour"
        hiring.kit.clock.forward(hours=24)
        hiring.mirror()
        told = waits(hiring)
        assert [(w.what, w.why) for w in told] == [("not_shown", "down")]
    with hiring.kit.app.db.read() as tx:
        (matter,) = machines.every(hiring.kit.app, tx, hiring.kit.clock())
    assert (matter.kind, matter.subject) == (Kind.SHOWN, "connection:main")

    with hiring.kit.app.db.write() as tx:
        tx.hiring.change("main", fault="was down", fault_since=hiring.kit.clock())
    sweeping.sweep(hiring.kit.app)
    hiring.mirror()
    assert sorted(i["people"] for i in hiring.server.shown()) == people(hiring, loop.id), "it answers again"
    assert waits(hiring) == []


def test_a_job_that_never_came_back_is_due_again(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, RULE, "test")
    hiring.advance(hiring.apply(), "Talks")
    assert mirroring.watch(hiring.kit.app) == 1
    hiring.kit.jobs.waiting.clear()
    assert mirroring.watch(hiring.kit.app) == 0
    hiring.kit.clock.forward(minutes=11)
    hiring.mirror()
    assert len(hiring.server.shown()) == 3
